"""Where things lie, and the tools that are needed."""
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / ".build-bench"
BIN = OUT / "bin"
PAGES = OUT / "data/pages"
PARTS = OUT / "data/parts"
SMALL = OUT / "data/small"
VENV = OUT / "venv"
PYTHON = VENV / "bin/python"
# Not ours to build here: `make dist` does. BENCH_DIST compares another build.
DIST = Path(os.environ.get("BENCH_DIST", ROOT / "dist")).resolve()


def fail(text):
    sys.exit(f"bench: {text}")


def found_tool(name):
    """nginx lies in sbin, which is not on everybody's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def tool(name, package):
    found = found_tool(name)
    if found is None:
        fail(f"{name} is missing; on Debian: apt-get install {package}")
    return found
