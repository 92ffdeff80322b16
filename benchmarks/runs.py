"""Runs programs in turns and says what they cost."""
import statistics
import subprocess
import sys
from collections import namedtuple

import servers
from build import program
from places import OUT

Peer = namedtuple("Peer", "name command")
Cost = namedtuple("Cost", "wall cpu peak requests output")


class Failed(SystemExit):
    """A program ended badly. Nobody has to catch it."""


def once(command, nginx=None):
    """One run: seconds of wall and of CPU, peak memory in MB, requests that the nginx saw, the words it printed."""
    usage, before = OUT / "usage", servers.requests_seen(nginx) if nginx else 0
    done = subprocess.run([program("measure"), str(usage), *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"bench: {command[0].rpartition('/')[2]} failed: {done.stderr.strip()}")
    wall, user, system, peak = map(int, usage.read_text().split())
    requests = servers.requests_seen(nginx) - before - 1 if nginx else None
    return Cost(wall / 1e9, (user + system) / 1e6, peak / 1024, requests, done.stdout.split())


def in_turns(peers, rounds, nginx=None, warm=1):
    """A B C A B C ..., so that whatever else the machine does falls on all alike. `warm` rounds before
    the first one fill caches and are not counted."""
    costs = {peer.name: [] for peer in peers}
    for number in range(warm + rounds):
        for peer in peers:
            cost = once(peer.command, nginx)
            if number >= warm:
                costs[peer.name].append(cost)
    return costs


def same_work(costs, names):
    """All of them read the same: the same count, the same checksum, in every round."""
    outputs = {tuple(cost.output) for name in names for cost in costs[name]}
    if len(outputs) != 1:
        sys.exit("bench: not the same work: " + "; ".join(
            f"{name}: {' '.join(costs[name][0].output)}" for name in names))
    return " ".join(outputs.pop())


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)
