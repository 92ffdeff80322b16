"""Bytes described in JSON: what tests put into records, answers and files."""
from __future__ import annotations

import base64
from typing import Any, Dict, List

# Texts that a JSON reader may refuse, change or choke on; each stands where a value stands.
ODDITIES: Dict[str, bytes] = {
    "bom": b'{"a":"\xef\xbb\xbf"}',
    "invalid_utf8": b'{"a":"\xff\xfe\x80"}',
    "overlong_utf8": b'{"a":"\xc0\xaf"}',
    "surrogate_utf8": b'{"a":"\xed\xa0\x80"}',
    "lone_surrogate": b'{"a":"\\ud800"}',
    "reversed_surrogates": b'{"a":"\\udc00\\ud800"}',
    "nul_escape": b'{"a":"\\u0000"}',
    "nul_key": b'{"\\u0000":1}',
    "raw_nul": b'{"a":"\x00"}',
    "raw_control": b'{"a":"\x01\t"}',
    "duplicate_keys": b'{"a":1,"a":2,"a":{"a":3}}',
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "huge_exponent": b'{"a":1e999}',
    "tiny_exponent": b'{"a":1e-999}',
    "two_to_64": b'{"a":18446744073709551616}',
    "many_digits": b'{"a":' + b"9" * 5000 + b"}",
    "minus_zero": b'{"a":-0,"b":-0.0}',
    "leading_zero": b'{"a":007}',
    "plus": b'{"a":+1}',
    "bare_word": b'{"a":none}',
    "single_quotes": b"{'a':1}",
    "trailing_comma": b'{"a":1,}',
    "comment": b'{"a":1/* no */}',
    "line_separators": '{"a":"\u2028\u2029\u0085"}'.encode(),
    "empty_object": b"{}",
    "empty_array": b"[]",
    "empty_text": b'""',
    "null": b"null",
    "number": b"-12.50e+3",
    "text": b'"a } ] , \\" { ["',
    "spaced": b'{ "a" :\t[ 1 , 2 ] }',
    "padded": b' \t{"a":1} ',  # white space around a value is no part of it, but of a line
    "escaped_end": b'{"a":"\\\\"}',
    "empty_key": b'{"":{"":[[],{}]}}',
    "deep_array": b"[" * 200 + b"]" * 200,
}


class BadRecipe(ValueError):
    """A description that means no bytes."""


def read(value: Any) -> bytes:
    """A text; or an object with `text`, `base64`, `odd`, `nest` or `head`, `fill`, `count`, `tail`."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if not isinstance(value, dict):
        raise BadRecipe("bytes are given as a text or an object")
    if "base64" in value:
        return base64.b64decode(value["base64"])
    if "odd" in value:
        if value["odd"] not in ODDITIES:
            raise BadRecipe("unknown oddity; known: " + ", ".join(ODDITIES))
        return ODDITIES[value["odd"]]
    if "nest" in value:
        depth = int(value["nest"])
        return b"[" * depth + b"]" * depth
    if "text" in value:
        return read(value["text"])
    if "fill" in value:
        filler = read(value["fill"]) * int(value["count"])
        return read(value.get("head", "")) + filler + read(value.get("tail", ""))
    raise BadRecipe("bytes need text, base64, odd, nest or fill")


def read_all(values: Any) -> List[bytes]:
    """A list of descriptions; `times` repeats one, and {"odd": "all"} is every oddity."""
    if not isinstance(values, list):
        raise BadRecipe("a list of descriptions is wanted")
    found: List[bytes] = []
    for value in values:
        if isinstance(value, dict) and value.get("odd") == "all":
            found += ODDITIES.values()
        else:
            times = int(value.get("times", 1)) if isinstance(value, dict) else 1
            found += [read(value)] * times
    return found
