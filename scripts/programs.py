"""Building C programs against dist/ and running them against the simulator."""
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / ".build-c"
GO = ROOT / ".venv/bin/go"
SERVICES = ("crustdata", "spidra", "reach", "veryfront")
# Time stands still, so that two looks at a job see the same; 230 jobs are three pages of 100.
SIMULATED = ("--jobs", "230", "--time-scale", "0")

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


def go_environment(**extra):
    """The environment for the Go of .venv: nothing is fetched, and the staged library is found."""
    return environment(GOCACHE=str(OUT / "go/cache"), GOPATH=str(OUT / "go/path"), GOTOOLCHAIN="local", GOPROXY="off",
                       GOENV="off", GOTELEMETRY="off", GOFLAGS="-buildvcs=false",
                       PKG_CONFIG_PATH=str(ROOT / "dist/lib/pkgconfig"), **extra)


def build_go(folder, above=ROOT / "examples"):
    """The Go program in a folder."""
    target = OUT / "examples" / folder
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(GO), "build", "-o", str(target), "."], cwd=above / folder, env=go_environment(), check=True)
    return target


def tour_environment(info):
    values = {"VERYFRONT_PROJECT": info["project"], "VERYFRONT_JOB": info["samples"]["veryfront"]["partial"]}
    for service in SERVICES:
        values[f"{service.upper()}_KEY"] = info["keys"][service]
        values[f"{service.upper()}_URL"] = info[service]
    return environment(**values)
