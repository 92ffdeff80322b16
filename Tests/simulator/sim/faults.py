"""The table of faults and the rules by which they are applied.

A fault changes the answer before it becomes bytes, or how the bytes leave, or the service plays it
itself. A new one is a function and a line in ANSWERS or WIRES, or a line in PLAYED and its place in
the service.
"""
from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import parse_qsl, urlencode

from . import place, recipe
from .framing import Framing
from .http1 import Request, Response, json_response
from .wire import Plan, Point

Params = Dict[str, Any]
Make = Callable[[Request], Response]

OPERATIONS = ("list", "get", "results", "any")
HTML = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"


class BadFault(Exception):
    """A fault document the control origin refuses."""


# Faults that change the answer


def _content(params: Params, fallback: Any) -> Any:
    if "base64" in params:
        return base64.b64decode(params["base64"])
    return recipe.read(params["body"]) if "body" in params else fallback


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
    target = str(params["location"]).replace("{host}", request.header("host") or "")
    headers = [("Location", target.replace("{target}", request.target))]
    return _dress(Response(int(params.get("status", 302)), b"", "", headers), params)


def _html(params: Params, service: Any, request: Request, make: Make) -> Response:
    return _dress(Response(200, HTML, "text/html; charset=utf-8"), params)


def _body(params: Params, service: Any, request: Request, make: Make) -> Response:
    return _dress(Response(200, _content(params, b"")), params)


def _mutate(params: Params, service: Any, request: Request, make: Make) -> Response:
    response = make(request)
    if response.content_type == "application/json" and isinstance(response.body, bytes):
        response.body = _mutated(response.body, str(params["pointer"]), params)
    return response


def _mutated(body: bytes, pointer: str, params: Params) -> bytes:
    if params.get("delete"):
        return place.removed(body, pointer)
    if "first" in params:
        return place.begun(body, pointer, recipe.read(params["first"]))
    if "add" in params:
        old = place.number(body, pointer)
        return body if old is None else place.replaced(body, pointer, str(old + int(params["add"])).encode())
    if "raw" in params:
        return place.replaced(body, pointer, recipe.read(params["raw"]))
    # Escapes, so that a lone surrogate can be sent.
    return place.replaced(body, pointer, json.dumps(params.get("value")).encode())


def _edit(params: Params, service: Any, request: Request, make: Make) -> Response:
    response = make(request)
    if isinstance(response.body, bytes):
        body = response.body
        if "find" in params:
            body = body.replace(recipe.read(params["find"]), recipe.read(params["put"]), 1)
        body = body[:max(0, len(body) - int(params.get("drop", 0)))]
        response.body = recipe.read(params.get("prepend", "")) + body + recipe.read(params.get("append", ""))
    return _dress(response, params)


def _twisted(how: str) -> Callable[[Params, Any, Request, Make], Response]:
    """A list that misbehaves as a list: each service knows what that looks like in its dialect."""
    def apply(params: Params, service: Any, request: Request, make: Make) -> Response:
        response = make(request)
        if response.status != 200:
            return response
        first = make(_first_page(request))
        try:
            pages = json.loads(response.blob.whole()), json.loads(first.blob.whole())
        except ValueError:  # another fault has been there
            return response
        return json_response(200, service.twist(how, request, *pages))
    return apply


def _first_page(request: Request) -> Request:
    query = [pair for pair in parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
             if pair[0] not in ("cursor", "page")]
    return replace(request, target=request.path + "?" + urlencode(query))


# Faults that change how the bytes leave


def _raw(params: Params, plan: Plan) -> None:
    plan.raw = base64.b64decode(params["base64"])
    plan.ending = "fin" if params.get("close", True) else "keep"


def _point(params: Params) -> Point:
    return Point(int(params.get("bytes", 0)), params.get("of") == "body")


def _close(params: Params, plan: Plan) -> None:
    plan.stop, plan.ending = Point(0), "fin"


def _reset(params: Params, plan: Plan) -> None:
    plan.stop, plan.ending = _point(params), "rst"


def _cut(params: Params, plan: Plan) -> None:
    plan.stop, plan.ending = _point(params), "fin"


def _expire(params: Params, plan: Plan) -> None:
    if "bytes" in params:
        plan.stop, plan.ending = Point(int(params["bytes"]), True), "fin"


def _framing(params: Params, plan: Plan) -> None:
    length, chunk = params.get("length", 0), params.get("chunk")
    plan.framing = Framing(0 if length == "absent" else int(length), length == "absent",
                           None if chunk is None else max(1, int(chunk)), bool(params.get("last", True)),
                           bool(params.get("garbage")), str(params.get("version", "HTTP/1.1")))


def _delay(params: Params, plan: Plan) -> None:
    plan.delay = float(params["seconds"])


