"""What a test puts into a job in place of the records the seed gave it."""
from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Union, overload

from . import recipe

_versions = itertools.count(1)
NAMES = ("records", "repeat", "parts", "items", "size")


class Rows(Sequence[bytes]):
    """Records made when they are looked at."""

    def __init__(self, count: int, make: Callable[[int], bytes]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> List[bytes]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[bytes, List[bytes]]:
        places = range(self._count)
        if isinstance(index, slice):
            return [self._make(place) for place in places[index]]
        return self._make(places[index])

    def __iter__(self) -> Iterator[bytes]:
        return map(self._make, range(self._count))


class Content(NamedTuple):
    version: int  # for caches
    records: Optional[Sequence[bytes]] = None
    repeat: int = 1
    parts: Optional[int] = None
    items: Optional[int] = None
    size: int = 0


def read(document: Dict[str, Any]) -> Content:
    """From the members of a PUT /content; see the README."""
    unknown = [name for name in document if name not in NAMES]
    if unknown:
        raise ValueError("unknown: " + ", ".join(unknown))
    records = recipe.read_all(document["records"]) if "records" in document else None
    items = int(document["items"]) if "items" in document else None
    return Content(next(_versions), records, max(1, int(document.get("repeat", 1))),
                   int(document["parts"]) if "parts" in document else None, items,
                   int(document.get("size", 20000)))


def repeated(groups: Sequence[Sequence[bytes]], times: int) -> Rows:
    """Each group of records `times` over, the groups one after the other."""
    sizes = [len(group) * times for group in groups]

    def at(place: int) -> bytes:
        for group, size in zip(groups, sizes):
            if place < size:
                return group[place % len(group)]
            place -= size
        raise IndexError(place)

    return Rows(sum(sizes), at)
