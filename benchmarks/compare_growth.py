"""What happens to time and memory when there is more to do."""
import records
import servers
from build import PACKAGE, program
from places import SMALL
from report import OURS
from runs import Failed, Peer, in_turns, median


def growth(section, quick):
    """Linear in time, flat in memory. CPU and peak memory are of whole processes; what one more costs is the step
    from the row above."""
    jobs, parts = (10, 1_000, 10_000, 100_000), (1, 10, 100)
    count = records.make_small(SMALL)
    with servers.nginx(small=parts) as base:
        def listed(command, option):
            return {number: (number, [*command, option.format(number)]) for number in jobs}

        def read(command):
            return {number: (number * count, [*command, f"small-{number}"]) for number in parts}
        # A list keeps a hash of each id, so that one that goes in circles ends: a set of 32 bytes a job where it has just grown.
        for title, unit, most, runs in (
                (f"jobs, {OURS}", "jobs", 4, listed([program("list/ours"), base], "max_items={}")),
                (f"jobs, {OURS} from Python", "jobs", 4, listed([*PACKAGE, "list_batchjobs.py", base], "{}")),
                (f"parts of 5 MB, {OURS}", "parts", 2, read([program("results/ours"), base])),
                (f"parts of 5 MB, {OURS} from Python", "parts", 2, read([*PACKAGE, "results_batchjobs.py", "raw", base]))):
            costs = in_turns([Peer(number, command) for number, (_, command) in runs.items()], 3 if quick else 7)
            for number, (expected, _) in runs.items():
                if int(costs[number][0].output[0]) != expected:
                    raise Failed(f"bench: growth: {costs[number][0].output[0]} of {expected}: {title}, {number}")
            steps(section, title, unit, most, costs)


def steps(section, title, unit, most, costs):
    numbers = list(costs)
    cpu = {number: median(costs[number], "cpu") for number in numbers}
    peak = {number: median(costs[number], "peak") for number in numbers}
    each = [None] + [(cpu[high] - cpu[low]) / (high - low) for low, high in zip(numbers, numbers[1:])]
    section.table([title, "CPU s", f"µs for each of further {unit}", "peak MB"],
                  [[f"{number:,}", f"{cpu[number]:.4f}", "–" if step is None else f"{step * 1e6:.2f}", f"{peak[number]:.1f}"]
                   for number, step in zip(numbers, each)])
    middle, last = numbers[-2:]
    # A step that cannot be seen says nothing.
    section.goal(f"growth, {title}: cost of one more at {last:,} over that at {middle:,}",
                 each[-1] / each[-2] if each[-2] > 0 else None, 1.25)
    section.goal(f"growth, {title}: memory from {middle:,} to {last:,}", peak[last] - peak[middle], most, " MB")
