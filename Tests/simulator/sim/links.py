"""Signed links to stored files: made, checked, expired."""
from __future__ import annotations

import calendar
import threading
import time
from typing import Any, Dict, NamedTuple, Optional
from urllib.parse import parse_qsl, unquote

from .clock import Clock
from .http1 import Request
from .sigv4 import ALGORITHM, Credentials, presign, scope, signature

REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
            "X-Amz-SignedHeaders", "X-Amz-Signature")
# Storage passes over parameters of this kind, but signs them: each link is another one.
SERIAL, HOP = "x-link", "x-hop"
SKEW = 900
WEEK = 604800
STAMP = "%Y%m%dT%H%M%SZ"

Params = Dict[str, Any]


class Refusal(NamedTuple):
    """Why a link is not good, as the storage says it."""
    status: int
    code: str
    message: str
    extra: Dict[str, str] = {}


class Links:
    def __init__(self, credentials: Credentials, clock: Clock, life: int) -> None:
        self._credentials = credentials
        self._clock = clock
        self._life = life
        self._lock = threading.Lock()
        self._made = 0
        self._dead = 0  # links up to this number have expired, whatever their dates say
        self._latest: Dict[str, str] = {}

    def make(self, base: str, path: str, how: Params) -> str:
        """A fresh link; `how` holds the parameters of a `links` fault."""
        if how.get("same") and path in self._latest:
            return self._latest[path]
        with self._lock:
            self._made += 1
            serial = self._made
        begins = self._clock.wall_time() + float(how.get("date", 0))
        extra = [(SERIAL, str(serial))]
        if "hop" in how:
            extra.append((HOP, str(how["hop"])))
        link = presign(self._credentials, base, "/" + path, time.strftime(STAMP, time.gmtime(begins)),
                       int(how.get("expires", self._life)), extra)
        if "hop" not in how:
            self._latest[path] = link
        return link

    def expire(self) -> None:
        """All links made so far are from now on refused as expired."""
        self._dead = self._made

    def revive(self) -> None:
        self._dead = 0

    def check(self, request: Request, lenient: bool) -> Optional[Refusal]:
        pairs = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        query = dict(pairs)
        if any(name not in query for name in REQUIRED):
            return Refusal(403, "AccessDenied", "Access Denied")
        date = query["X-Amz-Date"]
        if query["X-Amz-Credential"] != f"{self._credentials.access_key}/{scope(date)}":
            return Refusal(403, "InvalidAccessKeyId", "The access key id in the link is not known here.")
        unsigned = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
        expected = signature(self._credentials.secret, request.header("host") or "",
                             unquote(request.path), unsigned, date, request.method)
        if (query["X-Amz-Signature"] != expected or query["X-Amz-Algorithm"] != ALGORITHM
                or query["X-Amz-SignedHeaders"] != "host"):
            return Refusal(403, "SignatureDoesNotMatch",
                           "The request signature we calculated does not match the signature you provided.")
        return None if lenient else self._check_time(query)

    def _check_time(self, query: Dict[str, str]) -> Optional[Refusal]:
        life = int(query["X-Amz-Expires"])
        if life > WEEK:
            return Refusal(400, "AuthorizationQueryParametersError",
                           "X-Amz-Expires must be less than a week (in seconds)")
        begins = calendar.timegm(time.strptime(query["X-Amz-Date"], STAMP))
        now = self._clock.wall_time()
        if begins > now + SKEW:
            return Refusal(403, "AccessDenied", "Request is not valid yet")
        serial = query.get(SERIAL)  # a link made elsewhere has none
        if now > begins + life or (serial is not None and int(serial) <= self._dead):
            return Refusal(403, "AccessDenied", "Request has expired",
                           {"X-Amz-Expires": query["X-Amz-Expires"], "Expires": iso(begins + life),
                            "ServerTime": iso(now)})
        return None


def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
