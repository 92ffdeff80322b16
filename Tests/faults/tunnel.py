"""A TCP relay that knows nothing of what it carries, and hangs up."""
from __future__ import annotations

import socket
import threading
from typing import List, Optional, Tuple

Place = Tuple[str, int]
# A request's head and more.
REMEMBERED = 16384


class Tunnel:
    """Listens at a place and carries every connection to another, until so many bytes came back;
    with `alternates`, the second, fourth, ... connection is carried whole."""

    def __init__(self, place: Place, target: Place, count: int, alternates: bool = False) -> None:
        self._target, self._count, self._alternates = target, count, alternates
        self._seen: List[bytes] = []
        self._accepted = 0
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(place)
        self._socket.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        hang_up(self._socket)
        self._socket.close()

    def has_seen(self, text: bytes) -> bool:
        """Whether a client sent it in clear, near the beginning of a connection."""
        return any(text in begun for begun in self._seen)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._accepted += 1
            breaks = not self._alternates or self._accepted % 2 == 1
            threading.Thread(target=self._carry, args=(client, self._count if breaks else None), daemon=True).start()

    def _carry(self, client: socket.socket, left: Optional[int]) -> None:
        with client, socket.create_connection(self._target, timeout=60) as server:
            upwards = threading.Thread(target=self._carry_up, args=(client, server), daemon=True)
            upwards.start()
            try:
                while left != 0:
                    data = server.recv(65536 if left is None else left)
                    if not data:
                        break
                    client.sendall(data)
                    left = None if left is None else left - len(data)
            except OSError:
                pass  # one side went away
            hang_up(client)
            hang_up(server)
            upwards.join()

    def _carry_up(self, client: socket.socket, server: socket.socket) -> None:
        begun = b""
        try:
            while data := client.recv(65536):
                begun = (begun + data)[:REMEMBERED]
                server.sendall(data)
        except OSError:
            pass
        self._seen.append(begun)
        hang_up(server)


def hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has done so itself
