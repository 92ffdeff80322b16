"""How records become the text of a file: line ends, blank lines, a mark in front."""
from __future__ import annotations

from typing import Any, Dict, Sequence

Params = Dict[str, Any]

BOM = b"\xef\xbb\xbf"


def lay(records: Sequence[bytes], params: Params, final: bool) -> bytes:
    """The text of `records`; `final` says whether the last line ends when no parameter does."""
    end = str(params.get("end", "\n")).encode()
    blank = str(params.get("blank_text", "")).encode() + end
    gap = blank * int(params.get("blank", 0))
    text = gap + b"".join(record + end + gap for record in records)
    if records and not params.get("final", final):
        text = text[:-len(end + gap)]
    return (BOM if params.get("bom") else b"") + text
