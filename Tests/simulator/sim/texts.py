"""Words and awkward texts the services' data are made of, and their JSON spelling."""
from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

WORDS = ("amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island",
         "juniper", "kestrel", "lagoon", "meadow", "north", "orchard", "prairie", "quartz",
         "river", "summit", "tundra", "upland", "valley", "willow", "yarrow", "zephyr")

# All legal in a JSON string, each one a thing a careless reader gets wrong.
ODD_TEXTS = (
    'a "quoted" word and a back\\slash',
    "tab\tline\nfeed\rreturn",
    "line\u2028and paragraph\u2029separators, next\u0085line",
    "\U0001F6F0 beyond the first plane, caf\u00e9, \u65e5\u672c\u8a9e, \u05e9\u05dc\u05d5\u05dd",
    "control \u0001\u001f and delete \u007f",
    "</script><!-- & %2F %00 ${x}",
    "trailing spaces   ",
    "combining e\u0301 and a byte order mark \ufeff",
    "",
)

_PRECISION = {0: "seconds", 3: "milliseconds", 6: "microseconds"}


def dump(value: Any, ascii_only: bool = False, spaced: bool = False) -> str:
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=ascii_only, separators=separators)


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def stamp_offset(seconds: float) -> str:
    """2026-06-12T12:02:00.220799+00:00; a whole second has no fraction."""
    return utc(seconds).isoformat()


def stamp_zulu(seconds: float, digits: int = 3) -> str:
    """2026-06-12T12:02:00.220Z with 0, 3 or 6 fraction digits."""
    return utc(seconds).isoformat(timespec=_PRECISION[digits])[:-6] + "Z"
