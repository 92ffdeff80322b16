"""The shared library: where it is found, and that it fits this package."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Iterator, List, Optional, Tuple

from ._header import ABI_VERSION, PROTOTYPES

SONAME = "libbatchjobs.so.0"
VARIABLE = "BATCHJOBS_LIBRARY"


def _places() -> Iterator[Tuple[str, str]]:
    """(what it is, what to load); a library that was named is the only one tried."""
    named = os.environ.get(VARIABLE)
    if named:
        yield f"${VARIABLE}", named
        return
    yield "the copy inside the package", os.path.join(os.path.dirname(os.path.abspath(__file__)), "_lib", SONAME)
    yield "the system's", SONAME


def _open(path: str) -> ctypes.CDLL:
    """Raises OSError when it cannot be loaded, ImportError when it is another library or version."""
    library = ctypes.CDLL(path)
    try:
        found = library.bj_abi_version
    except AttributeError:
        raise ImportError("it is no libbatchjobs") from None
    found.restype, found.argtypes = ctypes.c_int32, []
    if found() != ABI_VERSION:
        raise ImportError(f"its ABI version is {found()}, this package needs {ABI_VERSION}")
    for name, (result, parameters) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"it has no {name}: it is older than this package") from None
        function.restype, function.argtypes = result, parameters
    return library


def _advice(problems: List[str]) -> str:
    if any("libcurl.so.4" in problem for problem in problems):
        return (
            "\nlibcurl is not installed: apt install libcurl4 (Debian, Ubuntu), "
            "dnf install libcurl (Fedora, RHEL), apk add libcurl (Alpine)"
        )
    return ""


def _load() -> Tuple[ctypes.CDLL, str]:
    problems = []
    for what, path in _places():
        # The loader's own words for a file that is missing are the same for a library it needs.
        if os.path.isabs(path) and not os.path.exists(path):
            problems.append(f"{what}: {path}: there is no such file")
            continue
        try:
            return _open(path), path
        except (OSError, ImportError) as error:
            problems.append(f"{what}: {path}: {error}")
    raise ImportError("batchjobs found no library it can use; tried\n  " + "\n  ".join(problems) + _advice(problems))


lib, _path = _load()


def library_path() -> str:
    """The library in use, as it was loaded: a path, or its name where the system found it."""
    return _path


def library_version() -> str:
    """The version of the library in use, such as ``"0.1.0"``."""
    return text(lib.bj_version()) or ""


def text(value: Optional[bytes]) -> Optional[str]:
    """A string of the library, which is UTF-8."""
    return None if value is None else value.decode()


def places(offsets: Any, count: int) -> List[int]:
    """Where each of ``count`` texts or records begins, and where the last one ends."""
    found: List[int] = memoryview(ctypes.string_at(offsets, (count + 1) * 8)).cast("q").tolist()
    return found
