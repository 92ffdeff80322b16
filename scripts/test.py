"""Runs the tests: `test.py all`, `test.py check` (the inner loop), `test.py soak` (what takes too long for
either), or parts by name.

Each part prints a line of what it found; the last line counts all of them. For a closer look at
the C tests see scripts/ctests.py.
"""
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import matrix
import programs
from ctests import COUNTS, HELD, STRICT, WORKERS, asan, build_c, c, certificate, chaos, run_program, tsan, valgrind
from examples import examples
from gotests import go
from programs import OUT, ROOT
from python_tests import python


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.problems = []

    def add(self, name, passed, failed, skipped=0, text="", said=""):
        """`said` is what those that failed said, shown again at the end, where one looks first."""
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.problems.append((name, said))
        print(f"  {'ok  ' if not failed else 'FAIL'} {name}{': ' + text if text else ''}", flush=True)

    def run(self, name, command, show=True, **options):
        """One command is one test; its last line of output is shown, all of it when it fails."""
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
        lines = result.stdout.strip().splitlines()
        if result.returncode:
            sys.stdout.write(result.stdout + result.stderr)
        self.add(name, result.returncode == 0, result.returncode != 0, text=lines[-1].removeprefix(f"{name.split()[-1]}: ") if show and lines else "",
                 said=result.stdout + result.stderr)
        return result


# Parts


def gates(tally):
    """The library and the header are what they promise."""
    for path in sorted((ROOT / "scripts/gates").iterdir()):
        if path.suffix in (".py", ".sh"):
            tally.run(f"gate {path.stem}", [sys.executable if path.suffix == ".py" else "sh", str(path)])


def unit(tally, name="swift test", options=()):
    """The core in full Swift, debug."""
    command = ["swift", "test", "--disable-build-manifest-caching", *options]
    # What leaks under a sanitizer is the test runner's own; the library's leaks are the C tests' matter.
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0"}
    environment.pop("CC", None)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
    counted = re.search(r"Test run with (\d+) tests?.* (passed|failed)(?:.* with (\d+) issues?)?", result.stdout)
    if result.returncode or not counted:
        issues = [line for line in result.stdout.splitlines() if "✘" in line]
        sys.stdout.write("\n".join(issues)[:12000] + result.stdout[-3000:] + result.stderr[-6000:] + "\n")
        tally.add(name, 0, 1)
    else:
        tally.add(name, int(counted.group(1)), 0, text=f"{counted.group(1)} tests")


def unit_asan(tally):
    """The core's own tests with every access to memory checked."""
    unit(tally, "swift test, address", ("--sanitize=address", "--scratch-path", ".build-asan"))


def unit_tsan(tally):
    """The same with the threads' accesses checked."""
    unit(tally, "swift test, thread", ("--sanitize=thread", "--scratch-path", ".build-tsan"))


