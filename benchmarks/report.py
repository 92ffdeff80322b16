"""What a comparison found, as Markdown: tables, goals, bars for the chart."""
from collections import namedtuple

from runs import median

# A limit of None: only to be looked at.
Goal = namedtuple("Goal", "text value limit unit")
Panel = namedtuple("Panel", "title bars")
OURS = "libbatchjobs"


def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines] + [""]


def goals_table(goals):
    """What was missed comes first. A value of None is no value: the program failed."""
    def row(goal):
        value = "failed" if goal.value is None else f"{goal.value:.2f}{goal.unit}"
        return [goal.text, value, f"at most {goal.limit}{goal.unit}", "met" if met(goal) else "**missed**"]

    bound = [goal for goal in goals if goal.limit is not None]
    return table(["goal", "value", "limit", ""], [row(goal) for goal in sorted(bound, key=met)])


def met(goal):
    return goal.value is not None and goal.value <= goal.limit


class Section:
    """One comparison: its text, its goals, its panels of the chart, and its line for the README."""

    def __init__(self, title, text):
        self.lines = [f"## {title}", "", text, ""]
        self.goals, self.panels, self.headline = [], [], None

    def say(self, text):
        self.lines += [text, ""]

    def table(self, head, rows):
        self.lines += table(head, rows)

    def goal(self, text, value, limit=None, unit=""):
        self.goals.append(Goal(text, value, limit, unit))

    def costs(self, costs, floor, others=()):
        """Medians; the ratios are to `floor` and, of CPU, to each of `others`."""
        def ratio(name, field, to):
            return f"{median(costs[name], field) / median(costs[to], field):.2f}"

        rows, counted = [], all(run.requests is not None for runs in costs.values() for run in runs)
        for name, runs in costs.items():
            cpu = sorted(run.cpu for run in runs)
            rows.append([name, f"{median(runs, 'wall'):.3f}", f"{median(runs, 'cpu'):.3f}",
                         f"{cpu[0]:.3f} to {cpu[-1]:.3f}", f"{median(runs, 'peak'):.1f}",
                         *([f"{median(runs, 'requests'):.0f}"] if counted else []),
                         ratio(name, "wall", floor), *(ratio(name, "cpu", to) for to in (floor, *others))])
        self.table(["", "wall s", "CPU s", "CPU lowest to highest", "peak MB", *(["requests"] if counted else []),
                    *(f"{field} / {to}" for field, to in (("wall", floor), ("CPU", floor), *(("CPU", to) for to in others)))],
                   rows)

    def panel(self, title, costs, field):
        """Bars of some of the costs, the shortest on top."""
        bars = [(name, median(runs, field)) for name, runs in costs.items()]
        self.panels.append(Panel(title, sorted(bars, key=lambda bar: bar[1])))
