"""Deterministic choices and ids, made from a seed and an index without any stored state."""
from __future__ import annotations

import hashlib
import struct
from typing import Optional, Sequence, TypeVar

T = TypeVar("T")

_PAIR = struct.Struct("<QQ")
_NODE_MASK = (1 << 48) - 1
_NODE_FACTOR = 0x5DEECE66D  # odd, so the multiplication can be undone modulo 2**48
_NODE_INVERSE = pow(_NODE_FACTOR, -1, 1 << 48)


def key_for(seed: int, *names: str) -> bytes:
    text = "/".join((str(seed),) + names)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class Dice:
    """256 bits fixed by (key, i, j), handed out in small pieces."""

    __slots__ = ("_bits",)

    def __init__(self, key: bytes, i: int, j: int = 0) -> None:
        digest = hashlib.blake2b(_PAIR.pack(i, j), key=key, digest_size=32).digest()
        self._bits = int.from_bytes(digest, "little")

    def below(self, limit: int) -> int:
        self._bits, value = divmod(self._bits, limit)
        return value

    def one_in(self, limit: int) -> bool:
        return self.below(limit) == 0

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


class Uuids:
    """UUIDs whose last 12 digits hide the index, so that looking one up needs no table."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._offset = int.from_bytes(key[:6], "little")

    def make(self, index: int) -> str:
        node = (index * _NODE_FACTOR + self._offset) & _NODE_MASK
        head = hashlib.blake2b(_PAIR.pack(index, 0), key=self._key, digest_size=10).hexdigest()
        variant = "89ab"[int(head[16], 16) & 3]
        return f"{head[:8]}-{head[8:12]}-4{head[13:16]}-{variant}{head[17:20]}-{node:012x}"

    def index(self, text: str) -> Optional[int]:
        """The index behind an id this object made, or None for any other text."""
        try:
            node = int(text[-12:], 16)
        except ValueError:
            return None
        index = (node - self._offset) * _NODE_INVERSE & _NODE_MASK
        return index if self.make(index) == text else None
