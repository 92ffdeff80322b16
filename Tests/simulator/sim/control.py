"""The control origin: what was asked, what the truth is, and which faults and times apply."""
from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Callable, Dict, Tuple

from . import content
from .clock import DATA_EPOCH, Clock
from .faults import BadFault, FaultTable
from .http1 import Request, Response, json_response
from .journal import Journal
from .services.base import Service
from .wire import Plan

Handler = Callable[[Request], Any]


# Records in one answer unless more are asked for: a job may hold millions.
TRUTH_LIMIT = 100000


class NotThere(Exception):
    """No such service or job."""


class Control:
    def __init__(self, services: Dict[str, Service], journal: Journal, faults: FaultTable,
                 clock: Clock) -> None:
        self._services = services
        self._journal = journal
        self._faults = faults
        self._clock = clock
        self._routes: Dict[Tuple[str, str], Handler] = {
            ("GET", "requests"): lambda request: journal.report(),
            ("DELETE", "requests"): lambda request: journal.clear(),
            ("GET", "faults"): lambda request: faults.report(),
            ("PUT", "faults"): lambda request: {"fault": faults.add(json.loads(request.body))},
            ("DELETE", "faults"): lambda request: faults.clear(),
            ("GET", "clock"): lambda request: self._times(),
            ("PUT", "clock"): self._advance,
            ("PUT", "settings"): self._set,
            ("PUT", "content"): self._fill,
            ("DELETE", "content"): lambda request: self._empty(),
            ("GET", "truth"): self._truth,
        }

    def __call__(self, request: Request) -> Tuple[Response, Plan]:
        handler = self._routes.get((request.method, request.segments[0]))
        if handler is None:
            return json_response(404, {"error": "no such route"}), Plan()
        try:
            value = handler(request)
        except NotThere as problem:
            return json_response(404, {"error": str(problem)}), Plan()
        except (BadFault, ValueError, TypeError, KeyError) as problem:
            return json_response(400, {"error": repr(problem)}), Plan()
        return json_response(200, {"ok": True} if value is None else value), Plan()

    def _times(self) -> Dict[str, float]:
        return {"job_time": self._clock.job_time(), "wall_time": self._clock.wall_time()}

    def _advance(self, request: Request) -> Dict[str, float]:
        self._clock.advance(float(json.loads(request.body)["advance"]))
        return self._times()

    def _set(self, request: Request) -> None:
        """{"vectors": false | true | "generic", "busy": seconds of the newest jobs, "service": one
        service, all of them when left out}."""
        document = json.loads(request.body)
        name = document.get("service")
        chosen = [self._service(name)] if name else self._services.values()
        for service in chosen:
            service.vectors = document.get("vectors", service.vectors)
            if "busy" in document:
                age = self._clock.job_time() - DATA_EPOCH
                service.busy = [(age, age + float(seconds)) for seconds in document["busy"]]

    def _fill(self, request: Request) -> Dict[str, Any]:
        """{"service", "job": id or "sample": which, ...}; the job is answered with its new count."""
        document = json.loads(request.body)
        service = self._service(document.pop("service"))
        sample = service.samples().get(document.pop("sample", ""))
        job_id = str(document.pop("job", sample))
        index = service.index_of(job_id)
        if index is None:
            raise NotThere("no such job")
        service.contents[index] = content.read(document)
        truth = service.truth(job_id)
        return {"job": job_id, "records": len(truth.records) if truth is not None else 0}

    def _empty(self) -> None:
        for service in self._services.values():
            service.contents = dict(service.given)

    def _truth(self, request: Request) -> Any:
        parts = request.segments
        service = self._service(parts[1])
        if parts[2:] == ["jobs"]:
            offset = int(request.query.get("offset", "0"))
            limit = int(request.query.get("limit", str(service.count)))
            return [service.id_of(index) for index in range(offset, min(offset + limit, service.count))]
        if parts[2:3] != ["results"] or len(parts) != 4:
            raise NotThere("no such route")
        truth = service.truth(parts[3])
        if truth is None:
            raise NotThere("no such job")
        count = len(truth.records)
        first = min(count, int(request.query.get("offset", "0")))
        stop = min(count, first + int(request.query.get("limit", str(TRUTH_LIMIT))))
        found = {"count": count, "records": [base64.b64encode(data).decode() for data in truth.records[first:stop]],
                 "outcomes": truth.outcomes and truth.outcomes[first:stop],
                 "keys": truth.keys and truth.keys[first:stop]}
        return {**found, "sha256": _sum(truth.records)} if "digest" in request.query else found

    def _service(self, name: str) -> Service:
        if name not in self._services:
            raise NotThere("no such service")
        return self._services[name]


def _sum(records: Any) -> str:
    """Of all records, each with a line feed behind it."""
    total = hashlib.sha256()
    for record in records:
        total.update(record + b"\n")
    return total.hexdigest()
