"""The tests of bindings/go, a part of scripts/test.py. TEST_ONLY=word runs only the tests named so."""
import os
import re
import subprocess
import sys

import programs
from programs import ROOT


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
    for name, flags, extra in (("", (), {}), ("-race", ("-race",), {}), ("-asan", ("-asan",), {}), ("cgocheck2", (), {"GOEXPERIMENT": "cgocheck2"})):
        go_test(tally, name, [str(programs.GO), "test", *flags, "-v", "-count=1", "-timeout=600s", "./..."], folder, extra)


def go_test(tally, name, command, folder, extra):
    only = ["-run", os.environ["TEST_ONLY"]] if "TEST_ONLY" in os.environ else []
    result = subprocess.run([*command, *only], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env=programs.go_environment(**extra))
    counts = [len(re.findall(rf"^ *--- {word}: ", result.stdout, re.MULTILINE)) for word in ("PASS", "FAIL", "SKIP")]
    if result.returncode:
        sys.stdout.write("\n".join(line for line in result.stdout.splitlines() if "--- PASS" not in line and "=== " not in line)[-8000:])
        sys.stdout.write(result.stderr[-4000:])
    tally.add(f"go test {name}".strip(), counts[0], max(counts[1], int(result.returncode != 0)), counts[2],
              "{} passed, {} failed, {} skipped".format(*counts))