def fuzz(tally):
    """The fuzzers' committed corpora."""
    result = subprocess.run(["sh", str(ROOT / "scripts/fuzz.sh")], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    replayed = re.findall(r"^fuzz (\w+): (\d+) inputs replayed$", result.stdout, re.MULTILINE)
    if result.returncode or not replayed:
        sys.stdout.write(result.stdout[-6000:] + result.stderr[-6000:])
        tally.add("fuzz corpora", 0, 1)
    else:
        tally.add("fuzz corpora", len(replayed), 0, text=f"{sum(int(count) for _, count in replayed)} inputs of {len(replayed)} fuzzers")


def simulator(tally):
    """The simulator is what the services' documents say."""
    unittests(tally, "simulator", "Tests/simulator")


def s3(tally):
    """Result files in an S3 that nobody here wrote, behind links of its own signer."""
    unittests(tally, "s3", "Tests/faults")


def unittests(tally, name, folder):
    command = [sys.executable, "-m", "unittest", "discover", "-s", folder, "-t", folder]
    python = ROOT / ".venv/bin/python"
    if python.exists():
        command[0] = str(python)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    counted = re.search(r"Ran (\d+) tests?", result.stderr)
    skipped = re.search(r"skipped=(\d+)", result.stderr)
    if result.returncode or not counted:
        sys.stdout.write(result.stderr[-6000:])
        tally.add(name, 0, 1)
    else:
        passed, passed_over = int(counted.group(1)), int(skipped.group(1)) if skipped else 0
        tally.add(name, passed - passed_over, 0, passed_over, f"{passed} tests")


def faults(tally):
    """The fault table: what must happen when a service or its storage misbehaves."""
    folder = OUT / "plain"
    folder.mkdir(parents=True, exist_ok=True)
    program = matrix.build(programs.compiler(), STRICT, programs.pkg_config("--cflags", "--libs", "batchjobs"), folder)
    runners = {"c": [str(program)], "python": [sys.executable, str(ROOT / "Tests/faults/run.py")]}
    if programs.GO.exists():
        runners["go"] = [str(matrix.build_go())]
    else:
        tally.add("faults go", 0, 0, 1, "skipped: no Go in .venv")
    wanted = os.environ.get("FAULTS_RUNNERS", " ".join(runners)).split()
    run_table(tally, {runner: runners[runner] for runner in wanted})
    if "c" in wanted:
        run_elsewhere(tally)
    print("  " + "\n  ".join(matrix.grid(matrix.read())))


def run_table(tally, runners):
    """The whole fault table through these languages."""
    found = dict.fromkeys(runners, (0, 0, 0))
    for runner, code, output, errors in matrix.run(runners, certificate(), 900):
        counted = COUNTS.search(output)
        counts = [int(count) for count in counted.groups()] if counted else [0, 1, 0]
        if code != 0 or not counted:
            sys.stdout.write(f"{errors[-8000:]}  {runner}: ended with {code}\n")
            counts[1] = max(counts[1], 1)
        found[runner] = tuple(map(sum, zip(found[runner], counts)))
    for runner, (passed, failed, skipped) in found.items():
        tally.add(f"faults {runner}", passed, failed, skipped, f"{passed} passed, {failed} failed, {skipped} skipped")


def run_elsewhere(tally):
    """The rows that C tests of their own show: those that the part c has not run yet, several programs at once."""
    found = matrix.elsewhere()
    names = sorted({program for program, _ in found})
    folder = build_c("plain", names=names)

    def run(program):
        """For each of its tests whether it held, and after how many seconds."""
        tests = [test for name, test in found if name == program]
        source = (ROOT / f"Tests/abi/{program}.c").read_text()
        if program in HELD and all(f"RUN({test});" in source for test in tests):
            return dict.fromkeys(tests, (True, 0))
        ended = {}
        for test in tests:
            code, output, said, took = run_program([str(folder / program)], program, 300, {"TEST_ONLY": test})
            counted = COUNTS.search(output)
            held = code == 0 and counted is not None and int(counted.group(1)) > 0
            if not held:
                sys.stdout.write(said[-4000:])
            ended[test] = held, took
        return ended

    with (matrix.FOLDER / "c-elsewhere.jsonl").open("w") as file, ThreadPoolExecutor(WORKERS) as pool:
        ended = dict(zip(names, pool.map(run, names)))
        for (program, test), cases in found.items():
            held, took = ended[program][test]
            matrix.tell(cases, "passed" if held else "failed", int(took * 1000), file)
            tally.add(f"faults {program} {test}", held, not held, text=f"row {cases[0]['row']}, " + (f"{took:.0f} s" if took else "in c"))


def agreement(tally):
    """A client nobody here wrote sees what ours sees."""
    python = ROOT / ".venv/bin/python"
    if python.exists():
        tally.run("agrees", [str(python), str(ROOT / "scripts/agrees.py")])
    else:
        tally.add("agrees", 0, 0, 1, "skipped: no .venv")


def install(tally):
    """What `make install` lays out can be built against and run, at a path with another LIBDIR."""
    root = OUT / "root"
    subprocess.run(["rm", "-rf", str(root)], check=True)
    tally.run("install", ["make", "--no-print-directory", "install", f"DESTDIR={root}", "PREFIX=/opt/bj",
                          "LIBDIR=/opt/bj/lib64"], cwd=ROOT)
    library = root / "opt/bj/lib64"
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(root)}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "batchjobs"], env=environment, check=True,
                           capture_output=True, text=True).stdout.split()
    program = OUT / "installed"
    tally.run("install: a program builds", [*programs.compiler(), str(ROOT / "scripts/options.c"), *flags, "-o", str(program)])
    tally.run("install: and runs", [str(program)], show=False, env={**os.environ, "LD_LIBRARY_PATH": str(library)})


def instructions(tally):
    """The library runs no more instructions than it did, by a tenth at most."""
    result = subprocess.run([sys.executable, str(ROOT / "benchmarks/instructions.py")], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    *lines, last = result.stdout.strip().splitlines() or [""]
    if result.returncode == 77:
        tally.add("instructions", 0, 0, 1, last)
        return
    print("".join(f"  {line}\n" for line in lines), end="")
    sys.stdout.write(result.stderr)
    tally.add("instructions", result.returncode == 0, result.returncode != 0, text=last)


PARTS = {part.__name__: part for part in
         (gates, unit, fuzz, simulator, c, python, go, chaos, faults, s3, examples, agreement, install, instructions, valgrind, asan, tsan)}
SOAK = {part.__name__: part for part in (unit_asan, unit_tsan)}
SETS = {"check": ("gates", "unit", "c", "examples"), "all": tuple(PARTS), "soak": tuple(SOAK)}


def main():
    os.chdir(ROOT)
    # What the Makefile tells its scripts, for when this is run by hand.
    version = re.search(r'BJ_VERSION_STRING "(.*)"', (ROOT / "include/batchjobs.h").read_text()).group(1)
    os.environ.setdefault("VERSION", version)
    os.environ.setdefault("SOVERSION", "0")
    OUT.mkdir(exist_ok=True)
    tally = Tally()
    for name in [part for word in sys.argv[1:] or ["all"] for part in SETS.get(word, (word,))]:
        began = time.monotonic()
        print(f"{name}", flush=True)
        try:
            (PARTS | SOAK)[name](tally)
        except (subprocess.SubprocessError, OSError) as problem:
            tally.add(name, 0, 1, text=str(problem))
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    for name, said in tally.problems:
        print(f"\n{name} failed\n{said[-3000:]}".rstrip())
    if tally.problems:
        print("failed: " + ", ".join(name for name, _ in tally.problems))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    sys.exit(1 if tally.failed else 0)


main()
