"""Builds the Python wheel and sdist into dist/python: the staged library, jansson and ISA-L inside.

    .build-python/venv/bin/python scripts/python_wheel.py
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bindings/python"
LIBRARY = ROOT / "dist/lib/libbatchjobs.so.0"
TARGET = ROOT / "dist/python"
WORK = ROOT / ".build-python/wheel"
# The newest glibc that the library itself asks for; the wheel may not need a later one.
GOAL = (2, 28)


def run(*command, **variables):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PATH": path, **variables})
    if done.returncode:
        sys.exit(f"python_wheel: {command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def build():
    """The wheel as auditwheel leaves it: its tag says which glibc it needs, libcurl stays the system's."""
    for folder in (WORK, TARGET):
        shutil.rmtree(folder, ignore_errors=True)
    run("build", "--no-isolation", "--sdist", "--outdir", str(TARGET), str(PACKAGE))
    run("build", "--no-isolation", "--wheel", "--outdir", str(WORK), str(PACKAGE), BATCHJOBS_LIBRARY=str(LIBRARY.resolve()))
    (plain,) = WORK.glob("*.whl")
    run("auditwheel", "repair", "--exclude", "libcurl.so.4", "--wheel-dir", str(TARGET), str(plain))
    (wheel,) = TARGET.glob("*.whl")
    run("check_wheel_contents", "--ignore", "W009,W010", str(wheel))
    return wheel


def main():
    wheel = build()
    tags = [tuple(map(int, found)) for found in re.findall(r"manylinux_(\d+)_(\d+)_", wheel.name)]
    if not tags or min(tags) > GOAL:
        sys.exit(f"python_wheel: {wheel.name} asks for a later glibc than {GOAL[0]}.{GOAL[1]}")
    print(f"{wheel.name}: {wheel.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
