"""100,000 jobs from C, Go and Python, against what is used there today."""
import servers
from build import PACKAGE, program
from report import OURS
from runs import Peer, in_turns, median, same_work

CURL, GO, REQUESTS = "libcurl alone", "Go net/http + encoding/json", "Python requests"
OURS_GO, OURS_PYTHON = OURS + " from Go", OURS + " from Python"


def lists(section, quick):
    """100,000 jobs in 1,000 pages. From C and Go every common field of each is read, from Python its id,
    phase, times and counts. libcurl alone reads nothing but the cursors: it is the floor."""
    with servers.nginx() as base:
        full = [Peer(OURS, [program("list/ours"), base]), Peer(OURS_GO, [program("list/ours_go"), base]),
                Peer(GO, [program("list/go"), base]), Peer("libcurl + jansson", [program("list/jansson"), base])]
        python = [Peer(OURS_PYTHON, [*PACKAGE, "list_batchjobs.py", base]),
                  Peer(REQUESTS, [*PACKAGE, "list_loop.py", base, "requests"]),
                  Peer("Python httpx", [*PACKAGE, "list_loop.py", base, "httpx"]),
                  Peer("Python dlt RESTClient", [*PACKAGE, "list_dlt.py", base])]
        costs = in_turns([Peer(CURL, [program("list/bare"), base]), *full, *python], 3 if quick else 7, base)
    work = [same_work(costs, [peer.name for peer in peers]) for peers in (full, python)]
    pages, size = costs[CURL][0].output
    cpu = {name: median(runs, "cpu") for name, runs in costs.items()}
    section.goal("list from C: CPU over libcurl alone", cpu[OURS] / cpu[CURL], 3)
    section.goal("list from C: CPU over Go", cpu[OURS] / cpu[GO], 0.4)
    section.goal("list from Go: CPU over Go", cpu[OURS_GO] / cpu[GO], 0.8)
    section.goal("list from Python: CPU over requests", cpu[OURS_PYTHON] / cpu[REQUESTS], 0.4)
    section.say(f"{pages} pages, {int(size) / 1e6:.0f} MB; jobs and checksum: {work[0]}, from Python {work[1]}.")
    section.costs(costs, CURL, [GO, REQUESTS])
    section.panel("List 100,000 jobs in 1,000 pages: seconds of CPU", costs, "cpu")
    section.headline = (
        f"100,000 jobs listed, every common field read (from Python: id, phase, times, counts): {cpu[OURS]:.2f} s of CPU. Go takes {cpu[GO]:.2f} s, from Go we take "
        f"{cpu[OURS_GO]:.2f} s; Python's requests {cpu[REQUESTS]:.2f} s, from Python we take {cpu[OURS_PYTHON]:.2f} s; "
        f"libcurl alone, which reads no field, {cpu[CURL]:.2f} s.")


