"""HTTP/1.1 by hand: requests off a socket, answers as bytes, one thread per connection."""
from __future__ import annotations

import itertools
import json
import socket
import ssl
import sys
import threading
import traceback
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, Union
from urllib.parse import parse_qsl, unquote

from .blob import Blob, Bytes
from .framing import Framing
from .wire import Plan

Headers = List[Tuple[str, str]]

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 64 * 1024 * 1024


class BadRequest(Exception):
    """Bytes that are not HTTP/1.1; the connection ends with a 400."""


@dataclass
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes
    connection: int
    keep_alive: bool
    # Faults that the service plays itself, by name; nothing of them was on the wire.
    notes: Dict[str, Dict[str, Any]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    @property
    def segments(self) -> List[str]:
        """Path segments, decoded only after the split: an escaped slash stays inside one."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    @property
    def query(self) -> Dict[str, str]:
        raw = self.target.split("?", 1)[1] if "?" in self.target else ""
        return dict(parse_qsl(raw, keep_blank_values=True))

    def header(self, name: str) -> Optional[str]:
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


@dataclass
class Response:
    status: int
    body: Union[bytes, Blob] = b""
    content_type: str = "application/json"
    headers: Headers = field(default_factory=list)

    @property
    def bodiless(self) -> bool:
        return self.status in (204, 304)

    @property
    def blob(self) -> Blob:
        return Bytes(self.body) if isinstance(self.body, bytes) else self.body

    def head(self, keep_alive: bool, framing: Framing) -> bytes:
        lines = [f"{framing.version} {self.status} {reason(self.status)}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        framed = [] if self.bodiless else framing.headers(self.blob.size)
        lines += [f"{name}: {value}" for name, value in framed + self.headers]
        if not keep_alive or framing.lies:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def content(self, method: str, framing: Framing) -> Iterable[bytes]:
        return () if method == "HEAD" or self.bodiless else framing.dress(self.blob)


def reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def json_response(status: int, value: Any, headers: Optional[Headers] = None) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, "application/json", list(headers or []))


class Connection:
    """The reading half of one connection."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self._buffer = bytearray()

    def read_request(self) -> Optional[Request]:
        """The next request, or None when the peer is done."""
        head = self._read_head()
        if head is None:
            return None
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest("request line")
        headers = [self._header(line) for line in lines[1:]]
        request = Request(words[0], words[1], headers, b"", self.number, True)
        choice = (request.header("connection") or "").lower()
        request.keep_alive = "close" not in choice and (words[2] == "HTTP/1.1" or "keep-alive" in choice)
        request.body = self._read_body(request)
        return request

    @staticmethod
    def _header(line: str) -> Tuple[str, str]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest("header line")
        return name, value.strip(" \t")

    def _read_head(self) -> Optional[bytes]:
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end >= 0:
                head = bytes(self._buffer[:end])
                del self._buffer[:end + 4]
                return head
            if len(self._buffer) > HEAD_LIMIT:
                raise BadRequest("head too long")
            if not self._fill():
                return None

    def _read_body(self, request: Request) -> bytes:
        if (request.header("expect") or "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            return self._read_chunks()
        text = request.header("content-length") or "0"
        if not text.isdigit() or int(text) > BODY_LIMIT:
            raise BadRequest("content-length")
        return self._take(int(text))

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            try:
                size = int(self._line().split(b";")[0], 16)
            except ValueError:
                raise BadRequest("chunk size")
            if size == 0:
                while self._line():
                    pass
                return bytes(body)
            body += self._take(size)
            self._line()
            if len(body) > BODY_LIMIT:
                raise BadRequest("body too long")

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if not self._fill():
                raise BadRequest("cut inside a body")
        line, _, rest = bytes(self._buffer).partition(b"\r\n")
        self._buffer[:] = rest
        return line

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not self._fill():
                raise BadRequest("cut inside a body")
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)


Application = Callable[[Request], Tuple[Response, Plan]]


class Listener:
    """A listening socket whose connections are all served by one application."""

    def __init__(self, host: str, port: int, application: Application, numbers: Iterator[int],
                 tls: Optional[ssl.SSLContext] = None) -> None:
        self.application = application
        self._numbers = numbers
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(512)
        self.port: int = self._socket.getsockname()[1]
        scheme = "https" if tls else "http"
        shown = f"[{host}]" if ":" in host else host
        self.base = f"{scheme}://{shown}:{self.port}"

    def start(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            number = next(self._numbers)
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._converse(Connection(sock, number))
        except OSError:
            pass  # the peer went away, which is its right
        finally:
            sock.close()

    def _converse(self, connection: Connection) -> None:
        while True:
            try:
                request = connection.read_request()
            except BadRequest as problem:
                answer = Response(400, str(problem).encode(), "text/plain")
                Plan().send(connection.sock, answer.head(False, Framing()), answer.blob.slices())
                return
            if request is None:
                return
            response, plan = self._answer(request)
            head = response.head(request.keep_alive, plan.framing)
            kept = plan.send(connection.sock, head, response.content(request.method, plan.framing))
            if not (kept and request.keep_alive):
                return

    def _answer(self, request: Request) -> Tuple[Response, Plan]:
        try:
            return self.application(request)
        except Exception:  # a bug of the simulator: say so loudly and keep serving
            traceback.print_exc(file=sys.stderr)
            return Response(500, b"simulator bug, see its stderr", "text/plain"), Plan()


def connection_numbers() -> Iterator[int]:
    """Shared by all listeners, so that a number names one connection of the whole run."""
    return itertools.count(1)
