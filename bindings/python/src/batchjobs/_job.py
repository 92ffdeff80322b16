"""One job as the service last told it."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import repeat
from typing import Any, Iterator, Optional, Tuple, Type, TypeVar

from ._fields import Counts, Fields, PageFields, one
from ._header import Outcome, Phase
from ._json import decode, pointed
from .errors import StateError

_MISSING: Any = object()
T = TypeVar("T")
_from_timestamp, _UTC = datetime.fromtimestamp, timezone.utc


class JobData:
    """One job as the service last told it. It never changes; ``refresh()`` and ``wait()`` give another.

    Two are equal when the service said the same of both. Times are aware ``datetime`` objects in
    UTC. What a service does not tell is None. Jobs of one page share its memory, which is given
    back with the last of them.
    """

    __slots__ = ("_fields", "_place", "_client")
    _fields: Fields
    _place: int
    _client: Any

    def __init__(self, fields: Fields, place: int = 0, client: Any = None) -> None:
        self._fields = fields
        self._place = place
        self._client = client

    def _owner(self) -> Any:
        """The client that made it, blocking or not."""
        if self._client is None:
            raise StateError(f"this job was pickled and has no client: use client.job({self.id!r})", job_id=self.id)
        return self._client

    def _values(self) -> Tuple[Any, ...]:
        """All that it holds."""
        return self._fields.of(self._place)

    @property
    def id(self) -> str:
        """The id by which the service knows the job."""
        return self._fields.id[self._place]

    @property
    def provider(self) -> str:
        """The service, such as ``"crustdata"``."""
        return self._fields.provider[self._place]

    @property
    def kind(self) -> Optional[str]:
        """What the job does, in the service's word."""
        return self._fields.kind[self._place]

    @property
    def status(self) -> Optional[str]:
        """The service's own word for where the job stands."""
        return self._fields.status[self._place]

    @property
    def phase(self) -> Phase:
        """Where the job stands: ``queued``, ``running`` or ``done``. Done can be left again: do not store it as final."""
        return self._fields.phase[self._place]

    @property
    def outcome(self) -> Outcome:
        """How the job ended: ``succeeded``, ``partial``, ``failed``, ...; ``none`` before."""
        return self._fields.outcome[self._place]

    @property
    def error(self) -> Optional[str]:
        """Why the job failed, as the service says it."""
        return self._fields.error[self._place]

    @property
    def counts(self) -> Counts:
        """Units of work as the service counts them."""
        return self._fields.counts[self._place]

    @property
    def created(self) -> Optional[datetime]:
        """When the job was created."""
        time = self._fields.created[self._place]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def started(self) -> Optional[datetime]:
        """When work on it began."""
        time = self._fields.started[self._place]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def finished(self) -> Optional[datetime]:
        """When it ended."""
        time = self._fields.finished[self._place]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def updated(self) -> Optional[datetime]:
        """When the service last changed it."""
        time = self._fields.updated[self._place]
        return None if time is None else _from_timestamp(time / 1000, _UTC)

    @property
    def raw(self) -> bytes:
        """The service's own JSON for this job, byte for byte."""
        return self._fields.raw[self._place]

    @property
    def done(self) -> bool:
        """Whether the job has ended, however."""
        return self.phase is Phase.DONE

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
        return self._values() == other._values() if isinstance(other, JobData) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.provider, self.id))

    def __copy__(self: T) -> T:
        return self  # it never changes

    def __deepcopy__(self: T, _: Any) -> T:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        """Without the client: what was pickled holds no key, and cannot ask."""
        return _unpickled, (type(self), self._values())


def _unpickled(kind: Type[JobData], values: Tuple[Any, ...]) -> JobData:
    return kind(one(values))


JobT = TypeVar("JobT", bound=JobData)


def jobs_of(kind: Type[JobT], page: PageFields, client: Any) -> Iterator[JobT]:
    """The jobs of a page, in its order."""
    return map(kind, repeat(page), range(page.count), repeat(client))
