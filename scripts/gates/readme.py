"""The C program in the README is examples/c/first.c, which the tests run."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import header


def main():
    programs = re.findall(r"^```c\n(.*?)^```$", (header.ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    if [text for text in programs if "int main(" in text] != [(header.ROOT / "examples/c/first.c").read_text()]:
        sys.exit("readme: its C program is not examples/c/first.c")
    print("readme: its program is examples/c/first.c")


main()
