"""The numbers of the header's enums are those of the core, name by name."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import header

# Swift type: prefix in the header.
PAIRS = {
    "Status": "BJ_E_",
    "Phase": "BJ_PHASE_",
    "Outcome": "BJ_OUTCOME_",
    "Count": "BJ_COUNT_",
    "Moment": "BJ_TIME_",
    "RecordOutcome": "BJ_RECORD_",
    "OptionKind": "BJ_OPTION_",
}


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip("`")).upper()


def of_enum(body):
    following = 0
    for line in re.findall(r"^    case (?!\.)([^:\n]+)$", body, re.MULTILINE):
        for part in line.split(","):
            name, _, value = part.partition("=")
            following = int(value) if value else following
            yield snake(name.strip()), following
            following += 1


def swift_numbers(sources, name):
    """The numbers of an enum with raw values, or of a struct with static ones."""
    body = re.search(rf"^public (?:enum|struct) {name}\b.*?\{{\n(.*?)^\}}", sources, re.MULTILINE | re.DOTALL)
    if body is None:
        return {}
    statics = re.findall(rf"static let (\S+) = {name}\(rawValue: (-?\d+)\)", body.group(1))
    return {snake(word): int(value) for word, value in statics} or dict(of_enum(body.group(1)))


def main():
    numbers = header.read()[1]
    sources = "\n".join(path.read_text() for path in sorted((header.ROOT / "Sources/BatchJobs").rglob("*.swift")))
    wrong, count = [], 0
    for name, prefix in PAIRS.items():
        expected = {key[len(prefix):]: value for key, value in numbers.items() if key.startswith(prefix)}
        found = swift_numbers(sources, name)
        count += len(expected)
        if found != expected:
            odd = sorted(set(found.items()) ^ set(expected.items()))
            wrong.append(f"Swift's {name} and {prefix}... differ: {odd}")
    if wrong:
        sys.exit("numbers: " + "\nnumbers: ".join(wrong))
    print(f"numbers: {count} values of {len(PAIRS)} enums are the same in header and core")


main()
