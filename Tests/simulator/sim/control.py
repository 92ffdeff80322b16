"""The control origin: what was asked, what the truth is, and which faults and times apply."""
from __future__ import annotations

import base64
import json
from typing import Any, Callable, Dict, Tuple

from .clock import DATA_EPOCH, Clock
from .faults import BadFault, FaultTable
from .http1 import Request, Response, json_response
from .journal import Journal
from .services.base import Service
from .wire import Plan

Handler = Callable[[Request], Any]


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
                service.busy = [age + float(seconds) for seconds in document["busy"]]

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
        return {"records": [base64.b64encode(data).decode() for data in truth.records],
                "outcomes": truth.outcomes, "keys": truth.keys}

    def _service(self, name: str) -> Service:
        if name not in self._services:
            raise NotThere("no such service")
        return self._services[name]
