"""Single calls: what one costs, how many requests it makes against a service that is down, when it ends."""
import json

import servers
from build import program
from places import PAGES
from report import OURS
from runs import Peer, in_turns, median, once, same_work

CURL = "libcurl alone"


def status(section, quick):
    """One job, asked 20,000 times on a warm connection, against as many GETs of the same bytes."""
    job = json.loads((PAGES / "status/job.json").read_bytes())
    with servers.nginx() as base:
        arguments = [base, job["batch_id"], "20000"]
        peers = [Peer(CURL, [program("status/bare"), *arguments]), Peer(OURS, [program("status/ours"), *arguments])]
        costs = in_turns(peers, 3 if quick else 9, base)
    section.say(f"Calls and bytes of both: {same_work(costs, costs)}.")
    section.costs(costs, CURL)
    for word, field in (("wall", "wall"), ("CPU", "cpu")):
        section.goal(f"status: {word} over libcurl alone", median(costs[OURS], field) / median(costs[CURL], field), 1.2)


def overload(section, quick):
    """A service that answers 503 to everything; the server counts the requests."""
    calls = 200 if quick else 2000
    with servers.odd() as server:
        once([program("overload/ours"), server + "/down", "50", str(calls)])
        seen = servers.counts(server)
    value = seen["counted"] / calls
    section.table(["", "calls", "requests", "requests per call"], [
        ["the first 50 calls", 50, seen["emptying"], f"{seen['emptying'] / 50:.2f}"],
        ["with the retry budget empty", calls, seen["counted"], f"{value:.2f}"]])
    section.goal("overload: requests per call", value, 1.2)


def cancel(section, quick):
    """From bj_cancel_fire to the return of a blocked call, fired at random moments."""
    samples = 40 if quick else 200
    rows, worst = [], 0
    with servers.odd() as server, servers.full() as unconnected:
        for name, base in (("connecting", unconnected), ("waiting for an answer", server + "/mute"),
                           ("amid a body", server + "/stall"), ("asleep between retries", server + "/busy")):
            p50, p99, most = (int(word) / 1000 for word in once([program("cancel/ours"), base, str(samples)]).output)
            rows.append([name, samples, f"{p50:.2f}", f"{p99:.2f}", f"{most:.2f}"])
            worst = max(worst, p99)
    section.table(["the call is", "samples", "p50 ms", "p99 ms", "highest ms"], rows)
    section.goal("cancel: worst p99", worst, 100, " ms")
