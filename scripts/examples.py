"""The examples, built as a stranger would, do what their comments say."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import programs
import python_examples
import python_tests
from programs import ROOT, SERVICES

LISTING = tuple(service for service in SERVICES if service != "veryfront")
# Each of them has a check below.
KNOWN = {"c/first.c", "c/list.c", "c/status.c", "c/results.c", "c/wait.c", "c/resume.c", "c/save.c", "c/tour.c", "ctypes/tour.py", "cgo/main.go",
         "go/list/main.go", "go/wait/main.go", "go/results/main.go", "go/resume/main.go", *python_examples.KNOWN}


def examples(tally):
    """All programs under examples/, against the simulator."""
    folder = ROOT / "examples"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.suffix in (".c", ".py", ".go")}
    tally.add("every example is tested", found == KNOWN, found != KNOWN, text=", ".join(sorted(found ^ KNOWN)))
    with programs.simulator(*programs.SIMULATED) as running:
        info = running.info
        first(tally, info)
        for name in ("list", "status", "results"):
            small(tally, name, info)
        waiting(tally, info)
        resume_and_save(tally, info)
        c_tour(tally, info)
        binding(tally, "ctypes", [sys.executable, str(folder / "ctypes/tour.py"), str(ROOT / "dist/lib/libbatchjobs.so")], info)
        python_examples.run_all(tally, running)
        if programs.GO.exists():
            binding(tally, "cgo", [str(programs.build_go("cgo"))], info)
            go_examples(tally, running)
        else:
            tally.add("example cgo, and those of examples/go", 0, 0, 2, "skipped: no Go in .venv")


def expect(tally, name, result, *wanted):
    """It ended well and said all of that."""
    said = result.stdout + result.stderr
    held = result.returncode == 0 and all(re.search(pattern, said, re.MULTILINE) for pattern in wanted)
    tally.add(f"example {name}", held, not held, text="" if held else said[-500:])


def run(command, **variables):
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
                          env=programs.environment(**variables))


def arguments(service, info):
    """NAME=VALUE: where the simulated service is, and what it needs besides a key."""
    return [f"base_url={info[service]}", *([f"project={info['project']}"] if service == "veryfront" else [])]


def first(tally, info):
    program = programs.build_example("first")
    for service in LISTING:
        result = run([str(program), service, info[service]], BATCHJOBS_API_KEY=info["keys"][service])
        expect(tally, f"first {service}", result, r"\A(\S+  (queued |running|done   )  [a-z]+\n){5}\Z")


def small(tally, name, info):
    program = programs.build_example(name)
    wanted = {"list": "230 jobs", "status": "phase    done", "results": " records, "}[name]
    for service in LISTING if name == "list" else SERVICES:
        job = [] if name == "list" else [info["samples"][service]["large"]]
        result = run([str(program), service, *job, *arguments(service, info)], BATCHJOBS_API_KEY=info["keys"][service])
        expect(tally, f"{name} {service}", result, wanted)
    # Without a key each of them says so, and fails.
    wrong = run([str(program), "crustdata", *([] if name == "list" else ["some-id"])])
    held = wrong.returncode == 1 and "api_key" in wrong.stderr
    tally.add(f"example {name} without a key", held, not held, text="" if held else wrong.stderr)


def waiting(tally, info):
    """Two that have ended, one that does not exist and one that never ends."""
    program = programs.build_example("wait")
    for service in SERVICES:
        jobs = info["samples"][service]
        ids = [jobs["succeeded"], "no-such-job", jobs["failed"], jobs["stuck_running"]]
        result = run([str(program), service, *ids, "--", "wait_timeout_ms=300", "poll_min_ms=50", *arguments(service, info)],
                     BATCHJOBS_API_KEY=info["keys"][service])
        wanted = [f"{re.escape(ids[0])}  succeeded", "no-such-job  .*404", f"{re.escape(ids[2])}  failed",
                  f"{re.escape(ids[3])}  running, .* of ", f"{re.escape(ids[3])}  .*still runs"]
        held = result.returncode == 1 and all(re.search(f"^{line}", result.stdout, re.MULTILINE) for line in wanted)
        tally.add(f"example wait {service}", held, not held, text="" if held else (result.stdout + result.stderr)[-500:])


def resume_and_save(tally, info):
    """What they bring, in pieces or in a file, is what the example of results brings at once."""
    programs_of = {name: str(programs.build_example(name)) for name in ("results", "resume", "save")}
    for service in SERVICES:
        for sample in ("large", "succeeded" if service == "crustdata" else "partial"):
            key, job = info["keys"][service], info["samples"][service][sample]
            whole = run([programs_of["results"], service, job, *arguments(service, info)], BATCHJOBS_API_KEY=key).stdout
            with tempfile.TemporaryDirectory(dir=programs.OUT) as folder:
                place, file, pieces, more = Path(folder) / "place", Path(folder) / "all", [], True
                while more and len(pieces) < 6:
                    piece = run([programs_of["resume"], service, job, str(place), *arguments(service, info)], BATCHJOBS_API_KEY=key)
                    pieces.append(piece.stdout)
                    more = piece.returncode == 0 and "no more" not in piece.stderr
                reached = "".join(whole.splitlines(keepends=True)[:10 * len(pieces)]) if more else whole
                held = whole != "" and "".join(pieces) == reached and all(piece.count("\n") <= 10 for piece in pieces)
                tally.add(f"example resume {service} {sample}", held, not held, text=f"{len(pieces)} runs" if held else piece.stderr)
                saved = run([programs_of["save"], service, job, str(file), *arguments(service, info)], BATCHJOBS_API_KEY=key)
                held = saved.returncode == 0 and sorted(os.listdir(folder)) == ["all", "place"] and file.read_text() == whole
                held = held and f" {whole.count(chr(10))} records\n" in saved.stderr
                tally.add(f"example save {service} {sample}", held, not held, text="" if held else saved.stderr)
    for name in ("resume", "save"):
        wrong = run([programs_of[name], "crustdata", "some-id", str(programs.OUT / "never")])
        held = wrong.returncode == 1 and "api_key" in wrong.stderr
        tally.add(f"example {name} without a key", held, not held, text="" if held else wrong.stderr)


def c_tour(tally, info):
    tour = programs.build_example("tour")
    result = tally.run("example tour", [str(tour)], show=False, env=programs.tour_environment(info))
    for wanted in ("== crustdata", "== spidra", "== reach", "== veryfront", "230 jobs in all", "records in all"):
        tally.add(f"example tour shows \"{wanted}\"", wanted in result.stdout, wanted not in result.stdout)


def binding(tally, name, command, info):
    """A program in another language that lists, reads a job and its records, and cancels."""
    for service in LISTING:
        job = info["samples"][service]["large"]
        result = run([*command, service, job, f"api_key={info['keys'][service]}", *arguments(service, info)])
        expect(tally, f"{name} {service}", result, r"^listed 230 jobs", f"^{job} is done$",
               r"^streamed [1-9]\d* bytes of records$", "^BJ_E_CANCELLED|^CANCELLED|[Cc]ancelled")


def go_examples(tally, running):
    """The programs over the Go package."""
    info = running.info
    listing, waiting, results, resume = (str(programs.build_go(f"go/{name}")) for name in ("list", "wait", "results", "resume"))
    for service in SERVICES:
        key, job = info["keys"][service], info["samples"][service]["large"]
        more = arguments(service, info)
        if service in LISTING:
            expect(tally, f"go list {service}", run([listing, service, *more], BATCHJOBS_API_KEY=key), "^230 jobs$")
        expect(tally, f"go wait {service}", run([waiting, service, job, *more], BATCHJOBS_API_KEY=key), f"^{re.escape(job)} is done: ")
        truth = running.truth(service, job)["records"]
        found, said = records([results, service, job, *more], key)
        held = found == truth and f"{len(truth)} records," in said
        tally.add(f"example go results {service}", held, not held, text="" if held else said)
        in_turns(tally, service, job, resume, more, key, truth)
    wrong = run([listing, "crustdata"])
    held = wrong.returncode == 1 and "api_key" in wrong.stderr
    tally.add("example go list without a key", held, not held, text="" if held else wrong.stderr)


def records(command, key):
    """The lines that a program writes, as bytes, and what it says besides."""
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                            env=python_tests.environment(BATCHJOBS_API_KEY=key))
    return result.stdout.split(b"\n")[:-1], result.stderr.decode()


def in_turns(tally, service, job, go, more, key, truth):
    """Ten records by the C program, twenty by the Go one, ten through Python, and the rest by Go."""
    c, place = str(programs.build_example("resume")), programs.OUT / "place"
    python = [str(python_tests.BIN / "python"), str(ROOT / "scripts/next_records.py")]
    place.unlink(missing_ok=True)
    found, says = [], ""
    for command, *count in (([c],), ([go], "20"), (python,), ([go], "1000000")):
        piece, says = records([*command, service, job, str(place), *count, *more], key)
        found.append(piece)
    counts = [len(piece) for piece in found[:3]]
    held = counts == [10, 20, 10] and sum(found, []) == truth and f"{len(truth)} records so far," in says
    tally.add(f"example resume in C, Go and Python {service}", held, not held, text="" if held else f"{counts} {says}")
