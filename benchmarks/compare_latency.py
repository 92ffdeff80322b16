"""Lists and parts from a service that takes its time, over HTTP/1.1 and HTTP/2."""
import records
import servers
from build import program
from places import HERE, PYTHON
from report import OURS
from runs import Peer, in_turns, median, same_work

LOOP, GO, HTTPX = "sequential libcurl loop", "Go net/http", "Python httpx"
PAGES, PARTS = 30, 12
# Rounds at each delay: where nearly all is waiting, one run is like the other.
ROUNDS = {0: 5, 20: 3, 100: 1}


def latency(section, quick):
    """100 pages from a service that takes 20 ms for each, HTTP/1.1 without TLS."""
    with servers.odd() as server:
        base = server + "/after/20/late"
        for service, work, title in (("spidra", "0", "Numbered pages; the caller only reads them."),
                                     ("crustdata", "20", "Cursor pages; the caller works 20 ms on each: half the time is the least there can be.")):
            def ours(*options):
                return [program("latency/ours"), service, base, work, *options]
            peers = [Peer(LOOP, [program("latency/sequential"), service, base, work]), Peer(OURS, ours()),
                     Peer(OURS + ", prefetch=0", ours("prefetch=0"))]
            if service == "spidra":
                peers.append(Peer(OURS + ", prefetch=8", ours("prefetch=8")))
            costs = in_turns(peers, 1 if quick else 3)
            section.say(f"{title} Jobs and checksum of all: {same_work(costs, costs)}.")
            section.costs(costs, LOOP)
            if service == "spidra":
                wall = {name: median(runs, "wall") for name, runs in costs.items()}
                section.goal("latency, 100 numbered pages at 20 ms: wall over a sequential loop", wall[OURS] / wall[LOOP], 0.25)
                section.panel("List 100 numbered pages of a service that takes 20 ms for each: seconds", costs, "wall")
                section.headline = (f"100 numbered pages of a service that takes 20 ms for each: {wall[OURS]:.2f} s, "
                                    f"where a loop takes {wall[LOOP]:.2f} s.")


def peers_of(kind, base, certificate, version):
    """Everybody for one kind of work, one after the other where they are not ours."""
    environment = ["/usr/bin/env", f"SSL_CERT_FILE={certificate}", f"BENCH_HTTP={version}",
                   f"GODEBUG=http2client={int(version == '2')}"]
    options = [f"ca_file={certificate}", f"http_version={version}"]
    httpx = [str(PYTHON), str(HERE / "latency/with_httpx.py")]
    if kind == "parts":
        folder = f"{base}/parts-{PARTS}"
        links = [f"{folder}/{number}" for number in range(PARTS)]
        commands = [[program("results/ours"), folder, records.ID, *options], [*environment, program("results/bare"), *links],
                    [*environment, program("latency/go"), "parts", *links], [*environment, *httpx, "parts", *links]]
    else:
        base += "/brief"
        commands = [[program("latency/ours"), kind, base, "0", *options],
                    [*environment, program("latency/sequential"), kind, base, "0"],
                    [*environment, program("latency/go"), kind, base], [*environment, *httpx, kind, base]]
    return [Peer(name, command) for name, command in zip((OURS, LOOP, GO, HTTPX), commands)]


def protocols(section, quick):
    """Seconds of wall over TLS, nginx in front of a server that takes 0, 20 or 100 ms for each answer; in brackets
    over the libcurl loop. Whole processes: connecting, and Python's start, included."""
    section.say(f"Lists of {PAGES} pages; results in {PARTS} files of {records.SMALL_SIZE / 1e6:.0f} MB unpacked. The libcurl loop "
                "reads pages with jansson and files with igzip. Ours asks for the job first, the others are told its links.")
    rows = []
    with servers.late() as (server, certificate):
        for kind, title in (("crustdata", "cursor pages"), ("spidra", "numbered pages"), ("parts", "parts")):
            for delay, rounds in ROUNDS.items():
                for version in ("1.1", "2"):
                    peers = peers_of(kind, f"{server}/after/{delay}", certificate, version)
                    costs = in_turns(peers, 1 if quick else rounds, warm=int(delay == 0))
                    same_work(costs, costs)
                    wall = {name: median(runs, "wall") for name, runs in costs.items()}
                    rows.append([f"{title}, {delay} ms, HTTP/{version}",
                                 *(f"{wall[name]:.3f} ({wall[name] / wall[LOOP]:.2f})" for name in wall)])
                if quick and delay == 20:
                    break
    section.table(["", OURS, LOOP, GO, HTTPX], rows)
