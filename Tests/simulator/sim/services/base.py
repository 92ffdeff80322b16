"""What every simulated service offers to the rest of the simulator."""
from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..clock import Clock
from ..content import Content
from ..dice import Uuids, key_for
from ..http1 import Headers, Request, Response
from ..timeline import PINNED, Job, job_at


class Truth(NamedTuple):
    """The records of one job: exact bytes, with outcome and key where the service has them."""
    records: Sequence[bytes]
    outcomes: Optional[Sequence[str]]
    keys: Optional[Sequence[str]]


_UNTOUCHED = Content(0)


class Service:
    name = ""
    twists: Sequence[str] = ()  # the list misbehaviours this service can show

    def __init__(self, seed: int, jobs: int, clock: Clock) -> None:
        self.key = key_for(seed, self.name)
        self.count = jobs
        self.clock = clock
        self.vectors: Any = False  # set by the control origin: answer with the documents' examples
        self.busy: Sequence[Tuple[float, float]] = ()  # likewise: when the newest jobs run, in job time
        self.given: Dict[int, Content] = {}  # what the command line says of single jobs
        self.contents: Dict[int, Content] = {}  # jobs whose records a test has replaced, and those
        self._uuids = Uuids(self.key)

    # Jobs

    def id_of(self, index: int) -> str:
        return self._uuids.make(index)

    def index_of(self, job_id: str) -> Optional[int]:
        index = self._uuids.index(job_id)
        return index if index is not None and index < self.count else None

    def content(self, index: int) -> Content:
        return self.contents.get(index, _UNTOUCHED)

    def replaced(self, index: int) -> Optional[Sequence[bytes]]:
        """The records a test gave this job, if it is done; None where those of the seed count."""
        found = self.content(index).records
        return found if found is not None and self.job(index).state == "done" else None

    def job(self, index: int) -> Job:
        return self.jobs([index])[0]

    def jobs(self, indexes: Sequence[int]) -> List[Job]:
        """Several jobs at one instant, so that a page is consistent in itself."""
        now = self.clock.job_time()
        busy = self.busy
        return [job_at(self.key, index, now, busy[index] if index < len(busy) else None)
                for index in indexes]

    def pinned(self, kind: str) -> Optional[str]:
        index = PINNED.index(kind)
        return self.id_of(index) if index < self.count else None

    def samples(self) -> Dict[str, Optional[str]]:
        return {kind: self.pinned(kind) for kind in PINNED}

    def truth(self, job_id: str) -> Optional[Truth]:
        raise NotImplementedError

    # HTTP

    def operation(self, request: Request) -> str:
        """list, get or other: what faults are matched with."""
        raise NotImplementedError

    def handle(self, request: Request) -> Response:
        raise NotImplementedError

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        """The service's own error body for a status."""
        raise NotImplementedError

    def twist(self, how: str, request: Request, answer: Any, first: Any) -> Any:
        """The list answer spoilt as `how` says; `first` is page one of the same listing."""
        raise NotImplementedError

    def rate_headers(self, response: Response) -> Headers:
        """Rate-limit headers the service puts on every answer; none unless it documents some."""
        return []


def bearer(request: Request) -> Optional[str]:
    value = request.header("authorization") or ""
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def whole_number(text: str) -> Optional[int]:
    """A plain decimal integer, as a query parameter spells it."""
    digits = text[1:] if text.startswith("-") else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
