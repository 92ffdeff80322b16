"""Where an answer's body ends, as HTTP/1.1 says it: rightly, wrongly or not at all."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

from .blob import Blob

Headers = List[Tuple[str, str]]


@dataclass
class Framing:
    extra: int = 0  # added to the length that is announced
    silent: bool = False  # no length: the body ends with the connection
    chunk: Optional[int] = None  # chunked, in chunks of this size
    last: bool = True  # whether the last chunk comes
    garbage: bool = False  # a chunk size that is no number, in place of the last chunk
    version: str = "HTTP/1.1"

    @property
    def lies(self) -> bool:
        """Whether the connection is of no use behind this answer."""
        return bool(self.extra) or self.silent or not self.last or self.garbage

    def headers(self, size: int) -> Headers:
        if self.chunk is not None:
            return [("Transfer-Encoding", "chunked")]
        return [] if self.silent else [("Content-Length", str(max(0, size + self.extra)))]

    def dress(self, body: Blob) -> Iterator[bytes]:
        if self.chunk is None:
            yield from body.slices()
            return
        for piece in _cut(body, self.chunk):
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        if self.garbage:
            yield b"zz\r\n"
        elif self.last:
            yield b"0\r\n\r\n"


def _cut(body: Blob, size: int) -> Iterator[bytes]:
    held = b""
    for piece in body.slices():
        held += piece
        whole = len(held) // size * size
        for at in range(0, whole, size):
            yield held[at:at + size]
        held = held[whole:]
    if held:
        yield held
