"""What the Python package knows of the header: _header.py, and _options.py from the library's option table.

    python3 scripts/python_header.py write     # makes both anew
"""
import ctypes
import re
import sys

import header

PACKAGE = header.ROOT / "bindings/python/src/batchjobs"
LIBRARY = header.ROOT / "dist/lib/libbatchjobs.so"

SCALARS = {"bj_status": "c_int32", "int32_t": "c_int32", "int64_t": "c_int64", "size_t": "c_size_t", "int": "c_int", "void": "None",
           "const char *": "c_char_p", "void *": "c_void_p"}
# A class for each of these enums: the prefix of its constants.
WORDS = {"Phase": ("BJ_PHASE_", "Where a job stands."), "Outcome": ("BJ_OUTCOME_", "How a job ended."),
         "RecordOutcome": ("BJ_RECORD_", "How one record ended."),
         "Verdict": ("BJ_VERDICT_", "What a stream of results was compared with when it ended.")}
NUMBERS = ("BJ_COUNT_", "BJ_TIME_", "BJ_TEXT_", "BJ_LOG_", "BJ_CAN_", "BJ_OPTION_")


def python_type(text):
    """The ctypes type of a C type as the header writes it."""
    if text in SCALARS:
        return SCALARS[text]
    if text == "const char *const *" or text == "const char **":
        return "POINTER(c_char_p)"
    bare = text.replace("const ", "").strip()
    if re.fullmatch(r"bj_\w+_fn", bare):
        return bare
    stars = bare.count("*")
    bare = bare.replace("*", "").strip()
    if bare.startswith("bj_"):
        return bare if stars == 1 else f"POINTER({bare})"
    return f"POINTER({SCALARS[bare]})" if stars == 1 else f"POINTER(POINTER({SCALARS[bare]}))"


def result_type(text, parameters):
    """Bytes that come with a length or with offsets do not end with NUL."""
    sized = any(kind in ("size_t *", "const int64_t **") for _, kind in parameters)
    return "c_void_p" if text == "const char *" and sized else python_type(text)


def handles(functions, callbacks):
    text = " ".join(kind for _, result, parameters in functions for kind in (result, *(kind for _, kind in parameters)))
    text += " ".join(kind for _, kind in callbacks)
    return sorted(set(re.findall(r"\b(bj_\w+) \*", text)))


def callback(kind):
    result, parameters = re.fullmatch(r"(\w+) \(\*\)\((.*)\)", kind).groups()
    return f"CFUNCTYPE({', '.join(python_type(part.strip()) for part in (result, *parameters.split(',')))})"


def words(name, prefix, meaning, numbers):
    found = {key[len(prefix):]: value for key, value in numbers.items() if key.startswith(prefix)}
    yield f"class {name}(Word):"
    yield f'    """{meaning}"""'
    yield ""
    for key in found:
        yield f'    {key} = "{key.lower()}"'
    yield ""
    yield ""
    table = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
    yield f"{table}_OF = {{{', '.join(f'{value}: {name}.{key}' for key, value in found.items())}}}"


def header_module():
    functions, callbacks = header.prototypes()
    numbers = header.read()[1]
    abi = re.search(r"#define BJ_ABI_VERSION (\d+)", header.HEADER.read_text()).group(1)
    yield '"""Made by scripts/python_header.py from include/batchjobs.h; do not edit."""'
    yield ""
    yield "from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p"
    yield ""
    yield "from ._word import Word"
    yield ""
    yield f"ABI_VERSION = {abi}"
    yield ""
    for name, value in numbers.items():
        if name in ("BJ_OK", "BJ_END", "BJ_STOPPED") or name.startswith(NUMBERS):
            yield f"{name[3:]} = {value}"
    yield ""
    yield "STATUSES = {"
    for name, value in numbers.items():
        if name.startswith("BJ_E_"):
            yield f'    {value}: "{name}",'
    yield "}"
    for name, (prefix, meaning) in WORDS.items():
        yield ""
        yield ""
        yield from words(name, prefix, meaning, numbers)
    for name in handles(functions, callbacks):
        yield ""
        yield ""
        yield f"class {name}(c_void_p):"
        yield "    pass"
    yield ""
    yield ""
    for name, kind in callbacks:
        yield f"{name} = {callback(kind)}"
    yield ""
    yield "# Name: (result, parameters)."
    yield "PROTOTYPES = {"
    for name, result, parameters in functions:
        kinds = ", ".join(python_type(kind) for _, kind in parameters)
        yield f'    "{name}": ({result_type(result, parameters)}, [{kinds}]),'
    yield "}"


