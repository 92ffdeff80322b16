"""What include/batchjobs.h declares, as the compiler sees it: functions and enum values."""
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "batchjobs.h"


def toolchain():
    """The root of the Swift toolchain, whose clang and sanitizers fit the library's."""
    output = subprocess.run(["swiftc", "-print-target-info"], check=True, capture_output=True).stdout
    return Path(json.loads(output)["paths"]["runtimeResourcePath"]).parent.parent


def _syntax_tree():
    command = [str(toolchain() / "bin/clang"), "-x", "c", "-std=c99", "-fsyntax-only", "-Xclang", "-ast-dump=json", str(HEADER)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["inner"]


def read():
    """(names of functions in order, {enum constant: value})."""
    functions, numbers = [], {}
    for node in _syntax_tree():
        name = node.get("name", "")
        if node["kind"] == "FunctionDecl" and name.startswith("bj_"):
            functions.append(name)
        if node["kind"] == "EnumDecl":
            numbers.update(_constants(node))
    return functions, numbers


def prototypes():
    """([(function, its type, [(parameter, its type)])], [(callback, its type)]), types as C writes them."""
    functions, callbacks = [], []
    for node in _syntax_tree():
        name = node.get("name", "")
        if node["kind"] == "FunctionDecl" and name.startswith("bj_"):
            parameters = [(inner.get("name", ""), inner["type"]["qualType"]) for inner in node.get("inner", [])
                          if inner["kind"] == "ParmVarDecl"]
            functions.append((name, node["type"]["qualType"].partition("(")[0].strip(), parameters))
        if node["kind"] == "TypedefDecl" and name.startswith("bj_") and name.endswith("_fn"):
            callbacks.append((name, node["type"]["qualType"]))
    return functions, callbacks


def _constants(enum):
    following = 0
    for constant in enum.get("inner", []):
        if constant["kind"] != "EnumConstantDecl":
            continue
        value = _value(constant)
        following = following if value is None else value
        yield constant["name"], following
        following += 1


def _value(node):
    """The first evaluated constant below an enumerator; None where it has none."""
    for inner in node.get("inner", []):
        found = int(inner["value"]) if "value" in inner else _value(inner)
        if found is not None:
            return found
    return None
