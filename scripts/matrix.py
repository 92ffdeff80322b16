"""The fault table of Tests/faults: building and running the runners, and the grid of all of them."""
import json
import subprocess
import sys
import time

import programs
from programs import OUT, ROOT

sys.path.insert(0, str(ROOT / "Tests" / "faults"))
from fronts import Fronts

TABLE = ROOT / "Tests/faults/table.json"
FOLDER = OUT / "matrix"
LIBRARY = ROOT / "dist/lib/libbatchjobs.so.0"
SOURCES = ("faults/run.c", "faults/table.c", "faults/grid.c", "faults/amid.c", "abi/support.c", "abi/check.c")
# Most of a run is waiting, and faults belong to a whole simulator: so many of both.
SHARDS, SECURE_SHARDS = 6, 2
# Few jobs, because each list is walked again for each case; three pages nevertheless.
SIMULATED = ("--jobs", "60", "--time-scale", "0")


def build(compiler, strict, libraries, folder):
    target = folder / "faults"
    subprocess.run([*compiler, *strict, *(str(ROOT / "Tests" / source) for source in SOURCES), "-Wl,--as-needed",
                    *libraries, "-lcurl", "-ljansson", "-lpthread", "-ldl", "-o", str(target)], check=True)
    return target


def build_go():
    return programs.build_go("bindings/go/internal/faults", ROOT)


class Secure:
    """A simulator that speaks TLS, with all the fronts before it; `environment` is for a runner."""

    def __init__(self, shard, folder, certificate):
        folder.mkdir(parents=True, exist_ok=True)
        facts = folder / "facts.json"
        subprocess.run([str(ROOT / ".venv/bin/python"), str(ROOT / "Tests/faults/certificates.py"), str(folder)], check=True)
        self._simulator = programs.simulator(*SIMULATED, "--tls", *certificate)
        try:
            self._fronts = Fronts(self._simulator.info, folder, folder)
        except BaseException:
            self._simulator.stop()
            raise
        facts.write_text(json.dumps({**self._simulator.info, **self._fronts.facts}))
        self.environment = {"SIMULATOR": str(facts), "SIMULATOR_CA": certificate[0], "FAULTS_SHARD": shard}

    def stop(self):
        """What the proxies saw and should not have seen, in words."""
        leaked = self._fronts.stop()
        self._simulator.stop()
        return "a proxy saw a key in clear" if leaked else ""


class Plain:
    """A simulator without."""

    def __init__(self, shard, folder):
        folder.mkdir(parents=True, exist_ok=True)
        facts = folder / "facts.json"
        self._simulator = programs.simulator(*SIMULATED, "--ready", str(facts))
        self.environment = {"SIMULATOR": str(facts), "FAULTS_SHARD": shard}

    def stop(self):
        self._simulator.stop()
        return ""


class Shard:
    """A runner with its part of the table, and what it needs; beginning with those that need TLS."""

    def __init__(self, command, name, number, certificate):
        secure = number < SECURE_SHARDS
        part = f"{number + 1}/{SECURE_SHARDS}" if secure else f"{number - SECURE_SHARDS + 1}/{SHARDS}"
        self._peer = Secure(part, FOLDER / name, certificate) if secure else Plain(part, FOLDER / name)
        results = FOLDER / f"{name}.jsonl"
        results.unlink(missing_ok=True)
        self._output = (FOLDER / f"{name}.out").open("w+")
        self._errors = (FOLDER / f"{name}.err").open("w+")
        self._process = subprocess.Popen(
            [*command, str(TABLE)], stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._errors,
            env=programs.environment(BATCHJOBS_LIBRARY=str(LIBRARY), FAULTS_RESULTS=str(results), **self._peer.environment))

    def wait(self, ends):
        """Its exit status and what it said; a text in place of the status where something else went wrong."""
        try:
            code = self._process.wait(max(1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = "too late"
        code = self._peer.stop() or code
        said = []
        for file in (self._output, self._errors):
            file.seek(0)
            said.append(file.read())
            file.close()
        return code, *said


def run(runners, certificate, timeout):
    """Runs the whole table with the runners of these languages, all at once; gives (runner, exit status, output,
    errors) of each shard."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + timeout
    shards = [(runner, Shard(command, f"{runner}-{number + 1}", number, certificate))
              for number in range(SECURE_SHARDS + SHARDS) for runner, command in runners.items()]
    for runner, shard in shards:
        yield runner, *shard.wait(ends)


def elsewhere():
    """Cases that a C test holds, as (program, test): what it shows for which rows and cells."""
    found = {}
    for case in json.loads(TABLE.read_text())["cases"]:
        if "program" in case:
            found.setdefault((case["program"], case["test"]), []).append(case)
    return found


def tell(cases, outcome, milliseconds, file):
    """One line for each cell of these cases."""
    for case in cases:
        for service in case["services"]:
            for operation in case["operations"]:
                file.write(json.dumps({"row": case["row"], "case": case["name"], "service": service, "operation": operation,
                                       "outcome": outcome, "ms": milliseconds}) + "\n")


def read(folder=FOLDER):
    """What the runners told, by runner: the files are named runner-shard.jsonl."""
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        found.setdefault(path.name.split("-")[0], []).extend(lines)
    return found


def grid(found):
    """Row by service, operation and runner: how many held, of how many."""
    columns = sorted({(line["service"], line["operation"], runner) for runner, lines in found.items() for line in lines})
    cells = {}
    for runner, lines in found.items():
        for line in lines:
            cell = cells.setdefault((line["row"], line["service"], line["operation"], runner), [0, 0])
            cell[0] += line["outcome"] == "passed"
            cell[1] += line["outcome"] != "skipped"
    heads = [("row", *(service for service, _, _ in columns)), ("", *(operation for _, operation, _ in columns)),
             ("", *(runner for _, _, runner in columns))]
    rows = [(str(row), *("-" if (row, *column) not in cells else "{}/{}".format(*cells[(row, *column)]) for column in columns))
            for row in sorted({key[0] for key in cells})]
    widths = [max(len(line[place]) for line in heads + rows) for place in range(len(columns) + 1)]
    return ["  ".join(text.rjust(width) for text, width in zip(line, widths)).rstrip() for line in heads + rows]


if __name__ == "__main__":
    print("\n".join(grid(read())))
