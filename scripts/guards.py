"""Shows that each row of the fault table guards something: `guards.py [ROW]...`.

Tests/faults/guards.json names for each row a line of our code that makes it hold. In a copy of the
sources that line is taken away, the library built, and the row's cases run: one of them must fail.
Takes about a minute for each row.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import ctests
import matrix
import programs
from programs import OUT, ROOT

PLACE = ROOT / ".build-guard"
TREE, SCRATCH, LIBRARY = PLACE / "tree", PLACE / "build", PLACE / "lib"
# Seconds for a row's cases, and for a C test: many times what it takes with its guard.
PATIENCE, TEST_PATIENCE = 120, 150


def copy_sources():
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    for name in ("Sources", "include"):
        shutil.copytree(ROOT / name, TREE / name)
    # Only so that the manifest finds the folders it names.
    shutil.copytree(ROOT / "Tests", TREE / "Tests", ignore=shutil.ignore_patterns("Vectors", "simulator", "__pycache__"))
    shutil.copy2(ROOT / "Package.swift", TREE)


def build():
    """The library of the tree, where the loader finds it by its soname."""
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    done = subprocess.run(["swift", "build", "-c", "release", "--product", "batchjobs", "--disable-build-manifest-caching",
                           "--scratch-path", str(SCRATCH)], cwd=TREE, env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        return (done.stdout + done.stderr)[-1500:]
    LIBRARY.mkdir(exist_ok=True)
    shutil.copy2(SCRATCH / "release/libbatchjobs.so", LIBRARY / f"libbatchjobs.so.{os.environ.get('SOVERSION', '0')}")
    return None


def run(runner, guard):
    """How many of the row's cases held, and how many did not, as far as they ended in time. A C test that did
    not end has hung."""
    failed = passed = 0
    cases = [(place, found) for place, found in matrix.elsewhere().items()
             if any(case["row"] == guard["row"] and guard["only"] in case["name"] for case in found)]
    for (program, test), _ in cases:
        code, output, _, _ = ctests.run_program([str(OUT / "plain" / program)], program, TEST_PATIENCE,
                                                {"TEST_ONLY": test, "LD_LIBRARY_PATH": str(LIBRARY)})
        failed += code != 0
        passed += code == 0
    if cases:
        return passed, failed
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        whole = ("1/1", Path(folder))
        peer = matrix.Secure(*whole, ctests.certificate()) if guard.get("tls") else matrix.Plain(*whole)
        settings = programs.environment(**peer.environment, TEST_ONLY=guard["only"], FAULTS_RESULTS=f"{folder}/results")
        settings["LD_LIBRARY_PATH"] = str(LIBRARY)
        try:
            done = subprocess.run([str(runner), str(matrix.TABLE)], env=settings, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=PATIENCE)
            fell = done.returncode != 0
        except subprocess.TimeoutExpired:
            fell = False  # one of those that ended by then must have fallen
        finally:
            peer.stop()
        lines = open(f"{folder}/results").read().splitlines() if os.path.exists(f"{folder}/results") else []
        told = [one for one in map(json.loads, lines) if one["row"] == guard["row"]]
    passed = sum(one["outcome"] == "passed" for one in told)
    failed = sum(one["outcome"] == "failed" for one in told)
    return passed, failed or int(fell)


def show(runner, guard):
    """Whether the row falls without its guard, and in which words."""
    path = TREE / guard["file"]
    whole = path.read_text()
    if whole.count(guard["find"]) != 1:
        return False, "the line to take away is not there, or there twice"
    path.write_text(whole.replace(guard["find"], guard["put"]))
    try:
        trouble = build()
        if trouble:
            return False, "does not build: " + trouble
        passed, failed = run(runner, guard)
        return failed > 0, f"{failed} of {passed + failed} cases fall"
    finally:
        path.write_text(whole)


def main():
    os.chdir(ROOT)
    wanted = [int(word) for word in sys.argv[1:]]
    guards = json.loads((ROOT / "Tests/faults/guards.json").read_text())
    if wanted:
        guards = sorted((guard for guard in guards if guard["row"] in wanted), key=lambda guard: wanted.index(guard["row"]))
    programs_needed = {program for program, _ in matrix.elsewhere()}
    (OUT / "plain").mkdir(parents=True, exist_ok=True)
    runner = matrix.build(programs.compiler(), ctests.STRICT, programs.pkg_config("--cflags", "--libs", "batchjobs"), OUT / "plain")
    ctests.build_c("plain", names=sorted(programs_needed))
    copy_sources()
    missed = 0
    for guard in guards:
        held, words = show(runner, guard)
        missed += not held
        print(f"  {'ok  ' if held else 'FAIL'} row {guard['row']} without its guard: {words}", flush=True)
    print(f"guards: {len(guards) - missed} passed, {missed} failed, 0 skipped")
    sys.exit(missed > 0)


main()
