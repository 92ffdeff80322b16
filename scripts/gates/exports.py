"""The shared library exports exactly the functions of the header, and so does the static one."""
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import header


def symbols(*command):
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = set()
    for line in output.splitlines():
        words = line.split()
        # The name of the version node is an absolute symbol and no function.
        if len(words) == 3 and words[1] != "A":
            found.add(words[2].split("@")[0])
    return found


def main():
    declared = set(header.read()[0])
    library = header.ROOT / "dist" / "lib"
    wrong = []
    for name, found in (
            ("libbatchjobs.so", symbols("nm", "-D", "--defined-only", str(library / "libbatchjobs.so"))),
            ("libbatchjobs.a", symbols("nm", "-g", "--defined-only", str(library / "libbatchjobs.a")))):
        wrong += [f"{name} lacks {symbol}" for symbol in sorted(declared - found)]
        wrong += [f"{name} exports {symbol}, which the header does not declare"
                  for symbol in sorted(found - declared)]
    if wrong:
        sys.exit("exports: " + "\nexports: ".join(wrong))
    print(f"exports: {len(declared)} functions of the header, and nothing else, in .so and .a")


main()
