"""The Python package's part of the tests: style, types, the tests themselves, and the wheel in clean environments."""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import programs
from programs import ROOT

PACKAGE = ROOT / "bindings/python"
WORK = ROOT / ".build-python"
BIN = WORK / "venv/bin"
LIBRARY = ROOT / "dist/lib/libbatchjobs.so.0"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def make_venv(folder, python, *wanted):
    """An environment with these packages; made anew only when the list of them has changed."""
    lists = "\n".join(Path(one[2:]).read_text() if one.startswith("-r") else one for one in wanted)
    stamp = folder / "made-from.txt"
    if stamp.exists() and stamp.read_text() == lists:
        return
    subprocess.run([str(python), "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
    stamp.write_text(lists)


def prepare():
    """The environment of checks, packaging, tests and examples."""
    WORK.mkdir(exist_ok=True)
    # pip takes "-rFILE" as one word.
    make_venv(WORK / "venv", sys.executable, f"-r{PACKAGE / 'requirements.txt'}", f"-r{PACKAGE / 'requirements-dev.txt'}")


def environment(**extra):
    """Where programs find the package of this tree, with the staged library."""
    return programs.environment(PYTHONPATH=str(PACKAGE / "src"), BATCHJOBS_LIBRARY=str(LIBRARY), **extra)


def pytest(python, **variables):
    only = ["-k", os.environ["TEST_ONLY"]] if os.environ.get("TEST_ONLY") else []
    command = [str(python), "-m", "pytest", "-q", "-rs", "--no-header", "-p", "no:cacheprovider", *only, str(PACKAGE / "tests")]
    return subprocess.run(command, cwd=WORK, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1200,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables})


def count(tally, name, result):
    last = (result.stdout.strip().splitlines() or [""])[-1]
    counts = {word.rstrip("s"): int(number) for number, word in COUNTED.findall(last)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    if result.returncode:
        sys.stdout.write(result.stdout[-8000:] + result.stderr[-2000:])
        failed = max(failed, 1)
    tally.add(name, counts.get("passed", 0), failed, counts.get("skipped", 0), last.strip("= "), result.stdout)


def interpreters():
    """(version, path or None): what is on the PATH, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if "shims" not in folder]
    for version in VERSIONS:
        places = [*sorted(pyenv.glob(f"{version}.*/bin")), *folders]
        yield version, next((place / f"python{version}" for place in places if (place / f"python{version}").exists()), None)


def python(tally):
    """The Python package: style, types, its tests here, and the wheel in a clean environment of each version there is."""
    prepare()
    for name, *command in (("style", "ruff", "check", "--no-cache", "."), ("format", "ruff", "format", "--no-cache", "--check", "src", "tests", "hatch_build.py"),
                           ("mypy", "mypy", "--cache-dir", str(WORK / "mypy")),
                           ("pyright", "basedpyright", "--pythonpath", str(BIN / "python"), "-p", ".")):
        tally.run(f"python {name}", [str(BIN / command[0]), *command[1:]], cwd=PACKAGE)
    built = tally.run("python wheel", [str(BIN / "python"), str(ROOT / "scripts/python_wheel.py")])
    wheels = sorted((ROOT / "dist/python").glob("*.whl"))
    runs = {"python tests": lambda: pytest(BIN / "python", **environment())}
    for version, interpreter in interpreters():
        if interpreter is None:
            tally.add(f"python {version}", 0, 0, 1, "skipped: there is none")
        elif not built.returncode and wheels:
            runs[f"python {version}, the wheel"] = partial(clean, version, interpreter, wheels[-1])
    # Most of their time is waiting, each for a simulator of its own.
    with ThreadPoolExecutor(3) as pool:
        for name, result in zip(runs, pool.map(lambda run: run(), runs.values())):
            count(tally, name, result)


def clean(version, interpreter, wheel):
    """The tests in an environment that holds the wheel and what the tests need."""
    folder = WORK / f"clean-{version}"
    make_venv(folder, interpreter, f"-r{PACKAGE / 'requirements.txt'}")
    subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index",
                    "--no-deps", "--force-reinstall", str(wheel)], check=True)
    return pytest(folder / "bin/python", BATCHJOBS_ROOT=str(ROOT), PYTHONPATH="", BATCHJOBS_LIBRARY="", LD_LIBRARY_PATH="")
