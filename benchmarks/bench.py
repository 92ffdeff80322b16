"""Compares the library with what people use today: all in one run, one table.

    python3 benchmarks/bench.py [--quick] [--only NAME]...

Needs `make dist`. A whole run writes docs/benchmarks.md, docs/benchmarks.svg and the figures in the README; one
with --quick or --only writes the same into .build-bench.
"""
import argparse
import os
import platform
import time
from datetime import datetime, timezone

import build
import chart
import data
from compare_calls import cancel, overload, status
from compare_footprint import footprint
from compare_growth import growth
from compare_latency import latency, protocols
from compare_lists import lists
from compare_results import memory, results
from compare_waiting import waiting
from instructions import instructions, processor
from places import OUT, PAGES, ROOT, fail
from report import Section, goals_table, met

BENCHMARKS = {benchmark.__name__: benchmark for benchmark in (
    lists, results, memory, latency, protocols, status, overload, cancel, waiting, footprint, growth, instructions)}
BEGIN, END = "<!-- Figures of the last make bench; it writes them. -->\n", "<!-- End of the figures. -->"


def machine():
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if hasattr(platform, "freedesktop_os_release") else "Linux"
    return f"{processor()}, {os.cpu_count()} cores, {system}, Linux {platform.release()}"


def run(names, quick):
    for name in names:
        started = time.monotonic()
        section = Section(name, BENCHMARKS[name].__doc__.replace("\n    ", " "))
        print(f"bench: {name}", end="", flush=True)
        BENCHMARKS[name](section, quick)
        print(f", {time.monotonic() - started:.0f} s", flush=True)
        yield section


def heading(quick, load, seconds):
    when = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return ["# Benchmarks", "", "Written by `make bench`; do not edit. How it compares is said in "
            "[benchmarks](../benchmarks/README.md), why a goal is missed in [performance](performance.md).", "",
            f"{when}. {machine()}; load {load:.1f} at the start, {seconds:.0f} s in all. Medians of interleaved runs over loopback"
            + (", few of them (--quick)." if quick else "."), "", ", ".join(build.versions()) + ".", ""]


def write_readme(sections):
    """Its lines between the two comments."""
    path = ROOT / "README.md"
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        fail(f"README.md lacks the comments between which the figures go: {BEGIN.strip()} and {END}")
    path.write_text(before + begin + headlines(sections) + end + after)


def headlines(sections):
    return "".join(f"* {section.headline}\n" for section in sections if section.headline)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="one comparison, may be repeated")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    build.everything()
    data.make(PAGES)
    load, started = os.getloadavg()[0], time.monotonic()
    sections = list(run(options.only or BENCHMARKS, options.quick))
    goals = [goal for section in sections for goal in section.goals if goal.limit is not None]
    missed = sum(not met(goal) for goal in goals)
    lines = heading(options.quick, load, time.monotonic() - started)
    lines += [f"{len(goals) - missed} of {len(goals)} goals are met, {missed} missed.", "", *goals_table(goals),
              "![Bars of the figures below](benchmarks.svg)", ""]
    text = "\n".join(lines + [line for section in sections for line in section.lines]).rstrip() + "\n"
    folder = OUT if options.quick or options.only else ROOT / "docs"
    (folder / "benchmarks.md").write_text(text)
    (folder / "benchmarks.svg").write_text(chart.draw([panel for section in sections for panel in section.panels]))
    print(text)
    if folder == OUT:
        print(headlines(sections), end="")
    else:
        write_readme(sections)


if __name__ == "__main__":
    main()
