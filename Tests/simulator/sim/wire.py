"""How the bytes of one answer leave: at once, late, slowly, or only in part."""
from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass, field
from itertools import chain
from typing import Iterable, NamedTuple, Optional

from .framing import Framing

# A reset right behind data can overtake it in the peer's kernel; this lets the data arrive first.
RESET_PAUSE = 0.02
SLOW_TICK = 0.05


class Point(NamedTuple):
    """A place in an answer, counted from its first byte or from the first of its body."""
    place: int
    of_body: bool = False

    def behind(self, head: bytes) -> int:
        return self.place + (len(head) if self.of_body else 0)


@dataclass
class Plan:
    delay: float = 0.0
    raw: Optional[bytes] = None
    stop: Optional[Point] = None
    ending: str = "keep"  # keep, fin or rst
    pause_at: Optional[Point] = None
    pause: float = 0.0
    rate: Optional[float] = None
    framing: Framing = field(default_factory=Framing)

    def send(self, sock: socket.socket, head: bytes, body: Iterable[bytes]) -> bool:
        """Send an answer as planned; True when the connection may serve another request."""
        if self.delay:
            time.sleep(self.delay)
        if self.raw is not None:
            head, body = self.raw, ()
        end = None if self.stop is None else self.stop.behind(head)
        pause = None if self.pause_at is None else self.pause_at.behind(head)
        sent = 0
        # Small answers leave in one piece; what is made while it is sent leaves as it comes.
        for piece in _joined(chain((head,), body)):
            if end is not None:
                piece = piece[:max(0, end - sent)]
            if pause is not None and sent <= pause <= sent + len(piece):
                self._pour(sock, piece[:pause - sent])
                time.sleep(self.pause)
                piece, sent, pause = piece[pause - sent:], pause, None
            self._pour(sock, piece)
            sent += len(piece)
            if end is not None and sent >= end:
                break
        if self.ending == "rst":
            _reset(sock, after_data=bool(sent))
        return self.ending == "keep" and not self.framing.lies

    def _pour(self, sock: socket.socket, data: bytes) -> None:
        if self.rate is None:
            if data:
                sock.sendall(data)
            return
        step = max(1, int(self.rate * SLOW_TICK))
        for start in range(0, len(data), step):
            sock.sendall(data[start:start + step])
            time.sleep(step / self.rate)


def _joined(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Pieces of some 64 KiB, so that many small ones do not cost a system call each."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= 65536:
            yield held[0] if len(held) == 1 else b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _reset(sock: socket.socket, after_data: bool) -> None:
    if after_data:
        time.sleep(RESET_PAUSE)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
