"""Words that are strings, as enum.StrEnum makes them from Python 3.11 on."""

from enum import Enum


class Word(str, Enum):
    """A member equals its text, and prints as it."""

    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]
