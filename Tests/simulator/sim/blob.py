"""Bytes that need not all exist: objects and answers of any size, read slice by slice."""
from __future__ import annotations

import hashlib
from typing import Callable, Iterator, Optional, Sequence

SLICE = 256 * 1024


class Blob:
    size = 0

    def slices(self, start: int = 0, stop: Optional[int] = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces of no promised size."""
        raise NotImplementedError

    def digest(self) -> str:
        """Names the content, in constant time for what is made by rule."""
        raise NotImplementedError

    def whole(self) -> bytes:
        return b"".join(self.slices())

    def _stop(self, stop: Optional[int]) -> int:
        return self.size if stop is None else min(stop, self.size)


class Bytes(Blob):
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def slices(self, start: int = 0, stop: Optional[int] = None) -> Iterator[bytes]:
        end = self._stop(stop)
        if start == 0 and end == self.size <= SLICE:
            yield self._data
            return
        view = memoryview(self._data)
        for at in range(start, end, SLICE):
            yield bytes(view[at:min(at + SLICE, end)])

    def digest(self) -> str:
        return hashlib.md5(self._data).hexdigest()


class Repeat(Blob):
    """The same bytes many times over."""

    def __init__(self, unit: bytes, times: int) -> None:
        self._unit = unit
        self._times = times
        self.size = len(unit) * times
        # Small units are sent many at once.
        copies = min(times, max(1, SLICE // len(unit))) if unit else 1
        self._block = unit * copies

    def slices(self, start: int = 0, stop: Optional[int] = None) -> Iterator[bytes]:
        end, step = self._stop(stop), len(self._block)
        at = start
        while at < end:
            offset = at % step
            piece = self._block[offset:offset + end - at] if offset or end - at < step else self._block
            yield piece
            at += len(piece)

    def digest(self) -> str:
        return hashlib.md5(self._unit + b"*%d" % self._times).hexdigest()


class Join(Blob):
    def __init__(self, parts: Sequence[Blob]) -> None:
        self._parts = parts
        self.size = sum(part.size for part in parts)

    def slices(self, start: int = 0, stop: Optional[int] = None) -> Iterator[bytes]:
        end, before = self._stop(stop), 0
        for part in self._parts:
            first, last = max(0, start - before), min(part.size, end - before)
            if first < last:
                yield from part.slices(first, last)
            before += part.size

    def digest(self) -> str:
        if len(self._parts) == 1:
            return self._parts[0].digest()
        names = "".join(part.digest() for part in self._parts)
        return f"{hashlib.md5(names.encode()).hexdigest()}-{len(self._parts)}"


class Flow(Blob):
    """Made while it is sent; a later start is reached by making what is before it."""

    def __init__(self, size: int, name: str, make: Callable[[], Iterator[bytes]]) -> None:
        self.size = size
        self._name = name
        self._make = make

    def slices(self, start: int = 0, stop: Optional[int] = None) -> Iterator[bytes]:
        end, at = self._stop(stop), 0
        for piece in self._make():
            if at >= end:
                return
            if at + len(piece) > start:
                yield piece[max(0, start - at):end - at]
            at += len(piece)

    def digest(self) -> str:
        return hashlib.md5(self._name.encode()).hexdigest()
