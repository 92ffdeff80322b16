"""Compares the library with what people use today: all in one run, one table.

    python3 benchmarks/bench.py [--quick] [--only NAME]...

Needs `make dist`. The table goes to standard output and to .build-bench/results.md.
"""
import argparse
import json
import os
import platform
import time
from collections import namedtuple
from datetime import datetime, timezone

import build
import data
import large
import records
import servers
from build import program
from places import DIST, HERE, OUT, PAGES, PARTS, PYTHON
from runs import Failed, Peer, in_turns, median, once, same_work

Goal = namedtuple("Goal", "text value limit unit")
# A program of benchmarks/python, with the package of this tree.
PACKAGE = ["/bin/sh", str(HERE / "python/run.sh"), str(PYTHON), str(DIST)]
OURS, CURL, GO = "libbatchjobs", "libcurl alone", "Go net/http + encoding/json"
OURS_GO = "libbatchjobs from Go"


def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines] + [""]


def costs_table(costs, floor, second=None):
    """Medians; the ratios are to `floor` and, of CPU, to `second`."""
    def ratio(name, field, to):
        return f"{median(costs[name], field) / median(costs[to], field):.2f}"

    rows = []
    for name, runs in costs.items():
        cpu = sorted(run.cpu for run in runs)
        rows.append([name, f"{median(runs, 'wall'):.3f}", f"{median(runs, 'cpu'):.3f}", f"{cpu[0]:.3f} to {cpu[-1]:.3f}",
                     f"{median(runs, 'peak'):.1f}", ratio(name, "wall", floor), ratio(name, "cpu", floor)]
                    + ([ratio(name, "cpu", second)] if second else []))
    head = ["", "wall s", "CPU s", "CPU lowest to highest", "peak MB", f"wall / {floor}", f"CPU / {floor}"]
    return table(head + ([f"CPU / {second}"] if second else []), rows)


def list_(quick):
    """100,000 jobs in 1,000 pages, every common field read."""
    with servers.nginx() as base:
        def python(name):
            return [str(PYTHON), str(HERE / f"list/with_{name}.py"), base]
        peers = [
            Peer(CURL, [program("list/bare"), base]), Peer(OURS, [program("list/ours"), base]),
            Peer(OURS_GO, [program("list/ours_go"), base]),
            Peer("libcurl + jansson", [program("list/jansson"), base]), Peer(GO, [program("list/go"), base]),
            Peer("Python requests", python("requests")), Peer("Python httpx", python("httpx")),
        ]
        costs = in_turns(peers, 3 if quick else 9)
    work = same_work(costs, [peer.name for peer in peers if peer.name != CURL])
    pages, size = costs[CURL][0].output
    cpu = {name: median(runs, "cpu") for name, runs in costs.items()}
    goals = [Goal("list: CPU over libcurl alone", cpu[OURS] / cpu[CURL], 3, ""),
             Goal("list: CPU over Go", cpu[OURS] / cpu[GO], 0.4, ""),
             Goal("list: CPU from Go over Go", cpu[OURS_GO] / cpu[GO], 0.8, "")]
    note = f"{pages} pages, {int(size) / 1e6:.0f} MB; jobs and checksum of all but the first: {work}."
    return [note, "", *costs_table(costs, CURL, GO)], goals


