"""Gzip files, well made and badly made on purpose."""
from __future__ import annotations

import functools
import gzip
import json
import struct
import zlib
from typing import Any, Dict, List

from . import recipe
from .blob import Blob, Bytes, Join, Repeat

Params = Dict[str, Any]

EMPTY_MEMBER = gzip.compress(b"", 6, mtime=0)
BOMB_BLOCK = 1 << 20


def press(text: bytes, params: Params) -> bytes:
    """The file that holds `text`, as the parameters of a `gzip` fault say."""
    if params.get("identity"):
        return _finish(text, params)
    pieces = _split(text, int(params.get("members", 1)))
    members = [_member(piece, params) for piece in pieces]
    if "trailer" in params:
        place = int(params.get("member", -1))
        members[place] = _trailer(members[place], str(params["trailer"]))
    if params.get("empty"):
        members = [part for member in members for part in (EMPTY_MEMBER, member)] + [EMPTY_MEMBER]
    file = b"".join(members)
    if params.get("double"):
        file = gzip.compress(file, 6, mtime=0)
    return _finish(file, params)


def _finish(file: bytes, params: Params) -> bytes:
    if "flip" in params and file:
        place = int(params["flip"]) % len(file)
        file = file[:place] + bytes([file[place] ^ 0x55]) + file[place + 1:]
    if "cut" in params:
        file = file[:int(params["cut"])]
    return file + recipe.read(params.get("junk", ""))


def _split(text: bytes, count: int) -> List[bytes]:
    """Cuts fall anywhere, also inside a line; a member more than there are bytes is empty."""
    marks = [len(text) * place // count for place in range(count + 1)]
    return [text[first:last] for first, last in zip(marks, marks[1:])]


def _member(text: bytes, params: Params) -> bytes:
    plain = gzip.compress(text, int(params.get("level", 6)), mtime=0)
    if not params.get("header"):
        return plain
    # Every optional field: extra, name, comment, and the sum of the header.
    head = plain[:3] + bytes([0x02 | 0x04 | 0x08 | 0x10]) + plain[4:10]
    head += struct.pack("<H", 6) + b"BJ\x02\x00\x1f\x8b" + b"part.jsonl\x00" + b"a comment\x00"
    return head + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + plain[10:]


def _trailer(member: bytes, how: str) -> bytes:
    if how == "missing":
        return member[:-8]
    if how == "half":
        return member[:-4]
    place = {"crc": -8, "isize": -4}[how]
    spoilt = bytearray(member)
    spoilt[place] ^= 1
    return bytes(spoilt)


@functools.lru_cache(maxsize=4)
def _bomb(size: int, text: bytes, head: bytes) -> Blob:
    """One member of `size` bytes: a block that is the same each time, because the compressor
    forgets between blocks."""
    unit = text * max(1, BOMB_BLOCK // len(text))
    times = max(1, size // len(unit))
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = compressor.compress(unit) + compressor.flush(zlib.Z_FULL_FLUSH)
    opening = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = opening.compress(head) + opening.flush(zlib.Z_FULL_FLUSH) if head else b""
    crc = zlib.crc32(head)
    for _ in range(times):
        crc = zlib.crc32(unit, crc)
    length = len(head) + len(unit) * times
    trailer = struct.pack("<II", crc, length & 0xFFFFFFFF)
    return Join([Bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03" + begin), Repeat(block, times),
                 Bytes(b"\x03\x00" + trailer)])


def bomb(params: Params) -> Blob:
    """`size` bytes of `text` behind `head`, gzipped, or as they are with `identity`."""
    size, text = int(params["size"]), recipe.read(params.get("text", "x"))
    head = recipe.read(params.get("head", ""))
    if not text:
        raise recipe.BadRecipe("a bomb needs a text")
    if params.get("identity"):
        unit = text * max(1, BOMB_BLOCK // len(text))
        return Join([Bytes(head), Repeat(unit, max(1, size // len(unit)))])
    return _bomb(size, text, head)


def key(params: Params) -> str:
    """What a cache tells one set of parameters from another by."""
    return json.dumps(params, sort_keys=True)