def _stall(params: Params, plan: Plan) -> None:
    plan.pause_at, plan.pause = _point(params), float(params["seconds"])


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
    "edit": Kind(_edit),
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
    "framing": Kind(_framing),
    "expire": Kind(_expire),
}
# Played by the storage, "links" by the service that makes them: their names, and what they need.
PLAYED: Dict[str, Tuple[str, ...]] = {
    "links": (), "expire": (), "lenient": (), "hops": (), "gzip": (), "lines": (), "bomb": ("size",),
    "change": (), "etag": ("how",), "blind": (), "range": ("how",),
}
# Parameters that are one of a few words, and those that describe bytes.
WORDS: Dict[Tuple[str, str], Sequence[str]] = {
    ("etag", "how"): ("weak", "none", "moving", "bare"),
    ("range", "how"): ("ignored", "ignored_with_range", "early", "late", "short", "shifted", "wrong_total",
                       "star_total", "no_header", "garbled", "multipart", "unsatisfiable"),
    ("change", "content"): ("same", "pressed", "other", "longer", "shorter"),
    ("gzip", "trailer"): ("missing", "half", "crc", "isize"),
    ("hops", "to"): ("same", "relative", "port", "host", "plain", "loop", "file", "ftp", "scheme", "userinfo",
                     "none"),
}
RECIPES = ("body", "find", "put", "prepend", "append", "first", "raw", "junk", "text", "head")


@dataclass
class Fault:
    service: str
    operation: str
    name: str
    times: int
    after: int
    having: str
    path: str
    ranged: Optional[bool]
    per_path: bool
    params: Params = field(default_factory=dict)
    seen: int = 0
    used: int = 0
    counts: Dict[str, List[int]] = field(default_factory=dict)

    def matches(self, names: Sequence[str], operation: str, request: Request) -> bool:
        return ((self.service == "any" or self.service in names) and self.operation in ("any", operation)
                and any(self.having in value for _, value in request.headers)
                and self.path in request.path
                and (self.ranged is None or self.ranged == (request.header("range") is not None)))

    def strikes(self, path: str) -> bool:
        """Counts one matching request and says whether this one is hit."""
        count = self.counts.setdefault(path if self.per_path else "", [0, 0])
        count[0] += 1
        self.seen += 1
        if count[0] <= self.after or (self.times >= 0 and count[1] >= self.times):
            return False
        count[1] += 1
        self.used += 1
        return True


class FaultTable:
    def __init__(self, twists: Dict[str, Sequence[str]]) -> None:
        self._twists = twists  # per service: which list misbehaviours it knows
        self._lock = threading.Lock()
        self._faults: List[Fault] = []
        self.on_clear: Callable[[], None] = lambda: None

    def add(self, document: Any) -> int:
        fault = self._read(document)
        with self._lock:
            self._faults.append(fault)
            return len(self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults = []
        self.on_clear()

    def report(self) -> List[Params]:
        with self._lock:
            return [{name: value for name, value in vars(fault).items() if name != "counts"}
                    for fault in self._faults]

    def take(self, names: Sequence[str], operation: str, request: Request) -> List[Fault]:
        """The faults that hit this request, in the order they were added."""
        with self._lock:
            return [fault for fault in self._faults
                    if fault.matches(names, operation, request) and fault.strikes(request.path)]

    def answer(self, chosen: Sequence[Fault], service: Any, request: Request) -> Response:
        make: Make = service.handle
        for fault in chosen:
            if fault.name in PLAYED:
                request.notes[fault.name] = fault.params
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
        ranged = params.pop("ranged", None)
        fault = Fault(str(params.pop("service", "any")), str(params.pop("operation", "any")),
                      str(params.pop("fault", "")), int(params.pop("times", 1)),
                      int(params.pop("after", 0)), str(params.pop("having", "")), str(params.pop("path", "")),
                      None if ranged is None else bool(ranged), params.pop("per", "") == "path", params)
        self._check(fault)
        return fault

    def _check(self, fault: Fault) -> None:
        known = {**{name: kind.needs for name, kind in {**ANSWERS, **WIRES}.items()}, **PLAYED}
        if fault.name not in known:
            raise BadFault("unknown fault; known: " + ", ".join(known))
        if fault.operation not in OPERATIONS or fault.service not in ("any", "storage", *self._twists):
            raise BadFault("unknown service or operation")
        missing = [name for name in known[fault.name] if name not in fault.params]
        if missing:
            raise BadFault("missing: " + ", ".join(missing))
        for (name, member), words in WORDS.items():
            if fault.name == name and fault.params.get(member, words[0]) not in words:
                raise BadFault(f"{member} must be one of: {', '.join(words)}")
        for name in RECIPES:
            if name in fault.params:
                recipe.read(fault.params[name])
        if fault.name == "range":
            fault.ranged = True
        if fault.name in TWISTS:
            fault.operation = "list"
            if fault.name not in self._twists.get(fault.service, ()):
                raise BadFault(f"{fault.service} has no such list fault")


def _around(fault: Fault, service: Any, make: Make) -> Make:
    return lambda request: ANSWERS[fault.name].apply(fault.params, service, request, make)
