"""One origin: a service behind its socket, with the journal, the faults and the common headers."""
from __future__ import annotations

import threading
import uuid
from email.utils import formatdate
from typing import Any, Sequence, Tuple

from .clock import Clock
from .faults import FaultTable
from .http1 import Request, Response
from .journal import Journal
from .wire import Plan


class Origin:
    def __init__(self, service: Any, fault_names: Sequence[str], journal: Journal,
                 faults: FaultTable, clock: Clock) -> None:
        self._service = service
        self._names = fault_names
        self._journal = journal
        self._faults = faults
        self._clock = clock
        self._answers = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Tuple[Response, Plan]:
        operation = self._service.operation(request)
        entry = self._journal.add(self._service.name, operation, request)
        chosen = self._faults.take(self._names, operation, request)
        entry["faults"] = [fault.name for fault in chosen]
        response = self._faults.answer(chosen, self._service, request)
        present = {name.lower() for name, _ in response.headers}
        common = [("Date", formatdate(self._clock.wall_time(), usegmt=True)),
                  ("x-request-id", self._request_id()), *self._service.rate_headers(response)]
        response.headers += [pair for pair in common if pair[0].lower() not in present]
        entry["status"] = response.status
        return response, self._faults.plan(chosen)

    def _request_id(self) -> str:
        with self._lock:
            self._answers += 1
            number = self._answers
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._service.name}/{number}"))