def results(quick):
    """One job's records: 200 MB of JSON lines in four gzip parts, every record seen."""
    parts, count = records.make(PARTS)
    bare, batches, shell = "libcurl + igzip + memchr", OURS + ", batches", "curl | gzip -dc | wc"
    scanner, reused = "Go net/http + compress/gzip + bufio.Scanner", OURS_GO + ", WithReuse"
    with servers.nginx(parts, count) as base:
        links = [f"{base}/{name}" for name in parts]
        peers = [
            Peer(bare, [program("results/bare"), *links]),
            Peer(batches, [program("results/ours_batch"), base, records.ID]),
            Peer(OURS, [program("results/ours"), base, records.ID]),
            Peer(shell, ["/bin/sh", str(HERE / "results/pipe.sh"), *links]),
            Peer(OURS_GO, [program("results/ours_go"), base, records.ID]),
            Peer(reused, [program("results/ours_go"), base, records.ID, "reuse"]),
            Peer(scanner, [program("results/go"), *links]),
            Peer("Python requests + gzip", [str(PYTHON), str(HERE / "results/with_requests.py"), *links]),
        ]
        costs = in_turns(peers, 3 if quick else 9)
    work = same_work(costs, costs)
    cpu = {name: median(runs, "cpu") for name, runs in costs.items()}
    # One record at a time is what most programs do, but each of them crosses the C interface.
    goals = [Goal(f"results: CPU over {bare}, batches", cpu[batches] / cpu[bare], 1.15, ""),
             Goal(f"results: CPU over {bare}, one by one", cpu[OURS] / cpu[bare], None, ""),
             # A Scanner's records share memory; those that live on cost the garbage collector more.
             Goal("results: CPU from Go over Go, records that share memory", cpu[reused] / cpu[scanner], 0.4, ""),
             Goal("results: CPU from Go over Go, records that live on", cpu[OURS_GO] / cpu[scanner], None, "")]
    packed = sum((PARTS / name).stat().st_size for name in parts)
    return [f"{packed / 1e6:.0f} MB compressed; records and bytes of all: {work}.", "", *costs_table(costs, bare)], goals


def memory(quick):
    """How far the memory grows over results that are larger than it should be."""
    members, blocks = 128 if quick else 1280, 1200
    lines, items = large.member(), large.block()
    parts = ("crustdata", members * len(lines), members * sum(len(line) - 1 for line in lines))
    gigabytes = f"{members * large.MEMBER_SIZE / 2**30:.0f} GiB of lines in {members} gzip members"
    rows, goals, notes = [], [], []
    with servers.large(members, blocks) as server:
        for name, base, service, count, size in (
                (f"{gigabytes}, one file", f"{server}/1", *parts), (f"{gigabytes}, four files", f"{server}/4", *parts),
                ("a job with its items inline", server, "spidra", blocks * len(items), blocks * sum(map(len, items)))):
            growth = None
            try:
                cost = once([program("memory/ours"), service, base, records.ID])
            except Failed as failure:
                row = ["failed"] + ["–"] * 3
                notes += [f"{name}: {failure}", ""]
            else:
                seen, seen_size, start, peak = map(int, cost.output)
                if (seen, seen_size) != (count, size):
                    raise Failed(f"bench: memory: {seen} records of {seen_size} bytes where {count} of {size} were sent")
                growth = (peak - start) / 1024
                row = [f"{start / 1024:.1f}", f"{growth:.1f}", f"{cost.wall:.1f}", f"{size / 1e6 / cost.wall:.0f}"]
            rows.append([name, str(count), f"{size / 1e6:.0f}", *row])
            goals.append(Goal(f"memory: growth, {name}", growth, 16, " MiB"))
    return [*table(["", "records", "MB", "at the start MiB", "growth MiB", "wall s", "MB/s"], rows), *notes], goals


def latency(quick):
    """100 pages from a service that takes 20 ms for each."""
    lines, goals = [], []
    with servers.odd(20) as server:
        base = server + "/late"
        for service, work, title in (("spidra", "0", "Numbered pages; the caller only reads them."),
                                     ("crustdata", "20", "Cursor pages; the caller works 20 ms on each: half the time is the least there can be.")):
            def ours(prefetch):
                return [program("latency/ours"), service, base, work, prefetch]
            loop = "sequential loop"
            peers = [Peer(loop, [program("latency/sequential"), service, base, work]), Peer(OURS, ours("-")),
                     Peer(OURS + ", prefetch=0", ours("0"))]
            if service == "spidra":
                peers.append(Peer(OURS + ", prefetch=8", ours("8")))
            costs = in_turns(peers, 1 if quick else 5)
            checked = same_work(costs, costs)
            lines += [f"{title} Jobs and checksum of all: {checked}.", "", *costs_table(costs, loop)]
            if service == "spidra":
                goals.append(Goal("latency, numbered pages: wall over a sequential loop",
                                  median(costs[OURS], "wall") / median(costs[loop], "wall"), 0.25, ""))
    return lines, goals


