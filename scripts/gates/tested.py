"""Each function of the header is called somewhere in Tests/abi."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import header


def main():
    functions = header.read()[0]
    text = "\n".join(path.read_text() for path in sorted((header.ROOT / "Tests/abi").glob("*.c")))
    called = set(re.findall(r"\b(bj_\w+)\(", text))
    missing = [name for name in functions if name not in called]
    if missing:
        sys.exit("tested: no C test calls " + ", ".join(missing))
    print(f"tested: all {len(functions)} functions are called by the C tests")


main()
