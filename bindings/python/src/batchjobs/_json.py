"""JSON, with orjson where it is installed; what orjson refuses the standard library may still read."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Callable, Dict, Optional

from .errors import DecodeError


@cache
def _fast() -> Optional[Callable[[bytes], Any]]:
    """Looked for when it is first needed: importing orjson takes as long as importing the rest."""
    try:
        import orjson
    except ImportError:
        return None
    found: Callable[[bytes], Any] = orjson.loads
    return found


def decode(data: bytes, what: str, **attributes: Any) -> Any:
    """The value; numbers beyond 64 bits keep their digits only without orjson."""
    fast = _fast()
    if fast is not None:
        try:
            return fast(data)
        except ValueError:
            pass
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"{what} is not JSON: {error}; its bytes begin with {data[:40]!r}", **attributes) from error


def pointed(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901); LookupError where there is none, ValueError when it is no pointer."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f'a JSON pointer is "" or begins with "/", not {pointer!r}')
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Dict):
            value = value[name]
        elif isinstance(value, list) and name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
            value = value[int(name)]
        else:
            raise LookupError(pointer)
    return value
