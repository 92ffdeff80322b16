"""The tests of bindings/go, a part of scripts/test.py. TEST_ONLY=word runs only the tests named so."""
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import programs
from programs import ROOT

# How the tests are built: flags and environment. -asan and cgocheck2 find what they look for in one program as well as in two.
KINDS = {"": ((), {}), "-race": (("-race",), {}), "-asan cgocheck2": (("-asan",), {"GOEXPERIMENT": "cgocheck2"})}


def go(tally):
    """The Go package: its form, its tests, and the same under the detectors of races and bad memory."""
    if not programs.GO.exists():
        tally.add("go", 0, 0, 1, "skipped: no Go in .venv")
        return
    folder = ROOT / "bindings/go"
    formatter = subprocess.run([str(programs.GO), "env", "GOROOT"], check=True, capture_output=True, text=True,
                               env=programs.go_environment()).stdout.strip() + "/bin/gofmt"
    unformed = subprocess.run([formatter, "-l", str(folder), str(ROOT / "examples")], check=True, capture_output=True, text=True).stdout
    tally.add("gofmt", not unformed, bool(unformed), text=unformed.strip())
    for module in (folder, ROOT / "examples/go"):
        tally.run(f"go vet {module.relative_to(ROOT)}", [str(programs.GO), "vet", "./..."], show=False, cwd=module, env=programs.go_environment())
    # Two at a time: while one is built, another mostly waits for the simulator.
    with ThreadPoolExecutor(2) as pool:
        for name, result in zip(KINDS, pool.map(lambda kind: go_test(folder, *kind), KINDS.values())):
            count(tally, name, result)


def go_test(folder, flags, extra):
    only = ["-run", os.environ["TEST_ONLY"]] if "TEST_ONLY" in os.environ else []
    # It has been vetted above.
    command = [str(programs.GO), "test", *flags, "-vet=off", "-json", "-count=1", "-timeout=600s", *only, "./..."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=programs.go_environment(**extra))


def count(tally, name, result):
    counts, said = read(result.stdout)
    if result.returncode:
        said += result.stderr[-4000:]
        sys.stdout.write(said)
    tally.add(f"go test {name}".strip(), counts["pass"], max(counts["fail"], int(result.returncode != 0)), counts["skip"],
              "{pass} passed, {fail} failed, {skip} skipped".format(**counts), said)


def read(events):
    """What `go test -json` tells: how many tests ended how, and what those that failed said, or what stopped a package."""
    counts = dict.fromkeys(("pass", "fail", "skip"), 0)
    said, failed = {}, []
    for line in events.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # not of a test: the go command's own words
            said.setdefault(None, []).append(line + "\n")
            continue
        test = (event.get("Package", event.get("ImportPath")), event.get("Test"))
        if event.get("Output", "=== ")[:4] != "=== ":
            said.setdefault(test, []).append(event["Output"])
        if event["Action"] in ("fail", "build-fail"):
            failed.append(test)
        if test[1] and event["Action"] in counts:
            counts[event["Action"]] += 1
    return counts, "".join("".join(said.get(test, ())[-100:]) for test in [None, *failed])
