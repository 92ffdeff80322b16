"""Runs programs in turns and says what they cost."""
import statistics
import subprocess
import sys
from collections import namedtuple

from build import program
from places import OUT

Peer = namedtuple("Peer", "name command")
Cost = namedtuple("Cost", "wall cpu peak output")


class Failed(SystemExit):
    """A program ended badly. Nobody has to catch it."""


def once(command):
    """One run: seconds of wall and of CPU, peak memory in MB, the words it printed."""
    usage = OUT / "usage"
    done = subprocess.run([program("measure"), str(usage), *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"bench: {command[0].rpartition('/')[2]} failed: {done.stderr.strip()}")
    wall, user, system, peak = map(int, usage.read_text().split())
    return Cost(wall / 1e9, (user + system) / 1e6, peak / 1024, done.stdout.split())


def in_turns(peers, rounds):
    """A B C A B C ..., so that whatever else the machine does falls on all alike. A round before
    the first one fills caches and is not counted."""
    costs = {peer.name: [] for peer in peers}
    for number in range(rounds + 1):
        for peer in peers:
            cost = once(peer.command)
            if number:
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
