"""The examples, built as a stranger would, do what their comments say."""
import re
import subprocess
import sys

import programs
from programs import ROOT, SERVICES

LISTING = tuple(service for service in SERVICES if service != "veryfront")
# Each of them has a check below.
KNOWN = {"c/first.c", "c/list.c", "c/status.c", "c/results.c", "c/tour.c", "ctypes/tour.py", "cgo/main.go", "go/list/main.go",
         "go/wait/main.go", "go/results/main.go", "go/resume/main.go"}


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
        c_tour(tally, info)
        binding(tally, "ctypes", [sys.executable, str(folder / "ctypes/tour.py"), str(ROOT / "dist/lib/libbatchjobs.so")], info)
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
        in_two_runs(tally, service, [resume, service, job], more, key, truth)
    wrong = run([listing, "crustdata"])
    held = wrong.returncode == 1 and "api_key" in wrong.stderr
    tally.add("example go list without a key", held, not held, text="" if held else wrong.stderr)


def records(command, key):
    """The lines that a program writes, as bytes, and what it says besides."""
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                            env=programs.environment(BATCHJOBS_API_KEY=key))
    return result.stdout.split(b"\n")[:-1], result.stderr.decode()


def in_two_runs(tally, service, command, more, key, truth):
    """Twenty records in the first run, the rest in the second."""
    place = programs.OUT / "place"
    place.unlink(missing_ok=True)
    first, said = records([*command, str(place), "20", *more], key)
    second, also = records([*command, str(place), "1000000", *more], key)
    held = len(first) == 20 and first + second == truth and f"{len(truth)} records so far," in also
    tally.add(f"example go resume {service}", held, not held, text="" if held else said + also)
