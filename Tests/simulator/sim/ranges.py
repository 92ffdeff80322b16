"""Ranges, conditions and validators (RFC 9110), and the ways a host gets them wrong."""
from __future__ import annotations

import itertools
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .blob import Blob, Bytes, Flow
from .http1 import Headers, Request, Response

Params = Dict[str, Any]

LAST_MODIFIED = "Fri, 12 Jun 2026 12:00:00 GMT"
_moved = itertools.count(1)


class Validators(NamedTuple):
    etag: Optional[str]
    modified: Optional[str]

    def headers(self) -> Headers:
        found = [("ETag", self.etag), ("Last-Modified", self.modified)]
        return [(name, value) for name, value in found if value is not None]

    def matches(self, wanted: str) -> bool:
        """If-Match: compared strongly, so a weak tag never does."""
        if wanted.strip() == "*":
            return True
        tags = [tag.strip() for tag in wanted.split(",")]
        return self.etag is not None and not self.etag.startswith("W/") and self.etag in tags

    def unchanged(self, condition: str) -> bool:
        """If-Range: a strong tag or the very date."""
        if condition.strip().startswith(('"', "W/")):
            return self.matches(condition)
        return self.modified is not None and condition.strip() == self.modified


def validators(blob: Blob, how: Params, version: Optional[Params]) -> Validators:
    """`how` holds the parameters of an `etag` fault, `version` those of a `change`."""
    name = blob.digest()
    if version is not None:
        name = f"{name[:-4]}c4a{len(name) % 10}" if version.get("content", "same") == "same" else name
    modified: Optional[str] = LAST_MODIFIED if version is None else "Fri, 12 Jun 2026 13:30:00 GMT"
    if how.get("modified") is False:
        modified = None
    kind = how.get("how")
    if kind == "weak":
        return Validators(f'W/"{name}"', modified)
    if kind == "none":
        return Validators(None, modified)
    if kind == "moving":
        return Validators(f'"{name}-{next(_moved)}"', modified)
    if kind == "bare":
        return Validators(name, modified)
    return Validators(f'"{name}"', modified)


def parse_range(text: str, size: int) -> Optional[Tuple[int, int]]:
    """First and last byte; first > last means unsatisfiable; None means a header to be ignored."""
    unit, _, span = text.partition("=")
    first, dash, last = span.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not (first + last).isdigit():
        return None
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    if last and int(last) < int(first):
        return None
    ends = min(int(last), size - 1) if last else size - 1
    return int(first), ends


def part_of(blob: Blob, first: int, stop: int) -> Blob:
    return Flow(stop - first, "part", lambda: blob.slices(first, stop))


class Delivery(NamedTuple):
    """One stored file on its way out."""
    blob: Blob
    tags: Validators
    headers: Headers

    def whole(self) -> Response:
        return Response(200, self.blob, "application/gzip", self._headers())

    def _headers(self) -> Headers:
        return [*self.tags.headers(), ("Accept-Ranges", "bytes"), *self.headers]

    def wanted(self, request: Request, blind: bool) -> Optional[Tuple[int, int]]:
        """The range to answer with; None for the whole file."""
        span, condition = request.header("range"), request.header("if-range")
        if span is None or (condition is not None and not blind and not self.tags.unchanged(condition)):
            return None
        return parse_range(span, self.blob.size)

    def part(self, first: int, last: int, how: Params) -> Response:
        """206, or what the parameters of a `range` fault make of it."""
        size, kind, count = self.blob.size, how.get("how"), int(how.get("bytes", 1))
        shown: Optional[str] = None
        if kind in ("ignored", "ignored_with_range"):
            answer = self.whole()
            shown = f"bytes {first}-{last}/{size}" if kind == "ignored_with_range" else None
            return _with_range(answer, shown)
        if kind == "early":
            first = max(0, first - count)
        elif kind == "late":
            first = min(last, first + count)
        elif kind == "short":
            last = max(first, min(last, first + count - 1))
        total = {"wrong_total": str(size + count), "star_total": "*"}.get(str(kind), str(size))
        begin, stop = first, last + 1
        if kind == "shifted":  # the header is as asked, the bytes are not
            begin = max(0, first - count)
            stop = begin + last + 1 - first
        if kind != "no_header":
            shown = f"bytes {first}-{last}/{total}"
        if kind == "garbled":
            shown = "bytes first-last/all"
        if kind == "multipart":
            return self._multipart(begin, stop, shown or "")
        return _with_range(Response(206, part_of(self.blob, begin, stop), "application/gzip",
                                    self._headers()), shown)

    def _multipart(self, first: int, stop: int, shown: str) -> Response:
        inner = b"".join(self.blob.slices(first, stop))
        body = (b"--SEP\r\nContent-Type: application/gzip\r\nContent-Range: " + shown.encode()
                + b"\r\n\r\n" + inner + b"\r\n--SEP--\r\n")
        return Response(206, Bytes(body), "multipart/byteranges; boundary=SEP", self._headers())


def _with_range(answer: Response, shown: Optional[str]) -> Response:
    pairs: List[Tuple[str, str]] = [] if shown is None else [("Content-Range", shown)]
    answer.headers += pairs
    return answer
