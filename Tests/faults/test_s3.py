"""Result files in an S3 that nobody here wrote (moto), behind links of Amazon's own signer, read
through a relay that breaks: needs .venv, the staged library and examples/c/results.

Run by scripts/test.py; by hand: .venv/bin/python Tests/faults/test_s3.py
"""
from __future__ import annotations

import base64
import logging
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/faults"), str(ROOT / "scripts")]

import programs  # noqa: E402
from relay import Break, Relay  # noqa: E402

try:
    import botocore.session
    from botocore.config import Config
    from moto.server import ThreadedMotoServer
except ImportError:
    botocore = None

BUCKET = "batch-results"
# Names as stores have them: what must be escaped is escaped once, by the signer.
NAMES = ("out/part 000.jsonl.gz", "out/part+001&x=1.jsonl.gz", "out/part-caf\u00e9-%2F-002.jsonl.gz")
PARTS = len(NAMES)


def whole(path: str, number: int) -> Optional[Break]:
    return None


@unittest.skipIf(botocore is None, "moto and botocore are not installed here")
class S3Tests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        cls.server.start()
        cls.relay = Relay(cls.server.get_host_and_port()[1], whole)
        cls.direct, cls.through = (cls.client(port) for port in (cls.server.get_host_and_port()[1], cls.relay.port))
        cls.direct.create_bucket(Bucket=BUCKET)
        cls.program = programs.build_example("results")
        cls.sim = programs.simulator("--jobs", "12", "--time-scale", "0")
        cls.fill()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()
        cls.relay.close()
        cls.server.stop()

    @staticmethod
    def client(port: int) -> Any:
        session = botocore.session.get_session()
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return session.create_client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}", config=config,
                                     aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

    @classmethod
    def fill(cls) -> None:
        """A job of three parts: its files are what the simulator's own storage would give."""
        records = cls.sim.truth("crustdata", cls.sim.sample("crustdata", "large"))["records"][:900]
        given = [{"base64": base64.b64encode(record).decode()} for record in records]
        cls.sim.content("crustdata", "succeeded", records=given, parts=PARTS)
        cls.records = records
        cls.files = [cls.sim.fetch(link).body for link in cls.sim.links()]
        assert len(cls.files) == PARTS and min(map(len, cls.files)) > 12000

    def setUp(self) -> None:
        self.tags = []
        for name, file in zip(NAMES, self.files):
            answer = self.direct.put_object(Bucket=BUCKET, Key=name, Body=file, ContentType="application/gzip")
            self.tags.append(answer["ETag"])
        links = [self.through.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": name}, ExpiresIn=600)
                 for name in NAMES]
        self.sim.control("DELETE", "/faults")
        self.sim.control("DELETE", "/requests")
        self.sim.fault("crustdata", "get", "links", urls=links, times=-1)
        self.relay.forget()
        self.relay.plan = whole

    def read(self, **options: str) -> Tuple[int, List[bytes], str]:
        """Exit status, records and complaint of a program that reads the job's results."""
        key = self.sim.info["keys"]["crustdata"]
        settings = {"base_url": self.sim.info["crustdata"], "allow_http": "true", **options}
        command = [str(self.program), "crustdata", self.sim.sample("crustdata", "succeeded"),
                   *(f"{name}={value}" for name, value in settings.items())]
        done = subprocess.run(command, capture_output=True, env=programs.environment(BATCHJOBS_API_KEY=key), timeout=60)
        return done.returncode, done.stdout.split(b"\n")[:-1], done.stderr.decode()

    def seen(self) -> Dict[int, List[Any]]:
        """The requests of each part; none of them may hold what is the service's or the program's."""
        found: Dict[int, List[Any]] = {place: [] for place in range(PARTS)}
        for one in self.relay.seen:
            self.assertFalse({"authorization", "x-api-key", "cookie", "x-api-version"} & set(one.headers))
            self.assertNotIn(self.sim.info["keys"]["crustdata"], str(one))
            found[NAMES.index(unquote(urlsplit(one.target).path)[len(BUCKET) + 2:])].append(one)
        return found

    def test_whole(self) -> None:
        self.assertEqual(self.read()[:2], (0, self.records))
        self.assertEqual([[one.status for one in part] for part in self.seen().values()], [[200]] * PARTS)

    def check_resumed(self, marks: List[int], reset: bool, **options: str) -> None:
        """Each part breaks at each mark and is asked for from there on, in the version it had."""
        def plan(path: str, number: int) -> Optional[Break]:
            before = ([0] + marks)[number - 1] if number <= len(marks) else 0
            return Break(marks[number - 1] - before, reset, 0.05) if number <= len(marks) else None

        self.relay.plan = plan
        code, records, said = self.read(**options)
        self.assertEqual((code, len(records), said.split()[0]), (0, len(self.records), str(len(self.records))), said)
        self.assertEqual(records, self.records)
        for place, part in self.seen().items():
            self.assertEqual([one.status for one in part], [200] + [206] * len(marks))
            self.assertEqual([one.headers.get("range") for one in part], [None] + [f"bytes={mark}-" for mark in marks])
            self.assertEqual([one.headers.get("if-match") for one in part], [None] + [self.tags[place]] * len(marks))

    def test_resumed(self) -> None:
        self.check_resumed([5000], reset=False, parallel_parts="1")

    def test_resumed_side_by_side(self) -> None:
        self.check_resumed([5000], reset=False, parallel_parts="4")

    def test_resumed_after_a_reset(self) -> None:
        self.check_resumed([7777], reset=True, parallel_parts="1")

    def test_resumed_again_and_again(self) -> None:
        self.check_resumed([100, 101, 3000, 9000, 11999], reset=False, parallel_parts="1")

    def overwritten(self, file: bytes) -> Callable[[str, int], Optional[Break]]:
        """The first part breaks, and while it does another file takes its place."""
        def swap() -> None:
            self.direct.put_object(Bucket=BUCKET, Key=NAMES[0], Body=file)

        def plan(path: str, number: int) -> Optional[Break]:
            is_first = unquote(path).endswith(NAMES[0])
            return Break(9000, False, 0.2, swap) if is_first and number == 1 else None

        return plan

    def test_changed_on_the_way(self) -> None:
        for file in (self.files[1], self.files[0] + self.files[1]):
            self.relay.forget()
            self.direct.put_object(Bucket=BUCKET, Key=NAMES[0], Body=self.files[0])
            self.relay.plan = self.overwritten(file)
            code, records, said = self.read(parallel_parts="1")
            self.assertEqual((code, said.split(":")[0]), (1, "BJ_E_CHANGED"), said)
            self.assertTrue(records and records == self.records[:len(records)])
            self.assertEqual([one.status for one in self.seen()[0]][:2], [200, 412])

    def test_overwritten_with_the_same(self) -> None:
        """S3 names an object by its content: the same bytes are the same version."""
        self.relay.plan = self.overwritten(self.files[0])
        self.assertEqual(self.read(parallel_parts="1")[:2], (0, self.records))

    def test_deleted(self) -> None:
        self.direct.delete_object(Bucket=BUCKET, Key=NAMES[1])
        code, records, said = self.read()
        self.assertEqual((code, said.split(":")[0]), (1, "BJ_E_LINK"), said)
        self.assertEqual(records, self.records[:300])
        self.assertNotIn("X-Amz", said)


if __name__ == "__main__":
    unittest.main()
