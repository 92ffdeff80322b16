"""One job as the service last told it, and how it is read from the library."""

from __future__ import annotations

import ctypes
import sys
from datetime import datetime, timezone
from functools import partial
from itertools import repeat
from struct import unpack
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Tuple, TypeVar

from . import _header as h
from ._header import Outcome, Phase
from ._json import decode, pointed
from ._native import lib, text
from .errors import StateError

_TIME_NONE = -(2**63)
_MISSING: Any = object()
T = TypeVar("T")


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
_TIMES = (h.TIME_CREATED, h.TIME_STARTED, h.TIME_FINISHED, h.TIME_UPDATED)


class Row(NamedTuple):
    """What a job holds; times are milliseconds since 1970."""

    id: str
    provider: str
    kind: Optional[str]
    status: Optional[str]
    phase: Phase
    outcome: Outcome
    error: Optional[str]
    counts: Counts
    raw: bytes
    created: Optional[int]
    started: Optional[int]
    finished: Optional[int]
    updated: Optional[int]


_from_timestamp, _UTC = datetime.fromtimestamp, timezone.utc


class JobData:
    """One job as the service last told it. It never changes; ``refresh()`` and ``wait()`` give another.

    Two are equal when the service said the same of both. Times are aware ``datetime`` objects in
    UTC. What a service does not tell is None.
    """

    __slots__ = ("_row", "_client")
    _row: Row
    _client: Any

    def __init__(self, row: Row, client: Any = None) -> None:
        self._row = row
        self._client = client

    def _owner(self) -> Any:
        """The client that made it, blocking or not."""
        if self._client is None:
            raise StateError(f"this job was pickled and has no client: use client.job({self.id!r})", job_id=self.id)
        return self._client

    @property
    def id(self) -> str:
        """The id by which the service knows the job."""
        return self._row[0]

    @property
    def provider(self) -> str:
        """The service, such as ``"crustdata"``."""
        return self._row[1]

    @property
    def kind(self) -> Optional[str]:
        """What the job does, in the service's word."""
        return self._row[2]

    @property
    def status(self) -> Optional[str]:
        """The service's own word for where the job stands."""
        return self._row[3]

    @property
    def phase(self) -> Phase:
        """Where the job stands: ``queued``, ``running`` or ``done``. Done can be left again: do not store it as final."""
        return self._row[4]

    @property
    def outcome(self) -> Outcome:
        """How the job ended: ``succeeded``, ``partial``, ``failed``, ...; ``none`` before."""
        return self._row[5]

    @property
    def error(self) -> Optional[str]:
        """Why the job failed, as the service says it."""
        return self._row[6]

    @property
    def counts(self) -> Counts:
        """Units of work as the service counts them."""
        return self._row[7]

    @property
    def created(self) -> Optional[datetime]:
        """When the job was created."""
        time = self._row[9]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def started(self) -> Optional[datetime]:
        """When work on it began."""
        time = self._row[10]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def finished(self) -> Optional[datetime]:
        """When it ended."""
        time = self._row[11]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def updated(self) -> Optional[datetime]:
        """When the service last changed it."""
        time = self._row[12]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def raw(self) -> bytes:
        """The service's own JSON for this job, byte for byte."""
        return self._row[8]

    @property
    def done(self) -> bool:
        """Whether the job has ended, however."""
        return self._row[4] is Phase.DONE

    def field(self, pointer: str, default: Any = _MISSING) -> Any:
        """A member of the service's own JSON, by JSON pointer (RFC 6901, ``""`` is the whole).

            job.field("/download_urls/0")

        Errors: KeyError where there is no such member and no default, ValueError where the pointer
        is none.
        """
        if not isinstance(pointer, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a JSON pointer is a str, not {type(pointer).__name__} ({pointer!r:.40})")
        try:
            return pointed(decode(self.raw, f"job {self.id}", job_id=self.id, provider=self.provider), pointer)
        except LookupError:
            if default is _MISSING:
                raise KeyError(f"job {self.id} has no member {pointer!r}") from None
            return default

    def __repr__(self) -> str:
        parts = [repr(self.id), f"provider={self.provider!r}", f"phase={str(self.phase)!r}"]
        if self.done:
            parts.append(f"outcome={str(self.outcome)!r}")
        if self.status is not None:
            parts.append(f"status={self.status!r}")
        if self.created is not None:
            parts.append(f"created={self.created.isoformat(timespec='seconds')!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        return self._row == other._row if isinstance(other, JobData) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.provider, self.id))

    def __copy__(self: T) -> T:
        return self  # it never changes

    def __deepcopy__(self: T, _: Any) -> T:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        """Without the client: what was pickled holds no key, and cannot ask."""
        return type(self), (self._row,)


def row_of(job: ctypes.c_void_p) -> Row:
    """A job of the library, copied."""
    length = ctypes.c_size_t()
    raw = lib.bj_job_raw_json(job, ctypes.byref(length))
    counts = [lib.bj_job_count(job, which) for which in _COUNTS]
    times = [lib.bj_job_time(job, which) for which in _TIMES]
    return Row(
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


# Pages cross in columns, and C code makes rows of them: a job costs less than one call would.

_new_row = partial(tuple.__new__, Row)
_new_counts = partial(tuple.__new__, Counts)
_Offsets = ctypes.POINTER(ctypes.c_int64)


def _cut(columns: ctypes.c_void_p, which: int, count: int) -> Tuple[bytes, List[int]]:
    """The bytes of all texts of a column, and where each begins."""
    offsets = _Offsets()
    data = lib.bj_columns_text(columns, which, ctypes.byref(offsets))
    at: List[int] = offsets[: count + 1]
    return ctypes.string_at(data, at[-1]), at


def _words(columns: ctypes.c_void_p, which: int, count: int) -> Iterable[Any]:
    """Texts as str, None where a job has none."""
    blob, at = _cut(columns, which, count)
    if not blob:
        return repeat(None, count)
    if not blob.isascii():
        return [blob[begin:end].decode() or None for begin, end in zip(at, at[1:])]
    line = blob.decode("ascii")
    found: List[Any] = [line[begin:end] for begin, end in zip(at, at[1:])]
    return [word or None for word in found] if "" in found else found


def _numbers(function: Callable[..., Any], columns: ctypes.c_void_p, which: int, count: int, absent: bytes) -> Iterable[Optional[int]]:
    found = ctypes.string_at(function(columns, which), count * 8)
    if found.startswith(absent) and found == absent * count:
        return repeat(None, count)
    values = unpack(f"={count}q", found)
    if absent in found:
        none = int.from_bytes(absent, sys.byteorder, signed=True)
        return [None if value == none else value for value in values]
    return values


_NO_COUNT = (-1).to_bytes(8, sys.byteorder, signed=True)
_NO_TIME = _TIME_NONE.to_bytes(8, sys.byteorder, signed=True)


def rows_of(page: ctypes.c_void_p, provider: str, invoke: Callable[..., int]) -> List[Row]:
    """All jobs of a page of the library, copied."""
    columns = h.bj_columns()
    invoke(provider, lib.bj_page_columns, ctypes.byref(columns), page)
    try:
        count = lib.bj_columns_count(columns)
        phases = unpack(f"={count}i", ctypes.string_at(lib.bj_columns_phases(columns), count * 4))
        outcomes = unpack(f"={count}i", ctypes.string_at(lib.bj_columns_outcomes(columns), count * 4))
        counts = [_numbers(lib.bj_columns_counts, columns, which, count, _NO_COUNT) for which in _COUNTS]
        times = [_numbers(lib.bj_columns_times, columns, which, count, _NO_TIME) for which in _TIMES]
        raw, at = _cut(columns, h.TEXT_RAW_JSON, count)
        fields = zip(
            _words(columns, h.TEXT_ID, count),
            repeat(provider),
            _words(columns, h.TEXT_KIND, count),
            _words(columns, h.TEXT_STATUS_WORD, count),
            map(h.PHASE_OF.get, phases, repeat(Phase.RUNNING)),
            map(h.OUTCOME_OF.get, outcomes, repeat(Outcome.UNKNOWN)),
            _words(columns, h.TEXT_ERROR, count),
            map(_new_counts, zip(*counts)),
            [raw[begin:end] for begin, end in zip(at, at[1:])],
            *times,
        )
        return list(map(_new_row, fields))
    finally:
        lib.bj_columns_destroy(columns)
