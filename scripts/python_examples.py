"""The examples of the Python package do what their comments say."""
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import python_tests
from programs import ROOT, SERVICES

FOLDER = ROOT / "examples/python"
KNOWN = {f"python/{name}.py" for name in ("list", "wait", "results", "resume")}
KEYS = {"crustdata": "CRUSTDATA_API_KEY", "spidra": "SPIDRA_API_KEY", "reach": "REACH_API_TOKEN", "veryfront": "VERYFRONT_API_KEY"}


class Example:
    """One of them, for one service of the simulator."""

    def __init__(self, simulator, name, service, *words):
        info = simulator.info
        more = [f"project={info['project']}"] if service == "veryfront" else []
        self.command = [str(python_tests.BIN / "python"), str(FOLDER / f"{name}.py"), service, *words, f"base_url={info[service]}", *more]
        self.environment = python_tests.environment(**{KEYS[service]: info["keys"][service]})

    def run(self):
        return subprocess.run(self.command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, env=self.environment)

    def start(self):
        return subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env=self.environment)


def expect(tally, name, result, *wanted):
    said = result.stdout + result.stderr
    held = result.returncode == 0 and all(re.search(pattern, said, re.MULTILINE) for pattern in wanted)
    tally.add(f"example python {name}", held, not held, text="" if held else said[-500:])


def run_all(tally, simulator):
    """All of them, in the environment of the package's tests."""
    python_tests.prepare()
    samples = simulator.info["samples"]
    for service in SERVICES:
        if service != "veryfront":
            expect(tally, f"list {service}", Example(simulator, "list", service).run(), r"^230 jobs$", "  done     failed  ")
        jobs = f"{samples[service]['large']},{samples[service]['failed']}"
        expect(tally, f"wait {service}", Example(simulator, "wait", service, jobs).run(), f"^{re.escape(samples[service]['failed'])}: failed$", r"2/2")
        records = simulator.control("GET", f"/truth/{service}/results/{samples[service]['succeeded']}")["count"]
        example = Example(simulator, "results", service, samples[service]["succeeded"])
        expect(tally, f"results {service}", example.run(), f"^{records} records, verified$", r"shape: \(\d, 3\)")
    killed(tally, simulator, samples["crustdata"]["large"])


def killed(tally, simulator, job):
    """Killed amid the records, the second run brings what the first did not."""
    with tempfile.TemporaryDirectory() as folder:
        file, place = Path(folder) / "out", Path(folder) / "out.place"
        simulator.fault("storage", "results", "slow", rate=8000, times=-1)
        process = Example(simulator, "resume", "crustdata", job, str(file)).start()
        ends = time.monotonic() + 60
        while not place.exists() and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        amid = process.wait() == -signal.SIGKILL
        simulator.control("DELETE", "/faults")
        result = Example(simulator, "resume", "crustdata", job, str(file)).run()
        expect(tally, "resume", result, r"^5000 records, [1-4]000 of them from before, verified$")
        held = amid and file.read_bytes().splitlines() == simulator.truth("crustdata", job)["records"]
        tally.add("example python resume, after a kill", held, not held)
