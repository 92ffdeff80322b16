"""A TCP relay that breaks: between a client and a server that knows nothing of it."""
from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional


class Seen(NamedTuple):
    """One request that went through, with the status of its answer."""
    target: str
    headers: Dict[str, str]  # names in lower case
    status: int


class Break(NamedTuple):
    """What becomes of one answer: so many bytes of its body pass, then the connection ends."""
    count: int
    reset: bool = False
    pause: float = 0.0  # before the end, so that the client has read what passed
    meanwhile: Optional[Callable[[], None]] = None


class Relay:
    """Listens on loopback; takes one request per connection and passes it on to a port here.

    `plan` says which answer is broken: called with the target and the number of requests for it so
    far, it gives a Break or None."""

    def __init__(self, port: int, plan: Callable[[str, int], Optional[Break]]) -> None:
        self._upstream = port
        self.plan = plan
        self.seen: List[Seen] = []
        self._counts: Dict[str, int] = {}
        self._lock = threading.Lock()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def forget(self) -> None:
        with self._lock:
            self.seen, self._counts = [], {}

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                self._pass_on(client)
            except OSError:
                pass  # one side went away

    def _pass_on(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = client.recv(65536)
            if not data:
                return
            head += data
        lines = head.decode("latin-1").split("\r\n")
        target = lines[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        path = target.partition("?")[0]
        with self._lock:
            number = self._counts[path] = self._counts.get(path, 0) + 1
        found = self.plan(path, number)
        with socket.create_connection(("127.0.0.1", self._upstream), timeout=20) as server:
            server.sendall(head[:-2] + b"Connection: close\r\n\r\n")
            self._answer(client, server, found, target, headers)

    def _answer(self, client: socket.socket, server: socket.socket, found: Optional[Break], target: str,
                headers: Dict[str, str]) -> None:
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = server.recv(65536)
            if not data:
                return
            answer += data
        with self._lock:
            self.seen.append(Seen(target, headers, int(answer.split(b" ")[1])))
        left = None if found is None else answer.index(b"\r\n\r\n") + 4 + found.count
        while answer:
            piece = answer if left is None else answer[:left]
            client.sendall(piece)
            if left is not None:
                left -= len(piece)
                if left == 0:
                    break
            answer = server.recv(65536)
        if found is None:
            return
        time.sleep(found.pause)
        if found.meanwhile is not None:
            found.meanwhile()
        if found.reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
