"""The fault table of Tests/faults: building and running the runners, and the grid of all of them."""
import json
import subprocess
import time

import programs
from programs import OUT, ROOT

TABLE = ROOT / "Tests/faults/table.json"
FOLDER = OUT / "matrix"
LIBRARY = ROOT / "dist/lib/libbatchjobs.so.0"
SOURCES = ("faults/run.c", "faults/table.c", "faults/grid.c", "abi/support.c", "abi/check.c")
# Most of a run is waiting, and faults belong to a whole simulator: so several of both.
SHARDS = 4
# Few jobs, because each list is walked again for each case; three pages nevertheless.
SIMULATED = ("--jobs", "60", "--time-scale", "0")


def build(compiler, strict, libraries, folder):
    target = folder / "faults"
    subprocess.run([*compiler, *strict, *(str(ROOT / "Tests" / source) for source in SOURCES), "-Wl,--as-needed",
                    *libraries, "-lcurl", "-ljansson", "-ldl", "-o", str(target)], check=True)
    return target


def build_go():
    return programs.build_go("bindings/go/internal/faults", ROOT)


class Shard:
    """A simulator and a runner for its part of the table."""

    def __init__(self, command, runner, number, certificate, extra):
        name = f"{runner}-{'tls' if certificate else number}"
        facts = FOLDER / f"simulator-{name}.json"
        self.results = FOLDER / f"{name}.jsonl"
        self.results.unlink(missing_ok=True)
        tls = ("--tls", *certificate) if certificate else ()
        self.simulator = programs.simulator(*SIMULATED, "--ready", str(facts), *tls)
        more = {"SIMULATOR_CA": certificate[0]} if certificate else {"FAULTS_SHARD": f"{number}/{SHARDS}"}
        self.output = (FOLDER / f"{name}.out").open("w+")
        self.errors = (FOLDER / f"{name}.err").open("w+")
        self.process = subprocess.Popen(
            [*command, str(TABLE)], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
            env=programs.environment(BATCHJOBS_LIBRARY=str(LIBRARY), SIMULATOR=str(facts), FAULTS_RESULTS=str(self.results), **more, **extra))

    def wait(self, ends):
        """Its exit status and what it said; None where it was too late."""
        try:
            code = self.process.wait(max(1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = None
        self.simulator.stop()
        said = []
        for file in (self.output, self.errors):
            file.seek(0)
            said.append(file.read())
            file.close()
        return code, *said


def run(command, runner, certificate, timeout, **extra):
    """Runs the whole table with the runner of a language; gives (exit status, output, errors) of each shard."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shards = [Shard(command, runner, number, None, extra) for number in range(1, SHARDS + 1)]
    shards.append(Shard(command, runner, 0, certificate, extra))
    ends = time.monotonic() + timeout
    return [shard.wait(ends) for shard in shards]


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
