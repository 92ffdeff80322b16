"""The object storage behind signed links: signatures, expiry, ranges, conditions."""
from __future__ import annotations

import calendar
import hashlib
import time
from typing import Callable, Dict, Optional, Tuple
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape as xml_escape

from .clock import Clock
from .http1 import Headers, Request, Response
from .journal import Journal
from .sigv4 import ALGORITHM, Credentials, presign, scope, signature

CREDENTIAL_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "reach-tenant-id", "cookie")
REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
            "X-Amz-SignedHeaders", "X-Amz-Signature")
LAST_MODIFIED = "Fri, 12 Jun 2026 12:00:00 GMT"
_STAMP = "%Y%m%dT%H%M%SZ"

Reader = Callable[[str], Optional[bytes]]


class Storage:
    name = "storage"

    def __init__(self, credentials: Credentials, clock: Clock, journal: Journal, read: Reader,
                 link_ttl: int) -> None:
        self.base = ""  # known once the origin listens
        self._credentials = credentials
        self._clock = clock
        self._journal = journal
        self._read = read
        self._ttl = link_ttl

    def link(self, path: str) -> str:
        date = time.strftime(_STAMP, time.gmtime(self._clock.wall_time()))
        return presign(self._credentials, self.base, "/" + path, date, self._ttl)

    def operation(self, request: Request) -> str:
        return "results"

    def rate_headers(self, response: Response) -> Headers:
        return []

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        code, text = {400: ("InvalidArgument", "Invalid Argument"), 403: ("AccessDenied", "Access Denied"),
                      404: ("NoSuchKey", "The specified key does not exist."),
                      429: ("SlowDown", "Please reduce your request rate."),
                      500: ("InternalError", "We encountered an internal error. Please try again."),
                      503: ("SlowDown", "Please reduce your request rate."),
                      }.get(status, ("Error", "Error"))
        return _xml(status, code, message or text)

    def handle(self, request: Request) -> Response:
        if any(request.header(name) is not None for name in CREDENTIAL_HEADERS):
            self._journal.count("credentials_at_storage")
            return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        if request.method != "GET":
            return _xml(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        refusal = self._check(request)
        if refusal is not None:
            return refusal
        path = unquote(request.path)[1:]
        data = self._read(path)
        if data is None:
            return _xml(404, "NoSuchKey", "The specified key does not exist.", {"Key": path})
        return self._deliver(request, data)

    def _check(self, request: Request) -> Optional[Response]:
        raw = request.target.split("?", 1)[1] if "?" in request.target else ""
        pairs = parse_qsl(raw, keep_blank_values=True)
        query = dict(pairs)
        if any(name not in query for name in REQUIRED):
            return _xml(403, "AccessDenied", "Access Denied")
        date = query["X-Amz-Date"]
        if query["X-Amz-Credential"] != f"{self._credentials.access_key}/{scope(date)}":
            return _xml(403, "InvalidAccessKeyId", "The access key id in the link is not known here.")
        unsigned = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
        expected = signature(self._credentials.secret, request.header("host") or "",
                             unquote(request.path), unsigned, date)
        if (query["X-Amz-Signature"] != expected or query["X-Amz-Algorithm"] != ALGORITHM
                or query["X-Amz-SignedHeaders"] != "host"):
            return _xml(403, "SignatureDoesNotMatch", "The signature in the link does not fit the request.")
        ends = calendar.timegm(time.strptime(date, _STAMP)) + int(query["X-Amz-Expires"])
        if self._clock.wall_time() > ends:
            return _xml(403, "AccessDenied", "Request has expired",
                        {"X-Amz-Expires": query["X-Amz-Expires"], "Expires": _iso(ends),
                         "ServerTime": _iso(self._clock.wall_time())})
        return None

    def _deliver(self, request: Request, data: bytes) -> Response:
        etag = _etag(data)
        headers = [("ETag", etag), ("Accept-Ranges", "bytes"), ("Last-Modified", LAST_MODIFIED)]
        wanted = request.header("if-match")
        if wanted is not None and wanted != "*" and etag not in [tag.strip() for tag in wanted.split(",")]:
            return _xml(412, "PreconditionFailed", "At least one precondition did not hold.",
                        {"Condition": "If-Match"})
        condition = request.header("if-range")
        span = request.header("range")
        if span is None or (condition is not None and condition not in (etag, LAST_MODIFIED)):
            return Response(200, data, "application/gzip", headers)
        bounds = parse_range(span, len(data))
        if bounds is None:
            return Response(200, data, "application/gzip", headers)
        first, last = bounds
        if first > last:
            answer = _xml(416, "InvalidRange", "The requested range is not satisfiable",
                          {"RangeRequested": span, "ActualObjectSize": str(len(data))})
            answer.headers.append(("Content-Range", f"bytes */{len(data)}"))
            return answer
        headers.append(("Content-Range", f"bytes {first}-{last}/{len(data)}"))
        return Response(206, data[first:last + 1], "application/gzip", headers)


def parse_range(text: str, size: int) -> Optional[Tuple[int, int]]:
    """First and last byte; first > last means unsatisfiable; None means a header to be ignored."""
    unit, _, span = text.partition("=")
    first, dash, last = span.strip().partition("-")
    if unit.strip() != "bytes" or not dash or not (first + last).isdigit():
        return None
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    if last and int(last) < int(first):
        return None
    ends = min(int(last), size - 1) if last else size - 1
    return int(first), ends


def _etag(data: bytes) -> str:
    return '"' + hashlib.md5(data).hexdigest() + '"'


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _xml(status: int, code: str, message: str, extra: Optional[Dict[str, str]] = None) -> Response:
    fields = {"Code": code, "Message": message, **(extra or {})}
    inner = "".join(f"<{name}>{xml_escape(value)}</{name}>" for name, value in fields.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Response(status, body.encode(), "application/xml", [])
