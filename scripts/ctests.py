"""The C tests of Tests/abi: building them, and running them plain, under valgrind and sanitizers.

TEST_PROGRAMS="pages job" builds and runs only those programs, TEST_ONLY=word only the test functions
whose names hold the word.
"""
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import header
import programs
from programs import OUT, ROOT, SIMULATED

# Each program shows one section of the header; those that start threads run under TSan too.
ALL_C_TESTS = ("library options client pages columns prefetch job wait waits rates clock chaos nomemory results batch resume save partial descriptor torn hostile errors "
               "protocol ids nulls retry limits cancel token log threads process damaged hygiene")
C_TESTS = tuple(os.environ.get("TEST_PROGRAMS", ALL_C_TESTS).split())
THREADED = ("threads", "cancel", "retry", "token", "log", "batch", "wait", "waits", "rates")
# Those that are not run in another way: hygiene loads the library by itself, nomemory has a malloc of
# its own, chaos has a part of its own.
NO_VALGRIND, NO_ASAN = ("hygiene", "nomemory", "chaos"), ("hygiene", "nomemory")
# What a program's simulator is told besides.
MORE = {"waits": ("--jobs", "1200")}
STRICT = ("-std=c11", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror")
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")
# These take longest, and begin first.
LONG = ("protocol", "errors", "torn", "waits", "wait", "retry", "pages", "log")
CORES = min(4, os.cpu_count() or 1)
# Most of a test is waiting.
WORKERS = 2 * CORES
# Programs that the part c has run, all of each, with nothing failed or skipped.
HELD = set()


def build_c(flavour, compile_with=(), libraries=None, names=C_TESTS):
    """The C tests, in .build-c/<flavour>; linked to dist/ unless told otherwise."""
    folder, source = OUT / flavour, ROOT / "Tests/abi"
    folder.mkdir(parents=True, exist_ok=True)
    libraries = libraries or programs.pkg_config("--cflags", "--libs", "batchjobs")
    compiler = compile_with or programs.compiler()

    def build(name):
        # hygiene loads the library by itself, and must not begin with it.
        files = [name, "check"] if name == "hygiene" else [name, "support", "peers", "host", "records", "saving", "check"]
        result = subprocess.run([*compiler, *STRICT, *(str(source / f"{file}.c") for file in files), "-Wl,--as-needed",
                                 *libraries, "-lcurl", "-ljansson", "-lpthread", "-ldl", "-lm", "-o", str(folder / name)],
                                capture_output=True, text=True)
        # gold warns of a thousand of the sanitizers' own symbols.
        if result.returncode:
            sys.stdout.write(result.stderr)
            result.check_returncode()

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(build, names))
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
    """Runs programs, a few at a time, the longest first."""
    certificate()

    def run(name):
        return run_program([*prefix, str(folder / name)], name, timeout, extra)

    names = sorted(names, key=lambda name: name not in LONG)
    with ThreadPoolExecutor(WORKERS) as pool:
        for name, outcome in zip(names, pool.map(run, names)):
            report(tally, label, name, *outcome)


def report(tally, label, name, code, output, said, took):
    counted = COUNTS.search(output)
    passed, failed, skipped = (int(number) for number in counted.groups()) if counted else (0, 1, 0)
    if code != 0 or not counted:
        sys.stdout.write(said[-8000:])
        failed = max(failed, 1)
    if label == "c" and not failed and not skipped and "TEST_ONLY" not in os.environ:
        HELD.add(name)
    shown = output.strip().rpartition(f"{name}: ")[2] if counted else f"ended with {code}"
    tally.add(f"{label} {name}", passed, failed, skipped, f"{shown}, {took:.0f} s")


def run_program(command, name, timeout, extra):
    """Each program meets a simulator of its own, so that none sees what another left behind."""
    file, key = certificate()
    place = OUT / "run" / name
    place.mkdir(parents=True, exist_ok=True)
    facts = place / "simulator.json"
    with programs.simulator(*SIMULATED, *MORE.get(name, ()), "--ready", str(facts)), \
            programs.simulator(*SIMULATED, "--tls", file, key) as secure:
        environment = programs.environment(SIMULATOR=str(facts), SIMULATOR_TLS=secure.info["crustdata"],
                                           SIMULATOR_CA=file, TEST_FOLDER=str(place), **extra)
        began = time.monotonic()
        try:
            result = subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL,
                                    timeout=timeout)
            code, output, said = result.returncode, result.stdout, result.stderr
        except subprocess.TimeoutExpired as late:
            code, output, said = "too late", late.stdout or b"", late.stderr or b""
    return code, output.decode(errors="replace"), said.decode(errors="replace"), time.monotonic() - began


def c(tally):
    """The public surface from C, on the staged library."""
    run_c(tally, "c", build_c("plain"), names=[name for name in C_TESTS if name != "chaos"])


def chaos(tally):
    """Random schedules of faults, CHAOS_ROUNDS of them from CHAOS_SEED on, side by side."""
    program = build_c("plain", names=("chaos",)) / "chaos"
    seed, rounds = int(os.environ.get("CHAOS_SEED", 1)), int(os.environ.get("CHAOS_ROUNDS", 300))
    each = -(-rounds // 4)

    def lane(first):
        return run_program([str(program)], f"chaos-{first}", 60 + 10 * each,
                           {"CHAOS_SEED": str(first), "CHAOS_ROUNDS": str(each)})

    with ThreadPoolExecutor(4) as pool:
        firsts = [seed + number * each for number in range(4)]
        for first, (code, output, said, took) in zip(firsts, pool.map(lane, firsts)):
            if code != 0:
                sys.stdout.write(said[-8000:])
            tally.add(f"chaos {first}", code == 0, code != 0,
                      text=f"{each} schedules from seed {first}, {output.strip().rpartition(', ')[2]}, {took:.0f} s")


def valgrind(tally):
    """The same under valgrind: no invalid access, nothing definitely lost.

    valgrind runs one thread at a time. Only its fair lock promises that a thread that fires a cancel
    gets its turn while another computes and never waits.
    """
    tool = ("valgrind", "--quiet", "--fair-sched=yes", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--num-callers=30")
    run_c(tally, "valgrind", build_c("plain"), tool, [name for name in C_TESTS if name not in NO_VALGRIND], TEST_SLOW="15")


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
    sanitized(tally, "address", [name for name in C_TESTS if name not in NO_ASAN])


def tsan(tally):
    sanitized(tally, "thread", [name for name in THREADED if name in C_TESTS])
