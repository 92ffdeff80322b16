"""Building C programs against dist/ and running them against the simulator."""
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / ".build-c"
SERVICES = ("crustdata", "spidra", "reach", "veryfront")

sys.path.insert(0, str(ROOT / "Tests" / "simulator"))
from harness import Simulator


def simulator(*arguments):
    """A running simulator, to be used with `with`; `.info` holds its addresses and keys."""
    return Simulator("--seed", "1", *arguments)


def pkg_config(*arguments):
    environment = {**os.environ, "PKG_CONFIG_PATH": str(ROOT / "dist/lib/pkgconfig")}
    output = subprocess.run(["pkg-config", *arguments], check=True, capture_output=True, text=True, env=environment)
    return shlex.split(output.stdout)


def environment(**extra):
    """The environment in which a program finds the staged library."""
    return {**os.environ, "LD_LIBRARY_PATH": str(ROOT / "dist/lib"), **extra}


def compiler():
    return shlex.split(os.environ.get("CC", "cc"))


def build_example(name):
    """What a stranger types: cc NAME.c $(pkg-config --cflags --libs batchjobs)."""
    target = OUT / "examples" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([*compiler(), str(ROOT / f"examples/c/{name}.c"), *pkg_config("--cflags", "--libs", "batchjobs"),
                    "-o", str(target)], check=True)
    return target


def tour_environment(info):
    values = {"VERYFRONT_PROJECT": info["project"], "VERYFRONT_JOB": info["samples"]["veryfront"]["partial"]}
    for service in SERVICES:
        values[f"{service.upper()}_KEY"] = info["keys"][service]
        values[f"{service.upper()}_URL"] = info[service]
    return environment(**values)
