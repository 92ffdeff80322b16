"""Starting a simulator for tests and talking to it, raw bytes included."""
from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlsplit

HERE = Path(__file__).resolve().parent


class Answer(NamedTuple):
    status: int
    headers: Dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Simulator:
    """A running simulator process; use it as a context manager."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(HERE), "--stdin-guard", *arguments]
        # The guard ends the child when this process dies, however it dies.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.info: Dict[str, Any] = json.loads(self.process.stdout.readline())

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    # Plain HTTP

    def fetch(self, url: str, headers: Optional[Dict[str, str]] = None, method: str = "GET",
              body: Optional[bytes] = None) -> Answer:
        parts = urlsplit(url)
        secure = ssl._create_unverified_context() if parts.scheme == "https" else None
        connection = (http.client.HTTPSConnection(parts.netloc, timeout=20, context=secure) if secure
                      else http.client.HTTPConnection(parts.netloc, timeout=20))
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    def raw(self, service: str, target: str) -> Tuple[bytes, Optional[OSError]]:
        """All bytes of one answer off the socket, and the error that ended it, if one did."""
        return self.raw_at(self.info[service], target, self.auth(service))

    def raw_link(self, link: str, **headers: str) -> Tuple[bytes, bytes, Optional[OSError]]:
        """The same for a link: the head, the body as it was framed, and the error."""
        data, error = self.raw_at(link, link[link.index("/", 8):], headers)
        head, _, body = data.partition(b"\r\n\r\n")
        return head, body, error

    def raw_at(self, base: str, target: str, headers: Dict[str, str]) -> Tuple[bytes, Optional[OSError]]:
        parts = urlsplit(base)
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        received = b""
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=20) as sock:
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            try:
                while True:
                    data = sock.recv(65536)
                    if not data:
                        return received, None
                    received += data
            except OSError as error:
                return received, error

    # Services

    def auth(self, service: str) -> Dict[str, str]:
        key = self.info["keys"].get(service)
        if key is None:
            return {}
        return {"x-api-key": key} if service == "spidra" else {"Authorization": "Bearer " + key}

    def get(self, service: str, path: str, **extra: str) -> Answer:
        """A GET under the service's base, with its key; `extra` adds or replaces headers."""
        return self.fetch(self.info[service] + path, {**self.auth(service), **extra})

    def job(self, service: str, job_id: str) -> Answer:
        folder = {"crustdata": "/batch/", "spidra": "/batch/scrape/", "reach": "/api/batches/",
                  "veryfront": f"/projects/{self.info['project']}/job-batches/"}[service]
        tail = "?includePendingDetails=true" if service == "reach" else ""
        return self.get(service, folder + quote(job_id, safe="") + tail)

    def sample(self, service: str, kind: str) -> str:
        return str(self.info["samples"][service][kind])

    # Control

    def control(self, method: str, path: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        answer = self.fetch(self.info["control"] + path, {}, method, body)
        if answer.status != 200:
            raise ValueError(answer.body.decode())
        return answer.json()

    def fault(self, service: str, operation: str, name: str, **params: Any) -> None:
        self.control("PUT", "/faults", {"service": service, "operation": operation, "fault": name, **params})

    def content(self, service: str, sample: str, **params: Any) -> int:
        """Gives a sample job other records; answers how many it has now."""
        return int(self.control("PUT", "/content", {"service": service, "sample": sample, **params})["records"])

    def links(self, sample: str = "succeeded") -> List[str]:
        """Fresh links to the parts of a Crustdata job."""
        return list(self.job("crustdata", self.sample("crustdata", sample)).json()["download_urls"])

    def truth_ids(self, service: str) -> List[str]:
        return list(self.control("GET", f"/truth/{service}/jobs"))

    def truth(self, service: str, job_id: str) -> Dict[str, Any]:
        """Records come back as bytes."""
        found = self.control("GET", f"/truth/{service}/results/{quote(job_id, safe='')}")
        found["records"] = [base64.b64decode(text) for text in found["records"]]
        return dict(found)
