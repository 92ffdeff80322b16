"""Each function of the header is called somewhere in Tests/abi, and by nulls.c without its arguments."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import header


def main():
    functions = header.read()[0]
    sources = sorted((header.ROOT / "Tests/abi").glob("*.c"))
    for who, paths in (("no C test", sources), ("nulls.c never", [path for path in sources if path.name == "nulls.c"])):
        called = {name for path in paths for name in re.findall(r"\b(bj_\w+)\(", path.read_text())}
        missing = [name for name in functions if name not in called]
        if missing:
            sys.exit(f"tested: {who} calls " + ", ".join(missing))
    print(f"tested: all {len(functions)} functions are called by the C tests")


main()
