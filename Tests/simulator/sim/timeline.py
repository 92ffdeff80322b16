"""What kind of job sits at an index, and how far it has come at a given moment."""
from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Tuple

from .clock import DATA_EPOCH
from .dice import Dice

# The newest ten jobs are one of each kind; the order is part of the listing.
PINNED = ("queued", "running", "stuck_queued", "stuck_running", "succeeded",
          "partial", "failed", "cancelled", "empty", "large")

# The rest of the listing, in percent: mostly done, as an account's history is.
_MIX = (["succeeded"] * 80 + ["partial"] * 7 + ["failed"] * 5 + ["cancelled"] * 3
        + ["empty"] * 3 + ["stuck_running"] + ["stuck_queued"])

QUEUED_STARTS = 30.0
QUEUED_ENDS = 60.0
RUNNING_ENDS = 45.0


class Job(NamedTuple):
    place: int  # in the listing, 0 is the newest
    kind: str
    state: str  # queued, running or done
    fraction: float
    created: float
    started: Optional[float]
    finished: Optional[float]
    dice: Dice


def kind_at(key: bytes, index: int) -> str:
    if index < len(PINNED):
        return PINNED[index]
    return Dice(key, index).pick(_MIX)


def job_at(key: bytes, index: int, now: float, busy: Optional[Tuple[float, float]] = None) -> Job:
    """The job at a listing index (0 is the newest); `dice` is left for the service's own choices.

    With `busy` it runs between these two seconds of job time, whatever it is otherwise, and succeeds.
    """
    dice = Dice(key, index)
    kind = dice.pick(_MIX)
    if index < len(PINNED):
        kind = PINNED[index]
    created = DATA_EPOCH - 97 * index - 1 - dice.below(90) - dice.below(1000000) / 1e6
    started = created + 1 + dice.below(5000) / 1e3
    finished = started + 1 + dice.below(180000) / 1e3
    if busy is not None:
        kind, started, finished = "succeeded", DATA_EPOCH + busy[0], DATA_EPOCH + busy[1]
    if kind == "stuck_queued":
        return Job(index, kind, "queued", 0.0, created, None, None, dice)
    if kind == "stuck_running":
        return Job(index, kind, "running", 0.4, created, started, None, dice)
    if kind == "queued":
        started, finished = DATA_EPOCH + QUEUED_STARTS, DATA_EPOCH + QUEUED_ENDS
    elif kind == "running":
        started, finished = DATA_EPOCH - 5, DATA_EPOCH + RUNNING_ENDS
    if now < started:
        return Job(index, kind, "queued", 0.0, created, None, None, dice)
    if now < finished:
        fraction = (now - started) / (finished - started)
        return Job(index, kind, "running", fraction, created, started, None, dice)
    return Job(index, kind, "done", 1.0, created, started, finished, dice)


def moving_states(key: bytes, now: float) -> Dict[int, str]:
    """The states of the jobs that move, for caches that must not outlive them."""
    return {index: job_at(key, index, now).state for index in (0, 1)}
