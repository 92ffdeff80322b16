"""Options as Python values, and what the environment says, as options of the library."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from . import _header as h
from ._call import Handle, invoke
from ._native import lib
from .errors import ArgumentError

KEYS = {
    "crustdata": "CRUSTDATA_API_KEY",
    "spidra": "SPIDRA_API_KEY",
    "reach": "REACH_API_TOKEN",
    "veryfront": "VERYFRONT_API_KEY",
}
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
FOLDERS = ("SSL_CERT_DIR",)


class _Option(NamedTuple):
    name: str
    kind: int


def _table() -> Dict[str, _Option]:
    """By the name in Python, where times are in seconds and need no unit."""
    found = {}
    for index in range(lib.bj_option_count()):
        name = lib.bj_option_name(index).decode()
        found[name[:-3] if name.endswith("_ms") else name] = _Option(name, lib.bj_option_kind(index))
    return found


_OPTIONS = _table()
_HUGE = 10**18


def _unknown(name: str) -> ArgumentError:
    """A TypeError is what Python says of an unknown argument, and this is one too."""
    import difflib

    bare = name[:-3] if name.endswith("_ms") else name
    near = [bare] if bare in _OPTIONS else difflib.get_close_matches(bare, _OPTIONS, 1)
    unit = " (in seconds)" if name.endswith("_ms") else ""
    hint = f"did you mean {near[0]}{unit}?" if near else "known are " + ", ".join(_OPTIONS)
    return ArgumentError(f"there is no option {name!r}; {hint}", status="BJ_E_ARGUMENT", details={"option": name})


def _wrong(name: str, wanted: str, value: object) -> TypeError:
    # What should have been a text may be a key or a password, and is not shown.
    shown = "" if wanted == "a str" else f" ({value!r:.40})"
    return TypeError(f"option {name} must be {wanted}, not {type(value).__name__}{shown}")


def _digits(value: int) -> str:
    """Beyond the range of every option, the library tells the range."""
    return str(max(-_HUGE, min(value, _HUGE)))


def _value(name: str, option: _Option, value: Any) -> str:
    if option.name.endswith("_ms"):
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise _wrong(name, "seconds or a timedelta", value)
        if seconds != seconds or seconds in (float("inf"), float("-inf")):
            raise ArgumentError(f"option {name} must be a number of seconds, not {value}", details={"option": name})
        milliseconds = round(max(-_HUGE, min(seconds, _HUGE)) * 1000)
        # Never nothing of something: 0.0001 s is the shortest time there is, not "no time".
        return _digits(max(1, milliseconds) if seconds > 0 else milliseconds)
    if option.kind == h.OPTION_BOOL:
        if not isinstance(value, bool):
            raise _wrong(name, "True or False", value)
        return "true" if value else "false"
    if option.kind == h.OPTION_INTEGER:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(name, "an int", value)
        return _digits(value)
    if not isinstance(value, str):
        raise _wrong(name, "a str", value)
    return value


def encoded(text: str, what: str) -> bytes:
    """UTF-8 without NUL, as the library takes it. The text may be a key: no error shows it."""
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{what} must be a str, not {type(text).__name__}")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} holds half a surrogate pair: it is no Unicode text") from None
    if b"\0" in data:
        raise ArgumentError(f"{what} holds a NUL character")
    return data


def make(options: Mapping[str, Any], provider: Optional[str] = None) -> Optional[Handle]:
    """A set of options for one call; None where nothing is set. A value of None leaves an option as it is."""
    given = {name: value for name, value in options.items() if value is not None}
    headers = given.pop("headers", {})
    if not isinstance(headers, Mapping):
        raise TypeError(f"option headers must be a mapping of names to values, not {type(headers).__name__}")
    if not given and not headers:
        return None
    for name in headers:
        if not isinstance(name, str):
            raise TypeError(f"a header's name must be a str, not {type(name).__name__} ({name!r:.40})")
    pairs = [(f"header.{name}", value) for name, value in headers.items()]
    for name, value in given.items():
        option = _OPTIONS.get(name)
        if option is None:
            raise _unknown(name)
        pairs.append((option.name, _value(name, option, value)))
    pointer = h.bj_options()
    invoke(provider, lib.bj_options_new, pointer)
    handle = Handle(pointer, lib.bj_options_destroy, "set of options")
    for name, value in pairs:
        invoke(provider, lib.bj_options_set, pointer, encoded(name, "a header's name"), encoded(value, f"option {name}"))
    return handle


def _first(names: Tuple[str, ...]) -> Optional[str]:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def from_environment(provider: str, options: Dict[str, Any]) -> Dict[str, Any]:
    """Adds the key, the proxy and the certificates of the environment where nothing was given."""
    found: Dict[str, Any] = {"api_key": os.environ.get(KEYS.get(provider, "")) or None}
    if _first(PROXIES) is not None:
        found["proxy"] = "env"
    if options.get("ca_file") is None and options.get("ca_dir") is None:
        file = _first(CERTIFICATES)
        folder = file if file is not None and os.path.isdir(file) else _first(FOLDERS)
        found["ca_file"] = None if file == folder else file
        found["ca_dir"] = folder
    found.update((name, value) for name, value in options.items() if value is not None)
    return found
