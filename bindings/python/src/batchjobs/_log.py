"""What the library tells goes to ``logging.getLogger("batchjobs")``."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Dict

from . import _header as h

if TYPE_CHECKING:
    import logging


@cache
def _logger() -> logging.Logger:
    import logging

    logger = logging.getLogger("batchjobs")
    logger.addHandler(logging.NullHandler())
    return logger


# The numbers of logging's levels.
_LEVELS: Dict[int, int] = {h.LOG_WARN: 30, h.LOG_INFO: 20, h.LOG_DEBUG: 10}


def heard(level: int, line: bytes, _: object) -> int:
    """A line of the library."""
    # Importing logging takes as long as a third of this package, and where nobody did, nobody listens.
    if "logging" in sys.modules:
        wanted = _LEVELS.get(level, 10)
        logger = _logger()
        if logger.isEnabledFor(wanted):
            logger.log(wanted, "%s", line.decode(errors="replace"))
    return 0
