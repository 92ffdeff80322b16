"""Waiting for many jobs, against asking for each of them."""
import servers
from build import program
from report import OURS
from runs import Failed, once


def waiting(section, quick):
    """500 jobs that end one after the other, waited for on one thread; pages hold 100 of them. The delay is from a
    job's end to its event, with the default pace."""
    jobs, seconds = 500, 10 if quick else 30
    rows, seen = [], {}
    with servers.waiting(jobs, seconds) as server:
        for name, title in (("ours", OURS + ", bj_waits"), ("one_by_one", "each job by itself, every second")):
            cost = once([program(f"waiting/{name}"), server, str(jobs)])
            ended, p50, p99, most = map(int, cost.output)
            if ended != jobs:
                raise Failed(f"bench: waiting: {ended} of {jobs} jobs")
            seen[name] = servers.counts(server)
            rows.append([title, seen[name]["requests"], seen[name]["rounds"], seen[name]["most"],
                         f"{cost.cpu:.2f}", f"{p50 / 1000:.2f}", f"{p99 / 1000:.2f}", f"{most / 1000:.2f}"])
    section.say(f"The last of them ends after {seconds} s.")
    section.table(["", "requests", "rounds", "most in a round", "CPU s", "delay p50 s", "p99 s", "highest s"], rows)
    section.goal("waiting: most requests in a round for 500 jobs", seen["ours"]["most"], 5)
