"""Counts instructions under callgrind and holds them against those in instructions.json: at most 10 % more.

    python3 instructions.py [--write]

Only instructions of the process itself count, by the file they stand in: those of libbatchjobs, and those of
what it calls (libc, jansson, ISA-L). libcurl's depend on how the answers come in and are left out. From run to run
the former differ by 0.3 %, the latter by 4 %. libbatchjobs is compared where compiler and architecture are those
of the table, what lies beneath only where its versions and the processor are too: it chooses its code by them.
Ends with 77 where nothing can be compared. --write makes the table anew.
"""
import argparse
import json
import platform
import subprocess
import sys

import build
import data
import records
import servers
from build import program
from places import HERE, OUT, PAGES, SMALL, found_tool

TABLE = HERE / "instructions.json"
MOST = 1.1
BENEATH = ("libc.so", "libjansson.so", "libisal.so")
JOBS, PARTS, CALLS = 10_000, 4, 1_000
PROGRAMS = ("list/ours", "results/ours", "results/ours_batch", "status/ours")
SKIPPED = 77


def workloads(base):
    job = json.loads((PAGES / "status/job.json").read_bytes())["batch_id"]
    return {
        f"list of {JOBS:,} jobs": [program("list/ours"), base, f"max_items={JOBS}"],
        "20 MB of results, batches": [program("results/ours_batch"), base, f"small-{PARTS}"],
        "20 MB of results, one by one": [program("results/ours"), base, f"small-{PARTS}"],
        f"{CALLS:,} status calls": [program("status/ours"), base, job, str(CALLS)],
    }


def by_object(path):
    """The sum over all functions of each file of code. A line behind `calls=` is the cost of what was called, which
    stands where that is."""
    sums, owner, called = {}, "", False
    with path.open() as lines:
        for line in lines:
            if line.startswith("ob="):
                owner = line[3:].strip().rpartition("/")[2]
            elif line.startswith("calls="):
                called = True
            elif line[0].isdigit():
                if not called:
                    sums[owner] = sums.get(owner, 0) + int(line.split()[1])
                called = False
    return sums


def count(command):
    """Instructions of libbatchjobs, and of what lies beneath it."""
    out = OUT / "callgrind.out"
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no",
                           "--compress-pos=no", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"instructions: {command[0].rpartition('/')[2]} failed: {done.stderr.strip()}")
    sums = by_object(out)
    return [sum(value for name, value in sums.items() if name.startswith(names))
            for names in ("libbatchjobs.so", BENEATH)]


def measure():
    data.make(PAGES)
    records.make_small(SMALL)
    build.c_programs(PROGRAMS)
    with servers.nginx(small=(PARTS,)) as base:
        return {name: count(command) for name, command in workloads(base).items()}


def first_line(*command):
    if found_tool(command[0]) is None:
        return f"no {command[0]}"
    return subprocess.run(command, capture_output=True, text=True).stdout.partition("\n")[0]


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def surroundings():
    """What the counts depend on: of the library, and of what lies beneath it."""
    beneath = [" ".join(platform.libc_ver()), *(f"{name} {build.pkg_config('--modversion', name)[0]}" for name in ("jansson", "libisal")),
               first_line("valgrind", "--version"), processor()]
    return f"{first_line('swiftc', '--version')}, {platform.machine()}", ", ".join(beneath)


def missing():
    """Why there is nothing to count, or None."""
    names = [name for name in ("valgrind", "nginx") if found_tool(name) is None]
    return f"no {' and no '.join(names)}" if names else None


def compare(found, table, same):
    """A line for each workload, and whether all is well. What lies beneath is held only if it is the `same`."""
    lines, well = [], True
    for name, counts in found.items():
        words = []
        for title, now, before, held in zip(("libbatchjobs", "beneath"), counts, table["counts"][name], (True, same)):
            wrong = held and now > MOST * before
            well = well and not wrong
            words.append(f"{title} {now:,} ({now / before - 1:+.1%}{', too many' if wrong else '' if held else ', not compared'})")
        lines.append(f"{name}: " + ", ".join(words))
    return lines, well


def instructions(section, quick):
    """Millions of instructions under callgrind, without libcurl's and the kernel's; the tests hold them to 10 % above those
    that are kept in benchmarks/instructions.json."""
    if missing():
        section.say(f"Skipped: {missing()}.")
        return
    found = measure()
    kept = json.loads(TABLE.read_text())["counts"]
    section.table(["", "libbatchjobs", "kept", "libc, jansson, ISA-L", "kept"],
                  [[name, *(f"{value / 1e6:.1f}" for pair in zip(counts, kept[name]) for value in pair)]
                   for name, counts in found.items()])


def reason_to_skip(table):
    if missing():
        return missing()
    library = surroundings()[0]
    return None if table["library"] == library else f"the table is of {table['library']}, this is {library}"


def write():
    found = measure()
    library, beneath = surroundings()
    TABLE.write_text(json.dumps({"library": library, "beneath": beneath, "counts": found}, indent=2) + "\n")
    print(f"{len(found)} workloads, written to {TABLE.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="make the table anew")
    OUT.mkdir(exist_ok=True)
    if parser.parse_args().write:
        write()
        return
    table = json.loads(TABLE.read_text())
    reason = reason_to_skip(table)
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    lines, well = compare(measure(), table, table["beneath"] == surroundings()[1])
    print("\n".join(lines))
    print(f"{len(lines)} workloads, at most {MOST - 1:.0%} above {TABLE.name}" if well else
          f"more than {MOST - 1:.0%} above {TABLE.name}; if that is meant: make instructions")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
