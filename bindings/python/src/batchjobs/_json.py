"""JSON, with orjson where it is installed; what orjson refuses the standard library may still read."""

from __future__ import annotations

from functools import cache
from typing import Any, Callable, Dict, Optional, Tuple

from .errors import DecodeError

Reader = Callable[[bytes], Any]


@cache
def _readers() -> Tuple[Optional[Reader], Reader]:
    """Looked for when they are first needed: importing orjson takes as long as importing the rest."""
    import json

    try:
        import orjson
    except ImportError:
        return None, json.loads
    return orjson.loads, json.loads


def decode(data: bytes, what: str, **attributes: Any) -> Any:
    """The value; numbers beyond 64 bits keep their digits only without orjson."""
    fast, standard = _readers()
    if fast is not None:
        try:
            return fast(data)
        except ValueError:
            pass
    try:
        return standard(data)
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