def status(quick):
    """One job, asked 20,000 times on a warm connection."""
    job = json.loads((PAGES / "status/job.json").read_bytes())
    with servers.nginx() as base:
        arguments = [base, job["batch_id"], "20000"]
        peers = [Peer(CURL, [program("status/bare"), *arguments]), Peer(OURS, [program("status/ours"), *arguments])]
        costs = in_turns(peers, 3 if quick else 9)
    work = same_work(costs, costs)
    goals = [Goal(f"status: {word} over libcurl alone", median(costs[OURS], field) / median(costs[CURL], field), 1.2, "")
             for word, field in (("wall", "wall"), ("CPU", "cpu"))]
    return [f"Calls and bytes of both: {work}.", "", *costs_table(costs, CURL)], goals


def overload(quick):
    """A service that answers 503 to everything; the server counts the requests."""
    calls = 200 if quick else 2000
    with servers.odd(0) as server:
        once([program("overload/ours"), server + "/down", "50", str(calls)])
        seen = servers.counts(server)
    value = seen["counted"] / calls
    rows = [["the first 50 calls", "50", str(seen["emptying"]), f"{seen['emptying'] / 50:.2f}"],
            ["with the retry budget empty", str(calls), str(seen["counted"]), f"{value:.2f}"]]
    return table(["", "calls", "requests", "requests per call"], rows), [
        Goal("overload: requests per call", value, 1.2, "")]


def cancel(quick):
    """From bj_cancel_fire to the return of a blocked call, fired at random moments."""
    samples = 40 if quick else 200
    rows, worst = [], 0
    with servers.odd(0) as server, servers.full() as unconnected:
        for name, base in (("connecting", unconnected), ("waiting for an answer", server + "/mute"),
                           ("amid a body", server + "/stall"), ("asleep between retries", server + "/busy")):
            p50, p99, most = (int(word) / 1000 for word in once([program("cancel/ours"), base, str(samples)]).output)
            rows.append([name, str(samples), f"{p50:.2f}", f"{p99:.2f}", f"{most:.2f}"])
            worst = max(worst, p99)
    return table(["the call is", "samples", "p50 ms", "p99 ms", "highest ms"], rows), [
        Goal("cancel: worst p99", worst, 100, " ms")]


def waiting(quick):
    """500 jobs that end one after the other, waited for on one thread; pages hold 100 of them."""
    jobs, seconds = 500, 10 if quick else 60
    rows, seen = [], {}
    with servers.waiting(jobs, seconds) as server:
        for name, title in (("ours", OURS + ", bj_waits"), ("one_by_one", "each job by itself, every second")):
            cost = once([program(f"waiting/{name}"), server, str(jobs)])
            ended, p50, p99, most = map(int, cost.output)
            if ended != jobs:
                raise Failed(f"bench: waiting: {ended} of {jobs} jobs")
            seen[name] = servers.counts(server)
            rows.append([title, str(seen[name]["requests"]), str(seen[name]["rounds"]), str(seen[name]["most"]),
                         f"{cost.cpu:.2f}", f"{p50 / 1000:.2f}", f"{p99 / 1000:.2f}", f"{most / 1000:.2f}"])
    note = f"The last of them ends after {seconds} s. The delay is from a job's end to its event, with the default pace."
    head = ["", "requests", "rounds", "most in a round", "CPU s", "delay p50 s", "p99 s", "highest s"]
    return [note, "", *table(head, rows)], [Goal("waiting: most requests in a round for 500 jobs", seen["ours"]["most"], 5, "")]


