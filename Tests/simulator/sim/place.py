"""Changes one place of a JSON text and leaves every other byte as it was."""
from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, Optional

_WHITE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


class Place(NamedTuple):
    """Where a value stands: its member begins at `member` (the key, or the value in an array)."""
    member: int
    start: int
    end: int


def _blank(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at


def _value_end(text: str, at: int) -> int:
    return _DECODER.raw_decode(text, at)[1]


def find(text: str, pointer: str) -> Optional[Place]:
    """The value at a JSON pointer; None where there is none."""
    at = _blank(text, 0)
    place = Place(at, at, _value_end(text, at))
    for step in pointer.split("/")[1:]:
        inner = _step(text, place.start, step.replace("~1", "/").replace("~0", "~"))
        if inner is None:
            return None
        place = inner
    return place


def _step(text: str, at: int, step: str) -> Optional[Place]:
    opening = text[at]
    if opening not in "{[":
        return None
    at, index = _blank(text, at + 1), 0
    while text[at] not in "}]":
        member, name = at, str(index)
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _blank(text, _blank(text, at) + 1)
        end = _value_end(text, at)
        if name == step:
            return Place(member, at, end)
        at, index = _blank(text, end), index + 1
        if text[at] == ",":
            at = _blank(text, at + 1)
    return None


def replaced(body: bytes, pointer: str, value: bytes) -> bytes:
    """With another value at the place; as it was where there is no such place."""
    text = body.decode("utf-8", "surrogateescape")
    place = find(text, pointer)
    if place is None:
        return _with_member(text, body, pointer, value)
    return _bytes(text[:place.start]) + value + _bytes(text[place.end:])


def _with_member(text: str, body: bytes, pointer: str, value: bytes) -> bytes:
    """A member that an object did not have goes to its end."""
    holder, _, name = pointer.rpartition("/")
    place = find(text, holder) if pointer else None
    if place is None or text[place.start] != "{":
        return body
    key = json.dumps(name.replace("~1", "/").replace("~0", "~")).encode()
    comma = b"" if text[_blank(text, place.start + 1)] == "}" else b","
    return _bytes(text[:place.end - 1]) + comma + key + b":" + value + _bytes(text[place.end - 1:])


def removed(body: bytes, pointer: str) -> bytes:
    text = body.decode("utf-8", "surrogateescape")
    place = find(text, pointer)
    if place is None or not pointer:
        return body
    start, end = place.member, _blank(text, place.end)
    if text[end] == ",":
        end = _blank(text, end + 1)
    else:  # the last one: the comma before it goes too
        before = text[:start].rstrip(" \t\r\n")
        start = len(before) - 1 if before.endswith(",") else start
    return _bytes(text[:start]) + _bytes(text[end:])


def begun(body: bytes, pointer: str, member: bytes) -> bytes:
    """With one more member, or element, at the beginning of an object or array."""
    text = body.decode("utf-8", "surrogateescape")
    place = find(text, pointer)
    if place is None or text[place.start] not in "{[":
        return body
    inside = place.start + 1
    comma = b"" if text[_blank(text, inside)] in "}]" else b","
    return _bytes(text[:inside]) + member + comma + _bytes(text[inside:])


def number(body: bytes, pointer: str) -> Any:
    """The whole number at a place, or None."""
    text = body.decode("utf-8", "surrogateescape")
    place = find(text, pointer)
    try:
        return None if place is None else int(text[place.start:place.end])
    except ValueError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
