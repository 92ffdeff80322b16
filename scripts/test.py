"""Runs the tests: `test.py all`, `test.py check` (the inner loop), or parts by name.

Each part prints a line of what it found; the last line counts all of them. For a closer look,
TEST_PROGRAMS="pages job" builds and runs only those C programs, and TEST_ONLY=word only the test
functions whose names hold the word.
"""
import os
import re
import subprocess
import sys
import time

import header
import matrix
import programs
from examples import examples
from programs import OUT, ROOT, SIMULATED

# Each program shows one section of the header; those that start threads run under TSan too.
ALL_C_TESTS = ("library options client pages columns prefetch job wait waits results batch torn errors protocol ids nulls retry limits "
               "cancel token log threads process damaged hygiene")
C_TESTS = tuple(os.environ.get("TEST_PROGRAMS", ALL_C_TESTS).split())
THREADED = ("threads", "cancel", "retry", "token", "log", "batch")
STRICT = ("-std=c11", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror")
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.problems = []

    def add(self, name, passed, failed, skipped=0, text=""):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.problems.append(name)
        print(f"  {'ok  ' if not failed else 'FAIL'} {name}{': ' + text if text else ''}", flush=True)

    def run(self, name, command, show=True, **options):
        """One command is one test; its last line of output is shown, all of it when it fails."""
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
        lines = result.stdout.strip().splitlines()
        if result.returncode:
            sys.stdout.write(result.stdout + result.stderr)
        self.add(name, result.returncode == 0, result.returncode != 0, text=lines[-1].removeprefix(f"{name.split()[-1]}: ") if show and lines else "")
        return result


# Parts


def gates(tally):
    """The library and the header are what they promise."""
    for path in sorted((ROOT / "scripts/gates").iterdir()):
        if path.suffix in (".py", ".sh"):
            tally.run(f"gate {path.stem}", [sys.executable if path.suffix == ".py" else "sh", str(path)])


def unit(tally):
    """The core in full Swift, debug."""
    command = ["swift", "test", "--disable-build-manifest-caching"]
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    environment.pop("CC", None)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
    counted = re.search(r"Test run with (\d+) tests?.* (passed|failed)(?:.* with (\d+) issues?)?", result.stdout)
    if result.returncode or not counted:
        sys.stdout.write(result.stdout[-6000:] + result.stderr[-6000:])
        tally.add("swift test", 0, 1)
    else:
        tally.add("swift test", int(counted.group(1)), 0, text=f"{counted.group(1)} tests")


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


def build_c(flavour, compile_with=(), libraries=None):
    """All C tests, in .build-c/<flavour>; linked to dist/ unless told otherwise."""
    folder, source = OUT / flavour, ROOT / "Tests/abi"
    folder.mkdir(parents=True, exist_ok=True)
    libraries = libraries or programs.pkg_config("--cflags", "--libs", "batchjobs")
    compiler = compile_with or programs.compiler()
    for name in C_TESTS:
        # hygiene loads the library by itself, and must not begin with it.
        files = [name, "check"] if name == "hygiene" else [name, "support", "peers", "host", "check"]
        subprocess.run([*compiler, *STRICT, *(str(source / f"{file}.c") for file in files), "-Wl,--as-needed",
                        *libraries, "-lcurl", "-ljansson", "-lpthread", "-ldl", "-lm", "-o", str(folder / name)],
                       check=True)
    return folder


def certificate():
    """A certificate for this machine that is its own authority."""
    key, file = OUT / "key.pem", OUT / "certificate.pem"
    if not file.exists() or time.time() - file.stat().st_mtime > 86400:
        OUT.mkdir(exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(file),
                        "-days", "30", "-subj", "/CN=simulator", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                       check=True, capture_output=True)
    return str(file), str(key)


def run_c(tally, label, folder, prefix=(), names=C_TESTS, timeout=900, **extra):
    """Each program meets a simulator of its own, so that none sees what another left behind."""
    file, key = certificate()
    for name in names:
        facts = OUT / "simulator.json"
        with programs.simulator(*SIMULATED, "--ready", str(facts)), \
                programs.simulator(*SIMULATED, "--tls", file, key) as secure:
            environment = programs.environment(SIMULATOR=str(facts), SIMULATOR_TLS=secure.info["crustdata"],
                                               SIMULATOR_CA=file, TEST_FOLDER=str(OUT), **extra)
            began = time.monotonic()
            try:
                result = subprocess.run([*prefix, str(folder / name)], capture_output=True, env=environment,
                                        stdin=subprocess.DEVNULL, timeout=timeout)
                code, output, said = result.returncode, result.stdout, result.stderr
            except subprocess.TimeoutExpired as late:
                code, output, said = "too late", late.stdout or b"", late.stderr or b""
        took = time.monotonic() - began
        counted = COUNTS.search(output.decode(errors="replace"))
        passed, failed, skipped = (int(number) for number in counted.groups()) if counted else (0, 1, 0)
        if code != 0 or not counted:
            sys.stdout.write(said.decode(errors="replace")[-8000:])
            failed = max(failed, 1)
        shown = output.decode(errors="replace").strip().rpartition(f"{name}: ")[2] if counted else f"ended with {code}"
        tally.add(f"{label} {name}", passed, failed, skipped, f"{shown}, {took:.0f} s")


def c(tally):
    """The public surface from C, on the staged library."""
    run_c(tally, "c", build_c("plain"))


def faults(tally):
    """The fault table: what must happen when a service or its storage misbehaves."""
    folder = OUT / "plain"
    folder.mkdir(parents=True, exist_ok=True)
    program = matrix.build(programs.compiler(), STRICT, programs.pkg_config("--cflags", "--libs", "batchjobs"), folder)
    run_table(tally, "c", program)
    if programs.GO.exists():
        run_table(tally, "go", matrix.build_go())
    else:
        tally.add("faults go", 0, 0, 1, "skipped: no Go in .venv")
    print("  " + "\n  ".join(matrix.grid(matrix.read())))


def run_table(tally, runner, program):
    """The whole fault table through one language."""
    for number, (code, output, errors) in enumerate(matrix.run(runner, program, certificate(), 900), 1):
        counted = COUNTS.search(output)
        passed, failed, skipped = (int(count) for count in counted.groups()) if counted else (0, 1, 0)
        if code != 0 or not counted:
            sys.stdout.write(errors[-8000:])
            failed = max(failed, 1)
        tally.add(f"faults {runner} {number}", passed, failed, skipped, counted.group() if counted else f"ended with {code}")


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


def valgrind(tally):
    """The same under valgrind: no invalid access, nothing definitely lost.

    valgrind runs one thread at a time. Only its fair lock promises that a thread that fires a cancel
    gets its turn while another computes and never waits.
    """
    tool = ("valgrind", "--quiet", "--fair-sched=yes", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--num-callers=30")
    run_c(tally, "valgrind", build_c("plain"), tool, [name for name in C_TESTS if name != "hygiene"], TEST_SLOW="10")


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


def sanitized(tally, kind, names):
    """The same C tests, with the library itself compiled for a sanitizer."""
    scratch = ROOT / f".build-{kind[0]}san"
    # Symbols of the sanitizer are found only at run time: warn, where the shipped library refuses.
    # Without the cache: SwiftPM 6.3 may end with "unknown build description" after a file was added.
    build = ["swift", "build", "-c", "release", "--product", "batchjobs", "--disable-build-manifest-caching",
             f"--sanitize={kind}", "--scratch-path", str(scratch), "-Xlinker", "--warn-unresolved-symbols"]
    environment = {key: value for key, value in os.environ.items() if key != "CC"}
    result = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
    library = scratch / "release"
    if result.returncode:
        sys.stdout.write(result.stdout[-4000:] + result.stderr[-4000:])
        tally.add(f"{kind} build", 0, 1)
        return
    # The loader looks for the soname.
    soname = f"libbatchjobs.so.{os.environ.get('SOVERSION', '0')}"
    subprocess.run(["ln", "-sf", "libbatchjobs.so", str(library / soname)], check=True)
    libraries = ["-Iinclude", f"-L{library}", "-lbatchjobs"]
    if kind == "thread":
        # The toolchain's TSan knows libdispatch and does not link without it.
        runtime = header.toolchain() / "lib/swift/linux"
        libraries += [f"-L{runtime}", f"-Wl,-rpath,{runtime}", "-ldispatch", "-lBlocksRuntime"]
    folder = build_c(kind, (str(header.toolchain() / "bin/clang"), f"-fsanitize={kind}"), libraries)
    run_c(tally, kind, folder, names=names, LD_LIBRARY_PATH=str(library), TEST_SLOW="4",
          ASAN_OPTIONS="detect_leaks=1", TSAN_OPTIONS="halt_on_error=0:exitcode=66")


def asan(tally):
    sanitized(tally, "address", [name for name in C_TESTS if name != "hygiene"])


def tsan(tally):
    sanitized(tally, "thread", [name for name in THREADED if name in C_TESTS])


PARTS = {part.__name__: part for part in
         (gates, unit, fuzz, simulator, c, go, faults, s3, examples, agreement, install, valgrind, asan, tsan)}
SETS = {"check": ("gates", "unit", "c", "examples"), "all": tuple(PARTS)}


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
            PARTS[name](tally)
        except (subprocess.CalledProcessError, OSError) as problem:
            tally.add(name, 0, 1, text=str(problem))
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    if tally.problems:
        print("failed: " + ", ".join(tally.problems))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    sys.exit(1 if tally.failed else 0)


main()
