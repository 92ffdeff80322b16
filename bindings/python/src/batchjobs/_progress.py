"""Progress: a function of yours, or with True a bar of tqdm's where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional, Union

if TYPE_CHECKING:
    from ._job import JobData

Progress = Union[bool, Callable[..., Any], None]


class Bar:
    """What a blocking call tells as it goes on; made anew for each call. Does nothing unless asked to."""

    def __init__(self, progress: Progress, title: str, unit: str, scale: bool = False) -> None:
        self._bar: Any = None
        self.function: Optional[Callable[..., Any]] = None
        if callable(progress):
            self.function = progress
        elif progress is True:
            self._bar = _tqdm(title, unit, scale)
        elif progress not in (None, False):
            raise TypeError(f"progress must be True, or a function, not {type(progress).__name__} ({progress!r:.40})")

    @property
    def is_wanted(self) -> bool:
        return self.function is not None or self._bar is not None

    def tell(self, done: int, total: Optional[int], note: str, *arguments: Any) -> None:
        """The bar shows how much is done; a function gets the arguments."""
        if self.function is not None:
            self.function(*arguments)
        elif self._bar is not None:
            if total != self._bar.total:
                self._bar.total = total
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(done - self._bar.n)

    def show_job(self, job: JobData) -> None:
        """A snapshot of the job that is waited for."""
        counts = job.counts
        done = counts.processed if counts.processed is not None else counts.succeeded
        self.tell(done or 0, counts.total, str(job.phase), job)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _tqdm(title: str, unit: str, scale: bool) -> Any:
    """A bar, or None where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(desc=title, unit=unit, unit_scale=scale, unit_divisor=1024 if scale else 1000)
