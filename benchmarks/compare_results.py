"""200 MB of records from C, Go and Python, against what is used there today; and how far memory grows."""
import large
import records
import servers
from build import PACKAGE, program
from places import HERE, PARTS
from report import OURS
from runs import Failed, Peer, in_turns, median, once, same_work

BARE, SCANNER = "libcurl + igzip + memchr", "Go net/http + compress/gzip + bufio.Scanner"
REQUESTS = "Python requests + gzip"
BATCHES, REUSED, PYTHON = OURS + ", batches", OURS + " from Go, WithReuse", OURS + " from Python"


def results(section, quick):
    """One job's records: 200 MB of JSON lines in four gzip parts, every record seen. libcurl + igzip + memchr sees
    where lines end, and hands none over: it is the floor."""
    parts, count = records.make(PARTS)
    with servers.nginx(parts, count) as base:
        links = [f"{base}/{name}" for name in parts]

        def ours(name, *more):
            return [program(f"results/{name}"), base, records.ID, *more]

        def python(form):
            return [*PACKAGE, "results_batchjobs.py", form, base, records.ID]

        def loop(form, name):
            return [*PACKAGE, "results_loop.py", form, name, *links]
        costs = in_turns([
            Peer(BARE, [program("results/bare"), *links]), Peer(BATCHES, ours("ours_batch")), Peer(OURS, ours("ours")),
            Peer("curl | gzip -dc | wc", ["/bin/sh", str(HERE / "results/pipe.sh"), *links]),
            Peer(REUSED, ours("ours_go", "reuse")), Peer(OURS + " from Go", ours("ours_go")),
            Peer(SCANNER, [program("results/go"), *links]),
            Peer(PYTHON, python("raw")), Peer(PYTHON + ", Record objects", python("records")),
            Peer(REQUESTS, loop("raw", "requests")), Peer("Python httpx + gzip", loop("raw", "httpx")),
        ], 3 if quick else 7, base)
        read = in_turns([
            Peer(PYTHON, python("dicts")), Peer(PYTHON + ", orjson", python("orjson")),
            Peer(REQUESTS, loop("dicts", "requests")), Peer("Python httpx + gzip", loop("dicts", "httpx")),
        ], 1 if quick else 3, base)
    packed = sum((PARTS / name).stat().st_size for name in parts)
    section.say(f"{packed / 1e6:.0f} MB compressed; records and bytes of all: {same_work(costs, costs)}.")
    section.costs(costs, BARE, [SCANNER, REQUESTS])
    section.say(f"From Python as dicts, by the json module where nothing else is said; records and members of all: "
                f"{same_work(read, read)}.")
    section.costs(read, REQUESTS)
    cpu = {name: median(runs, "cpu") for name, runs in costs.items()}
    section.goal(f"results from C, batches: CPU over {BARE}", cpu[BATCHES] / cpu[BARE], 1.15)
    # A Scanner's records share memory; those that live on cost the garbage collector more.
    section.goal("results from Go, records that share memory as a Scanner's: CPU over Go", cpu[REUSED] / cpu[SCANNER], 0.4)
    section.goal("results from Python, bytes: CPU over requests + gzip", cpu[PYTHON] / cpu[REQUESTS], 0.33)
    section.panel("Read 200 MB of gzipped records: seconds of CPU", costs, "cpu")
    section.headline = (
        f"200 MB of gzipped records: {cpu[BATCHES]:.2f} s of CPU. libcurl + igzip + memchr, which hands none over, takes "
        f"{cpu[BARE]:.2f} s; Go {cpu[SCANNER]:.2f} s, from Go we take {cpu[REUSED]:.2f} s; Python's requests and gzip "
        f"{cpu[REQUESTS]:.2f} s, from Python we take {cpu[PYTHON]:.2f} s.")


def memory(section, quick):
    """How far memory grows over results that are larger than it should be."""
    members, blocks = 128 if quick else 1280, 1200
    lines, items = large.member(), large.block()
    parts = ("crustdata", members * len(lines), members * sum(len(line) - 1 for line in lines))
    gigabytes = f"{members * large.MEMBER_SIZE / 2**30:.0f} GiB of lines"
    rows = []
    with servers.large(members, blocks) as server:
        for name, base, service, count, size in (
                (f"{gigabytes} in one file", f"{server}/1", *parts), (f"{gigabytes} in four files", f"{server}/4", *parts),
                ("a job with its items inline", server, "spidra", blocks * len(items), blocks * sum(map(len, items)))):
            growth = None
            try:
                cost = once([program("memory/ours"), service, base, records.ID])
            except Failed as failure:
                row = ["failed"] + ["–"] * 3
                section.say(f"{name}: {failure}")
            else:
                seen, seen_size, start, peak = map(int, cost.output)
                if (seen, seen_size) != (count, size):
                    raise Failed(f"bench: memory: {seen} records of {seen_size} bytes where {count} of {size} were sent")
                growth = (peak - start) / 1024
                row = [f"{start / 1024:.1f}", f"{growth:.1f}", f"{cost.wall:.1f}", f"{size / 1e6 / cost.wall:.0f}"]
            rows.append([name, count, f"{size / 1e6:.0f}", *row])
            section.goal(f"memory: growth over {name}", growth, 16, " MiB")
    section.say(f"The lines are in {members} gzip members.")
    section.table(["", "records", "MB", "at the start MiB", "growth MiB", "wall s", "MB/s"], rows)
