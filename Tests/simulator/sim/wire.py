"""How the bytes of one answer leave: at once, late, slowly, or only in part."""
from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import Optional

# A reset right behind data can overtake it in the peer's kernel; this lets the data arrive first.
RESET_PAUSE = 0.02
SLOW_TICK = 0.05


@dataclass
class Plan:
    delay: float = 0.0
    raw: Optional[bytes] = None
    stop_after: Optional[int] = None
    ending: str = "keep"  # keep, fin or rst
    pause_at: Optional[int] = None
    pause: float = 0.0
    rate: Optional[float] = None

    def send(self, sock: socket.socket, data: bytes) -> bool:
        """Send `data` as planned; True when the connection may serve another request."""
        if self.delay:
            time.sleep(self.delay)
        if self.raw is not None:
            data = self.raw
        if self.stop_after is not None:
            data = data[:self.stop_after]
        if self.pause_at is not None:
            self._pour(sock, data[:self.pause_at])
            time.sleep(self.pause)
            data = data[self.pause_at:]
        self._pour(sock, data)
        if self.ending == "rst":
            _reset(sock, after_data=bool(data))
        return self.ending == "keep"

    def _pour(self, sock: socket.socket, data: bytes) -> None:
        if self.rate is None:
            if data:
                sock.sendall(data)
            return
        step = max(1, int(self.rate * SLOW_TICK))
        for start in range(0, len(data), step):
            sock.sendall(data[start:start + step])
            time.sleep(step / self.rate)


def _reset(sock: socket.socket, after_data: bool) -> None:
    if after_data:
        time.sleep(RESET_PAUSE)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