def option_table():
    """(name, kind, range, default, help, client only) of each option of the staged library."""
    library = ctypes.CDLL(str(LIBRARY))
    for name in ("name", "range", "default", "help"):
        getattr(library, f"bj_option_{name}").restype = ctypes.c_char_p
    library.bj_option_count.restype = ctypes.c_size_t

    def text(function, index):
        found = getattr(library, f"bj_option_{function}")(ctypes.c_size_t(index))
        return found.decode() if found is not None else None

    for index in range(library.bj_option_count()):
        yield (text("name", index), library.bj_option_kind(ctypes.c_size_t(index)), text("range", index),
               text("default", index), text("help", index), library.bj_option_client_only(ctypes.c_size_t(index)))


def option_type(name, kind, bounds):
    if name.endswith("_ms"):
        return "Seconds"
    if kind == 4:
        return "Literal[" + ", ".join(f'"{word}"' for word in bounds.split("|")) + "]"
    return {1: "str", 2: "int", 3: "bool"}[kind]


# Given in another way: as arguments of their own.
TAKEN = ("api_key", "resume", "save_format", "overwrite")
# (class, its base, which options, what they are): a wait has a timeout of its own.
GROUPS = (
    ("WaitOptions", "TypedDict", lambda name, client_only: not client_only and name not in ("timeout_ms", "wait_timeout_ms"),
     "Options that every call takes, and a client; a call's own win. Times are in seconds."),
    ("CallOptions", "WaitOptions", lambda name, client_only: name == "timeout_ms", "The same, and how long a call may take."),
    ("ClientOptions", "CallOptions", lambda name, client_only: client_only or name == "wait_timeout_ms", "Options of a client."),
)


def options_module():
    table = list(option_table())
    yield '"""Made by scripts/python_header.py from the library\'s option table; do not edit."""'
    yield ""
    yield "from datetime import timedelta"
    yield "from typing import Literal, Mapping, TypedDict, Union"
    yield ""
    yield "Seconds = Union[float, timedelta]"
    yield ""
    yield ""
    for group, base, belongs, meaning in GROUPS:
        if base != "TypedDict":
            yield ""
            yield ""
        yield f"class {group}({base}, total=False):"
        yield f'    """{meaning}"""'
        if base == "TypedDict":
            yield ""
            yield "    headers: Mapping[str, str]"
            yield '    """Request headers for every call that goes to the service."""'
        for name, kind, bounds, default, help_text, client_only in table:
            if belongs(name, client_only) and name not in TAKEN:
                yield ""
                yield f"    {name[:-3] if name.endswith('_ms') else name}: {option_type(name, kind, bounds)}"
                yield f'    """{described(name, help_text, default)}"""'


def described(name, text, default):
    """An option's help in the words of Python, where a time has no unit in its name."""
    text = text.replace(", in milliseconds", "").replace("_ms", "")
    if name.endswith("_ms"):
        default = default and f"{int(default) / 1000:g} s"
    return f"{text} Default: {default}." if default else text


MODULES = {"_header.py": header_module, "_options.py": options_module}


def main():
    stale = []
    for name, make in MODULES.items():
        path, wanted = PACKAGE / name, "\n".join(make()) + "\n"
        if sys.argv[1:] == ["write"]:
            path.write_text(wanted)
        elif not path.exists() or path.read_text() != wanted:
            stale.append(name)
    if stale:
        sys.exit(f"python: {' and '.join(stale)} of bindings/python not current: run \"python3 scripts/python_header.py write\"")
    print(f"python: {len(header.read()[0])} prototypes and the options of the Python package are those of the library")


if __name__ == "__main__":
    main()
