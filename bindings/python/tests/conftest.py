"""A simulator of the services for all tests, real sockets and all, and clients of it."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import batchjobs

ROOT = Path(os.environ.get("BATCHJOBS_ROOT", Path(__file__).resolve().parents[3]))
sys.path.insert(0, str(ROOT / "Tests/simulator"))
from harness import Simulator  # noqa: E402

SERVICES = ("crustdata", "spidra", "reach", "veryfront")
LISTING = SERVICES[:3]
FOREIGN = ("_API_KEY", "_API_TOKEN", "_PROXY", "_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Whoever runs the tests may have keys and proxies."""
    for name in list(os.environ):
        if name.endswith(FOREIGN):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def interruptible():
    """A shell's background jobs begin deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def running():
    with Simulator("--seed", "1", "--jobs", "230", "--time-scale", "0") as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    """Without what an earlier test switched on."""
    for what in ("faults", "content", "requests"):
        running.control("DELETE", f"/{what}")
    running.control("PUT", "/settings", {"vectors": False})
    yield running


@pytest.fixture
def arguments(simulator):
    """What a client of a service needs."""

    def of(service, **options):
        project = {"project": simulator.info["project"]} if service == "veryfront" else {}
        return {"provider": service, "api_key": simulator.info["keys"][service], "base_url": simulator.info[service], **project, **options}

    return of


@pytest.fixture
def connect(arguments):
    """Makes a client of a service; it is closed with the test."""
    made = []

    def client(service="crustdata", **options):
        made.append(batchjobs.Client(**arguments(service, **options)))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def run_python(arguments):
    """Runs a program in an interpreter of its own; `given` holds a client's arguments."""

    def run(program, service="crustdata", timeout=60, **variables):
        text = "import sys, json\ngiven = json.loads(sys.argv[1])\n" + textwrap.dedent(program)
        import json

        return subprocess.run(
            [sys.executable, "-c", text, json.dumps(arguments(service))],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "PYTHONPATH": str(Path(batchjobs.__file__).parents[1]), **variables},
        )

    return run