def python_list(quick):
    """The list from Python: every job's id, phase, times and counts read."""
    with servers.nginx() as base:
        peers = [Peer("batchjobs", [*PACKAGE, "list_batchjobs.py", base])]
        peers += [Peer(name, [*PACKAGE, "list_loop.py", base, name]) for name in ("requests", "httpx")]
        peers.append(Peer("dlt RESTClient", [*PACKAGE, "list_dlt.py", base]))
        costs = in_turns(peers, 3 if quick else 9)
    work = same_work(costs, costs)
    value = median(costs["batchjobs"], "cpu") / median(costs["requests"], "cpu")
    return [f"Jobs and checksum of all: {work}.", "", *costs_table(costs, "requests")], [
        Goal("Python, list: CPU over requests", value, 0.4, "")]


def python_results(quick):
    """The records from Python, as bytes and as dicts, with the json of the standard library."""
    parts, count = records.make(PARTS)
    lines, goals = [], []
    with servers.nginx(parts, count) as base:
        links = [f"{base}/{name}" for name in parts]
        for form in ("raw", "dicts"):
            peers = [Peer("batchjobs", [*PACKAGE, "results_batchjobs.py", form, base, records.ID])]
            other, title = ("records", "Record objects") if form == "raw" else ("orjson", "orjson")
            peers.append(Peer(f"batchjobs, {title}", [*PACKAGE, "results_batchjobs.py", other, base, records.ID]))
            peers += [Peer(f"{name} + gzip", [*PACKAGE, "results_loop.py", form, name, *links]) for name in ("requests", "httpx")]
            costs = in_turns(peers, 3 if quick else 9)
            checked = same_work(costs, costs)
            lines += [f"As {form}; records and bytes or members of all: {checked}.", "", *costs_table(costs, "requests + gzip")]
            value = median(costs["batchjobs"], "cpu") / median(costs["requests + gzip"], "cpu")
            goals.append(Goal(f"Python, results as {form}: CPU over requests + gzip", value, 1 / 3 if form == "raw" else None, ""))
    return lines, goals


BENCHMARKS = {"list": list_, "results": results, "memory": memory, "latency": latency, "status": status, "overload": overload,
              "cancel": cancel, "waiting": waiting,
              "python_list": python_list, "python_results": python_results}


def machine():
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if hasattr(platform, "freedesktop_os_release") else "Linux"
    return f"{model}, {os.cpu_count()} cores, {system}, Linux {platform.release()}"


def goals_table(goals):
    """A value of None is no value: the program failed. A limit of None: only to be looked at."""
    rows = [[goal.text, "failed" if goal.value is None else f"{goal.value:.2f}{goal.unit}",
             "–" if goal.limit is None else f"at most {goal.limit}{goal.unit}",
             "" if goal.limit is None else "met" if goal.value is not None and goal.value <= goal.limit else "**missed**"]
            for goal in goals]
    return table(["goal", "value", "limit", ""], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="one comparison, may be repeated")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    build.everything()
    data.make(PAGES)
    load, started = os.getloadavg()[0], time.monotonic()
    sections, goals = [], []
    for name in options.only or BENCHMARKS:
        print(f"bench: {name}", flush=True)
        lines, reached = BENCHMARKS[name](options.quick)
        sections += [f"## {name}", "", BENCHMARKS[name].__doc__, "", *lines]
        goals += reached
    when = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    head = ["# Benchmarks", "", f"{when}. {machine()}; load {load:.1f} at the start, {time.monotonic() - started:.0f} s in all.",
            "Medians of interleaved runs over loopback HTTP/1.1" + (", few of them (--quick)." if options.quick else "."),
            "", ", ".join(build.versions()) + ".", ""]
    text = "\n".join(head + goals_table(goals) + sections)
    (OUT / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
