"""The table of faults and the rules by which they are applied.

A fault either changes the answer before it becomes bytes, or how the bytes leave. A new one is a
function and a line in ANSWERS or WIRES.
"""
from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple
from urllib.parse import parse_qsl, urlencode

from .http1 import Request, Response, json_response
from .wire import Plan

Params = Dict[str, Any]
Make = Callable[[Request], Response]

OPERATIONS = ("list", "get", "results", "any")
HTML = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"


class BadFault(Exception):
    """A fault document the control origin refuses."""


# Faults that change the answer


def _content(params: Params, fallback: bytes) -> bytes:
    if "base64" in params:
        return base64.b64decode(params["base64"])
    return str(params["body"]).encode() if "body" in params else fallback


def _dress(response: Response, params: Params) -> Response:
    """Apply the `headers` and `content_type` parameters; a named header replaces the usual one."""
    extra = [(str(name), str(value)) for name, value in params.get("headers", {}).items()]
    names = {name.lower() for name, _ in extra}
    response.headers = [pair for pair in response.headers if pair[0].lower() not in names] + extra
    response.content_type = params.get("content_type", response.content_type)
    return response


def _status(params: Params, service: Any, request: Request, make: Make) -> Response:
    status = int(params["status"])
    response = service.error(status, params.get("message"), params.get("retry_in", 1))
    response.body = _content(params, response.body)
    return _dress(response, params)


def _redirect(params: Params, service: Any, request: Request, make: Make) -> Response:
    headers = [("Location", str(params["location"]))]
    return _dress(Response(int(params.get("status", 302)), b"", "", headers), params)


def _html(params: Params, service: Any, request: Request, make: Make) -> Response:
    return _dress(Response(200, HTML, "text/html; charset=utf-8"), params)


def _body(params: Params, service: Any, request: Request, make: Make) -> Response:
    return _dress(Response(200, _content(params, b"")), params)


def _mutate(params: Params, service: Any, request: Request, make: Make) -> Response:
    response = make(request)
    if response.content_type != "application/json":
        return response
    value = _patched(json.loads(response.body), str(params["pointer"]), params)
    response.body = json.dumps(value).encode()  # escapes, so that a lone surrogate can be sent
    return response


