"""The shared vectors: what services answer, and what must come of it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT

import batchjobs

VECTORS = ROOT / "Tests/Vectors"
NAMES = sorted(str(path.relative_to(VECTORS)) for path in VECTORS.glob("*/*.expected.json"))


@pytest.fixture(scope="module")
def server():
    """Answers every request with what `answers` holds for its path, or for any."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, headers, body = self.server.answers.get(self.path) or self.server.answers["any"]
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """A client that has what it wants may hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def check_job(job, expected, provider):
    times = {name: getattr(job, name) for name in ("created", "started", "finished", "updated")}
    assert {
        "id": job.id,
        "kind": job.kind,
        "word": job.status,
        "phase": job.phase,
        "outcome": job.outcome,
        "error_text": job.error,
        "counts": {name: value for name, value in job.counts._asdict().items() if value is not None},
        "times": {name: round(time.timestamp() * 1000) for name, time in times.items() if time is not None},
    } == {**dict.fromkeys(("kind", "word", "error_text")), "counts": {}, "times": {}, **expected}
    assert job.provider == provider


def check_error(error, expected):
    assert error.status == expected["status"]
    found = {"http_status": error.status_code, "code": error.code, "request_id": error.request_id, "retryable": error.retryable}
    for name, value in found.items():
        if name in expected:
            assert value == expected[name], name
    if "retry_after_ms" in expected:
        assert error.retry_after == (None if expected["retry_after_ms"] in (None, -1) else expected["retry_after_ms"] / 1000)
    assert expected.get("message", "") in error.message
    for name in ("path", "errors"):
        if name in expected:
            found, wanted = error.details[name], expected[name]
            assert (json.loads(found) if name == "errors" and not isinstance(wanted, str) else found) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_vector(server, name):
    path = VECTORS / name
    vector = json.loads(path.read_text())
    http = vector.get("http", {})
    body = (path.parent / vector["answer"]).read_bytes()
    server.answers = {"any": (http.get("status", 200), http.get("headers", {}), body)}
    provider = vector["provider"]
    options = {"max_attempts": 1, "timeout": 20, **vector.get("options", {})}
    with batchjobs.Client(provider, "key", base_url=f"http://127.0.0.1:{server.server_port}", **options) as client:
        try:
            if vector["call"] == "list":
                page = next(client.jobs().pages(), None)  # a list without jobs has no page
                jobs = page.jobs if page is not None else []
                assert (page is not None and page.next_cursor is not None) == vector.get("more", False)
            else:
                jobs = [client.job(vector["id"])]
        except batchjobs.BatchJobsError as error:
            check_error(error, vector["error"])
            return
        assert "error" not in vector
        assert len(jobs) == len(vector["jobs"])
        for job, expected in zip(jobs, vector["jobs"]):
            check_job(job, expected, provider)
        if "records_error" in vector:
            with pytest.raises(batchjobs.BatchJobsError) as caught:
                list(client.results(vector["id"]))
            check_error(caught.value, vector["records_error"])
        elif "records" in vector and "files" not in vector:
            found = [(record.key, str(record.outcome), record.raw) for record in client.results(vector["id"])]
            # A batch cannot tell an empty key from none.
            assert found == [(record.get("key") or None, record["outcome"], record["data"].encode()) for record in vector["records"]]
