"""What jobs hold, field by field: a list for each field, with the value of one job or of each on a page."""

import ctypes
import sys
from itertools import repeat
from struct import unpack
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from . import _header as h
from ._call import invoke
from ._header import Outcome, Phase
from ._native import lib, places, text

_TIME_NONE = -(2**63)


class Counts(NamedTuple):
    """Units of work as the service counts them; None where it does not say."""

    total: Optional[int]
    """Asked for."""
    processed: Optional[int]
    """Ended, however."""
    succeeded: Optional[int]
    failed: Optional[int]
    cancelled: Optional[int]
    queued: Optional[int]
    running: Optional[int]
    pending: Optional[int]
    """Held back, waiting for something else."""
    results: Optional[int]
    """Records to be read with ``job.results()``."""


_COUNTS = tuple(getattr(h, f"COUNT_{name.upper()}") for name in Counts._fields)
NAMES = ("id", "provider", "kind", "status", "phase", "outcome", "error", "counts", "raw", "created", "started", "finished", "updated")


class Fields:
    """Times are milliseconds since 1970."""

    id: Sequence[str]
    provider: Sequence[str]
    kind: Sequence[Optional[str]]
    status: Sequence[Optional[str]]
    phase: Sequence[Phase]
    outcome: Sequence[Outcome]
    error: Sequence[Optional[str]]
    counts: Sequence[Counts]
    raw: Sequence[bytes]
    created: Sequence[Optional[int]]
    started: Sequence[Optional[int]]
    finished: Sequence[Optional[int]]
    updated: Sequence[Optional[int]]

    def of(self, place: int) -> Tuple[Any, ...]:
        """All that one job holds, in the order of NAMES."""
        return tuple(getattr(self, name)[place] for name in NAMES)


def one(values: Iterable[Any]) -> Fields:
    """What one job holds, in the order of NAMES."""
    fields = Fields()
    for name, value in zip(NAMES, values):
        setattr(fields, name, (value,))
    return fields


def fields_of(job: ctypes.c_void_p) -> Fields:
    """A job of the library, copied."""
    length = ctypes.c_size_t()
    raw = lib.bj_job_raw_json(job, ctypes.byref(length))
    counts = [lib.bj_job_count(job, which) for which in _COUNTS]
    times = [lib.bj_job_time(job, which) for which in (h.TIME_CREATED, h.TIME_STARTED, h.TIME_FINISHED, h.TIME_UPDATED)]
    return one(
        (
            text(lib.bj_job_id(job)) or "",
            text(lib.bj_job_provider(job)) or "",
            text(lib.bj_job_kind(job)) or None,
            text(lib.bj_job_status_word(job)) or None,
            h.PHASE_OF.get(lib.bj_job_phase(job), Phase.RUNNING),
            h.OUTCOME_OF.get(lib.bj_job_outcome(job), Outcome.UNKNOWN),
            text(lib.bj_job_error_text(job)) or None,
            Counts._make(None if count < 0 else count for count in counts),
            ctypes.string_at(raw, length.value) if raw else b"",
            *(None if time == _TIME_NONE else time for time in times),
        )
    )


# Of a page, a field is copied when it is first asked for, and C code makes the list: a field of a
# job costs less than one call would.

_Offsets = ctypes.POINTER(ctypes.c_int64)
_NO_COUNT, _NO_TIME = -1, _TIME_NONE


class PageFields(Fields):
    """The fields of a page's jobs; what is not copied yet stays with the library."""

    def __init__(self, page: ctypes.c_void_p, provider: str) -> None:
        self._columns = h.bj_columns()
        invoke(provider, lib.bj_page_columns, ctypes.byref(self._columns), page)
        self.count: int = lib.bj_columns_count(self._columns)
        self.provider = [provider] * self.count

    def __del__(self, destroy: Callable[..., None] = lib.bj_columns_destroy) -> None:
        # At the interpreter's end this may run when the names of the module are gone.
        destroy(self._columns)

    def __getattr__(self, name: str) -> Any:
        """A field that was not asked for before; later it is an attribute like others."""
        read = _READ.get(name)
        if read is None:
            raise AttributeError(name)
        found = read(self)
        setattr(self, name, found)
        return found

    def _texts(self, which: int) -> Tuple[bytes, List[int]]:
        """The bytes of all texts of a column, and where each begins."""
        offsets = _Offsets()
        data = lib.bj_columns_text(self._columns, which, ctypes.byref(offsets))
        at = places(offsets, self.count)
        return ctypes.string_at(data, at[-1]), at

    def words(self, which: int) -> List[Any]:
        """Texts as str, None where a job has none."""
        blob, at = self._texts(which)
        if not blob:
            return [None] * self.count
        if not blob.isascii():
            return [blob[begin:end].decode() or None for begin, end in zip(at, at[1:])]
        line = blob.decode("ascii")
        return [line[begin:end] or None for begin, end in zip(at, at[1:])]

    def raws(self) -> List[bytes]:
        blob, at = self._texts(h.TEXT_RAW_JSON)
        return [blob[begin:end] for begin, end in zip(at, at[1:])]

    def codes(self, function: Callable[..., Any]) -> Tuple[int, ...]:
        return unpack(f"={self.count}i", ctypes.string_at(function(self._columns), self.count * 4))

    def numbers(self, function: Callable[..., Any], which: int, absent: int) -> Sequence[Optional[int]]:
        found = ctypes.string_at(function(self._columns, which), self.count * 8)
        none = absent.to_bytes(8, sys.byteorder, signed=True)
        if found == none * self.count:
            return [None] * self.count
        values = unpack(f"={self.count}q", found)
        if none in found:
            return [None if value == absent else value for value in values]
        return values

    def counts_of_all(self) -> List[Counts]:
        columns = [self.numbers(lib.bj_columns_counts, which, _NO_COUNT) for which in _COUNTS]
        return list(map(tuple.__new__, repeat(Counts), zip(*columns)))


_READ: Dict[str, Callable[[PageFields], Sequence[Any]]] = {
    "id": lambda page: page.words(h.TEXT_ID),
    "kind": lambda page: page.words(h.TEXT_KIND),
    "status": lambda page: page.words(h.TEXT_STATUS_WORD),
    "phase": lambda page: list(map(h.PHASE_OF.get, page.codes(lib.bj_columns_phases), repeat(Phase.RUNNING))),
    "outcome": lambda page: list(map(h.OUTCOME_OF.get, page.codes(lib.bj_columns_outcomes), repeat(Outcome.UNKNOWN))),
    "error": lambda page: page.words(h.TEXT_ERROR),
    "counts": PageFields.counts_of_all,
    "raw": PageFields.raws,
    "created": lambda page: page.numbers(lib.bj_columns_times, h.TIME_CREATED, _NO_TIME),
    "started": lambda page: page.numbers(lib.bj_columns_times, h.TIME_STARTED, _NO_TIME),
    "finished": lambda page: page.numbers(lib.bj_columns_times, h.TIME_FINISHED, _NO_TIME),
    "updated": lambda page: page.numbers(lib.bj_columns_times, h.TIME_UPDATED, _NO_TIME),
}