def _patched(document: Any, pointer: str, params: Params) -> Any:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if not steps:
        return params.get("value")
    holder = document
    try:
        for step in steps[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
        if params.get("delete"):
            del holder[last]
        else:
            holder[last] = params.get("value")
    except (KeyError, IndexError, ValueError, TypeError):
        pass  # this answer has no such place: it goes out as it is
    return document


def _twisted(how: str) -> Callable[[Params, Any, Request, Make], Response]:
    """A list that misbehaves as a list: each service knows what that looks like in its dialect."""
    def apply(params: Params, service: Any, request: Request, make: Make) -> Response:
        response = make(request)
        if response.status != 200:
            return response
        first = make(_first_page(request))
        value = service.twist(how, request, json.loads(response.body), json.loads(first.body))
        return json_response(200, value)
    return apply


def _first_page(request: Request) -> Request:
    query = [pair for pair in parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
             if pair[0] not in ("cursor", "page")]
    return replace(request, target=request.path + "?" + urlencode(query))


# Faults that change how the bytes leave


def _raw(params: Params, plan: Plan) -> None:
    plan.raw = base64.b64decode(params["base64"])
    plan.ending = "fin" if params.get("close", True) else "keep"


def _close(params: Params, plan: Plan) -> None:
    plan.stop_after, plan.ending = 0, "fin"


def _reset(params: Params, plan: Plan) -> None:
    plan.stop_after, plan.ending = int(params.get("bytes", 0)), "rst"


def _cut(params: Params, plan: Plan) -> None:
    plan.stop_after, plan.ending = int(params["bytes"]), "fin"


def _delay(params: Params, plan: Plan) -> None:
    plan.delay = float(params["seconds"])


def _stall(params: Params, plan: Plan) -> None:
    plan.pause_at, plan.pause = int(params.get("bytes", 0)), float(params["seconds"])


def _slow(params: Params, plan: Plan) -> None:
    plan.rate = float(params["rate"])


class Kind(NamedTuple):
    apply: Callable[..., Any]
    needs: Tuple[str, ...] = ()


TWISTS = ("same_cursor", "same_rows", "empty_page")
ANSWERS: Dict[str, Kind] = {
    "status": Kind(_status, ("status",)),
    "redirect": Kind(_redirect, ("location",)),
    "html": Kind(_html),
    "body": Kind(_body),
    "mutate": Kind(_mutate, ("pointer",)),
    **{name: Kind(_twisted(name)) for name in TWISTS},
}
WIRES: Dict[str, Kind] = {
    "raw": Kind(_raw, ("base64",)),
    "close": Kind(_close),
    "reset": Kind(_reset),
    "cut": Kind(_cut, ("bytes",)),
    "delay": Kind(_delay, ("seconds",)),
    "stall": Kind(_stall, ("seconds",)),
    "slow": Kind(_slow, ("rate",)),
}


@dataclass
class Fault:
    service: str
    operation: str
    name: str
    times: int
    after: int
    having: str
    params: Params = field(default_factory=dict)
    seen: int = 0
    used: int = 0

    def matches(self, names: Sequence[str], operation: str, request: Request) -> bool:
        return ((self.service == "any" or self.service in names) and self.operation in ("any", operation)
                and any(self.having in value for _, value in request.headers))

    def strikes(self) -> bool:
        """Counts one matching request and says whether this one is hit."""
        self.seen += 1
        if self.seen <= self.after or (self.times >= 0 and self.used >= self.times):
            return False
        self.used += 1
        return True


class FaultTable:
    def __init__(self, twists: Dict[str, Sequence[str]]) -> None:
        self._twists = twists  # per service: which list misbehaviours it knows
        self._lock = threading.Lock()
        self._faults: List[Fault] = []

    def add(self, document: Any) -> int:
        fault = self._read(document)
        with self._lock:
            self._faults.append(fault)
            return len(self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def report(self) -> List[Params]:
        with self._lock:
            return [dict(vars(fault)) for fault in self._faults]

    def take(self, names: Sequence[str], operation: str, request: Request) -> List[Fault]:
        """The faults that hit this request, in the order they were added."""
        with self._lock:
            return [fault for fault in self._faults
                    if fault.matches(names, operation, request) and fault.strikes()]

    def answer(self, chosen: Sequence[Fault], service: Any, request: Request) -> Response:
        make: Make = service.handle
        for fault in chosen:
            if fault.name in ANSWERS:
                make = _around(fault, service, make)
        return make(request)

    def plan(self, chosen: Sequence[Fault]) -> Plan:
        plan = Plan()
        for fault in chosen:
            if fault.name in WIRES:
                WIRES[fault.name].apply(fault.params, plan)
        return plan

    def _read(self, document: Any) -> Fault:
        if not isinstance(document, dict):
            raise BadFault("a fault is a JSON object")
        params = dict(document)
        fault = Fault(str(params.pop("service", "any")), str(params.pop("operation", "any")),
                      str(params.pop("fault", "")), int(params.pop("times", 1)),
                      int(params.pop("after", 0)), str(params.pop("having", "")), params)
        kind = ANSWERS.get(fault.name) or WIRES.get(fault.name)
        if kind is None:
            raise BadFault("unknown fault; known: " + ", ".join([*ANSWERS, *WIRES]))
        if fault.operation not in OPERATIONS or fault.service not in ("any", "storage", *self._twists):
            raise BadFault("unknown service or operation")
        missing = [name for name in kind.needs if name not in params]
        if missing:
            raise BadFault("missing: " + ", ".join(missing))
        if fault.name in TWISTS:
            fault.operation = "list"
            if fault.name not in self._twists.get(fault.service, ()):
                raise BadFault(f"{fault.service} has no such list fault")
        return fault


def _around(fault: Fault, service: Any, make: Make) -> Make:
    return lambda request: ANSWERS[fault.name].apply(fault.params, service, request, make)
