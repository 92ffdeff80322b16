"""The object storage behind signed links: credentials, links, redirects, conditions, ranges."""
from __future__ import annotations

from typing import Any, Callable, Dict, Optional
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape as xml_escape

from .blob import Blob
from .http1 import Headers, Request, Response
from .journal import Journal
from .links import HOP, Links, Refusal
from .ranges import Delivery, validators

CREDENTIAL_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "reach-tenant-id", "cookie",
                      "proxy-authorization")

Params = Dict[str, Any]
Reader = Callable[[str, Dict[str, Params]], Optional[Blob]]


class Storage:
    name = "storage"

    def __init__(self, links: Links, journal: Journal, read: Reader) -> None:
        # Where it can be reached: "storage", "mirror", "plain"; known once the origins listen.
        self.bases: Dict[str, str] = {}
        self._links = links
        self._journal = journal
        self._read = read

    def link(self, path: str, how: Params) -> str:
        return self._links.make(how.get("base") or self.bases["storage"], path, how)

    def operation(self, request: Request) -> str:
        return "results"

    def rate_headers(self, response: Response) -> Headers:
        return []

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        code, text = {400: ("InvalidArgument", "Invalid Argument"), 403: ("AccessDenied", "Access Denied"),
                      404: ("NoSuchKey", "The specified key does not exist."),
                      412: ("PreconditionFailed", "At least one precondition did not hold."),
                      416: ("InvalidRange", "The requested range is not satisfiable"),
                      429: ("SlowDown", "Please reduce your request rate."),
                      500: ("InternalError", "We encountered an internal error. Please try again."),
                      503: ("SlowDown", "Please reduce your request rate."),
                      }.get(status, ("Error", "Error"))
        return _xml(Refusal(status, code, message or text))

    def handle(self, request: Request) -> Response:
        if any(request.header(name) is not None for name in CREDENTIAL_HEADERS):
            self._journal.count("credentials_at_storage")
            return _xml(Refusal(400, "InvalidArgument", "Only one auth mechanism allowed"))
        if request.method not in ("GET", "HEAD"):
            return _xml(Refusal(405, "MethodNotAllowed",
                                "The specified method is not allowed against this resource."))
        expire = request.notes.get("expire")
        if expire is not None and "bytes" not in expire:
            self._links.expire()
        refusal = self._links.check(request, "lenient" in request.notes)
        if refusal is not None:
            return _xml(refusal)
        if expire is not None:
            self._links.expire()
        path = unquote(request.path)[1:]
        hops = request.notes.get("hops")
        if hops is not None and int(request.query.get(HOP, "0")) < int(hops.get("count", 1)) % (1 << 30):
            return self._redirect(request, path, hops)
        blob = self._read(path, request.notes)
        if blob is None:
            return _xml(Refusal(404, "NoSuchKey", "The specified key does not exist.", {"Key": path}))
        return self._deliver(request, blob)

    def _deliver(self, request: Request, blob: Blob) -> Response:
        notes = request.notes
        gzip = notes.get("gzip", {})
        headers = [("Content-Encoding", str(gzip["encoding"]))] if "encoding" in gzip else []
        delivery = Delivery(blob, validators(blob, notes.get("etag", {}), notes.get("change")), headers)
        blind = "blind" in notes
        wanted = request.header("if-match")
        if wanted is not None and not blind and not delivery.tags.matches(wanted):
            return _xml(Refusal(412, "PreconditionFailed", "At least one precondition did not hold.",
                                {"Condition": "If-Match"}))
        bounds = delivery.wanted(request, blind)
        how = notes.get("range", {})
        if bounds is None:
            return delivery.whole()
        if bounds[0] > bounds[1] or how.get("how") == "unsatisfiable":
            return self._unsatisfiable(request, blob)
        return delivery.part(bounds[0], bounds[1], how)

    @staticmethod
    def _unsatisfiable(request: Request, blob: Blob) -> Response:
        answer = _xml(Refusal(416, "InvalidRange", "The requested range is not satisfiable",
                              {"RangeRequested": request.header("range") or "", "ActualObjectSize": str(blob.size)}))
        answer.headers.append(("Content-Range", f"bytes */{blob.size}"))
        return answer

    # Redirects

    def _redirect(self, request: Request, path: str, hops: Params) -> Response:
        """To the same file under another link; the number of the hop is in the link."""
        target = self._target(request, path, str(hops.get("to", "same")), int(request.query.get(HOP, "0")) + 1)
        headers = [] if target is None else [("Location", target)]
        return Response(int(hops.get("status", 302)), b"", "", headers)

    def _target(self, request: Request, path: str, to: str, hop: int) -> Optional[str]:
        here = f"{urlsplit(self.bases['storage']).scheme}://{request.header('host')}"
        if to == "none":
            return None
        if to == "loop":
            return here + request.target
        if to in ("file", "ftp", "scheme"):
            return {"file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "scheme": "gopher://127.0.0.1/x"}[to]
        base = {"same": here, "relative": here, "userinfo": here, "port": self.bases["mirror"],
                "plain": self.bases["plain"], "host": _other_name(self.bases["storage"])}[to]
        link = self._links.make(base, path, {"hop": hop})
        if to == "relative":
            return link[len(base):]
        if to == "userinfo":
            return link.replace("://", "://user:secret@", 1)
        return link


def _other_name(base: str) -> str:
    """The same place under another name."""
    parts = urlsplit(base)
    name = "127.0.0.1" if parts.hostname == "localhost" else "localhost"
    return f"{parts.scheme}://{name}:{parts.port}"


def _xml(refusal: Refusal) -> Response:
    fields = {"Code": refusal.code, "Message": refusal.message, **refusal.extra}
    inner = "".join(f"<{name}>{xml_escape(value)}</{name}>" for name, value in fields.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Response(refusal.status, body.encode(), "application/xml", [])
