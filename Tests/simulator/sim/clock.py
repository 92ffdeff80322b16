"""The simulator's own time."""
from __future__ import annotations

import calendar
import threading
import time

# Job data hang on a fixed instant, so that a seed gives the same bytes on any day.
DATA_EPOCH = float(calendar.timegm((2026, 6, 12, 12, 0, 0)))


class Clock:
    """Two readings: job time starts at DATA_EPOCH, wall time is the machine's; `advance` moves both."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._started = time.monotonic()
        self._advanced = 0.0
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._advanced += seconds

    def job_time(self) -> float:
        elapsed = time.monotonic() - self._started
        return DATA_EPOCH + elapsed * self.scale + self._advanced

    def wall_time(self) -> float:
        """What links are signed and checked with: clients may compare it with their own clock."""
        return time.time() + self._advanced
