"""The storage as S3 is: links, signatures, ranges, conditions. python3 Tests/simulator/test_storage.py"""
from __future__ import annotations

import sys
import time
import unittest
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Answer, Simulator  # noqa: E402
from sim.links import STAMP  # noqa: E402
from sim.sigv4 import Credentials, presign  # noqa: E402

try:
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as BotoCredentials
except ImportError:
    S3SigV4QueryAuth = None


class Shared(unittest.TestCase):
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        cls.sim = Simulator("--jobs", "12", "--time-scale", "0")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()

    def setUp(self) -> None:
        for path in ("/faults", "/requests", "/content"):
            self.sim.control("DELETE", path)

    def fetch(self, link: str, method: str = "GET", **headers: str) -> Answer:
        return self.sim.fetch(link, {name.replace("_", "-"): value for name, value in headers.items()}, method)

    def sign(self, path: str, expires: int = 600, shift: float = 0, method: str = "GET") -> str:
        key = self.sim.info["storage_key"]
        now = self.sim.control("GET", "/clock")["wall_time"] + shift
        return presign(Credentials(**key), self.sim.info["storage"], path, time.strftime(STAMP, time.gmtime(now)),
                       expires, [], method)


class LinkTests(Shared):
    def test_fresh_links_for_each_request(self) -> None:
        first, second = self.sim.links(), self.sim.links()
        self.assertEqual([urlsplit(link).path for link in first], [urlsplit(link).path for link in second])
        self.assertFalse(set(first) & set(second))
        for link in first + second:
            self.assertEqual(self.fetch(link).status, 200)

    def test_life(self) -> None:
        path = urlsplit(self.sim.links()[0]).path
        for expires, shift, status, text in ((600, 0, 200, b""), (600, -601, 403, b"Request has expired"),
                                             (600, 800, 200, b""), (600, 1000, 403, b"not valid yet"),
                                             (604801, 0, 400, b"less than a week"),
                                             (604800, -604700, 200, b""), (0, -2, 403, b"expired")):
            answer = self.fetch(self.sign(path, expires, shift))
            self.assertEqual(answer.status, status, (expires, shift))
            self.assertIn(text, answer.body)
        expired = self.fetch(self.sign(path, 600, -700))
        for part in (b"<Code>AccessDenied</Code>", b"<X-Amz-Expires>600<", b"<Expires>", b"<ServerTime>"):
            self.assertIn(part, expired.body)

    def test_signature_covers_method_host_path_and_query(self) -> None:
        link = self.sim.links()[0]
        path = urlsplit(link).path
        for other in (link.replace("127.0.0.1", "localhost"), link.replace("part-000", "part-001"), link + "&a=b",
                      link.replace("x-link=", "x-link=9")):
            answer = self.fetch(other)
            self.assertEqual(answer.status, 403)
            self.assertIn(b"SignatureDoesNotMatch", answer.body)
        self.assertEqual(self.fetch(link, "HEAD").status, 403)
        head, body = self.fetch(self.sign(path, method="HEAD"), "HEAD"), self.fetch(link)
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("content-length", "etag", "last-modified", "accept-ranges", "content-type"):
            self.assertEqual(head.headers[name], body.headers[name])
        self.assertEqual(self.fetch(link, "POST").status, 405)

    def test_any_credential_is_refused_and_recorded(self) -> None:
        link = self.sim.links()[0]
        self.sim.control("DELETE", "/requests")
        names = ("Authorization", "x-api-key", "X-Goog-Api-Key", "Cookie", "reach-tenant-id", "Proxy-Authorization")
        for name in names:
            answer = self.sim.fetch(link, {name: "Basic x"})
            self.assertEqual(answer.status, 400)
            self.assertIn(b"Only one auth mechanism allowed", answer.body)
        report = self.sim.control("GET", "/requests")
        self.assertEqual(report["counters"]["credentials_at_storage"], len(names))
        self.assertIn(["Cookie", "Basic x"], report["requests"][3]["headers"])

    @unittest.skipIf(S3SigV4QueryAuth is None, "botocore is not installed")
    def test_botocore_signs_the_same(self) -> None:
        """Signed again by the signer that Amazon's own tools use, with the link's date."""
        key = self.sim.info["storage_key"]
        for link in (*self.sim.links("large"), *self.sim.links()):
            parts, query = urlsplit(link), dict(parse_qsl(urlsplit(link).query))
            request = AWSRequest("GET", f"{parts.scheme}://{parts.netloc}{parts.path}?x-link={query['x-link']}")
            request.context["timestamp"] = query["X-Amz-Date"]
            signer = S3SigV4QueryAuth(BotoCredentials(key["access_key"], key["secret"]), "s3", "us-east-1",
                                      expires=int(query["X-Amz-Expires"]))
            # What add_auth does, but for the clock.
            signer._modify_request_before_signing(request)
            scope = signer.string_to_sign(request, signer.canonical_request(request))
            again = dict(parse_qsl(urlsplit(request.url).query))
            self.assertEqual(signer.signature(scope, request), query.pop("X-Amz-Signature"))
            self.assertEqual(again, query)

    @unittest.skipIf(S3SigV4QueryAuth is None, "botocore is not installed")
    def test_storage_takes_links_of_botocore(self) -> None:
        key = self.sim.info["storage_key"]
        path = urlsplit(self.sim.links()[0]).path
        for secret, status in ((key["secret"], 200), ("another", 403)):
            request = AWSRequest("GET", self.sim.info["storage"] + path)
            S3SigV4QueryAuth(BotoCredentials(key["access_key"], secret), "s3", "us-east-1", expires=60).add_auth(request)
            self.assertEqual(self.fetch(request.url).status, status)


class RangeTests(Shared):
    def setUp(self) -> None:
        super().setUp()
        self.link = self.sim.links()[0]
        self.whole = self.fetch(self.link)
        self.etag, self.size = self.whole.headers["etag"], len(self.whole.body)

    def test_single_ranges(self) -> None:
        size = self.size
        for span, first, last in (("bytes=0-0", 0, 0), ("bytes=0-", 0, size - 1), (f"bytes={size - 1}-", size - 1, size - 1),
                                  ("bytes=7-19", 7, 19), ("bytes=-1", size - 1, size - 1),
                                  (f"bytes=-{size + 5}", 0, size - 1), (f"bytes=3-{size * 9}", 3, size - 1),
                                  ("Bytes = 4-5", 4, 5)):
            answer = self.fetch(self.link, Range=span)
            self.assertEqual((answer.status, answer.body), (206, self.whole.body[first:last + 1]), span)
            self.assertEqual(answer.headers["content-range"], f"bytes {first}-{last}/{size}")
            self.assertEqual(answer.headers["content-length"], str(last - first + 1))
            self.assertEqual(answer.headers["etag"], self.etag)

    def test_what_is_no_single_range_is_passed_over(self) -> None:
        for span in ("bytes=5-2", "bytes=0-1,3-4", "bytes=x-1", "lines=0-1", "bytes=", "bytes", "bytes=-"):
            answer = self.fetch(self.link, Range=span)
            self.assertEqual((answer.status, answer.body), (200, self.whole.body), span)
            self.assertNotIn("content-range", answer.headers)

    def test_unsatisfiable(self) -> None:
        for span in (f"bytes={self.size}-", f"bytes={self.size + 9}-{self.size + 10}", "bytes=-0"):
            answer = self.fetch(self.link, Range=span)
            self.assertEqual((answer.status, answer.headers["content-range"]), (416, f"bytes */{self.size}"), span)
            self.assertIn(b"<Code>InvalidRange</Code>", answer.body)

    def test_conditions(self) -> None:
        modified = self.whole.headers["last-modified"]
        rows: List[Any] = [
            ({"If_Match": self.etag}, 206), ({"If_Match": f'"x", {self.etag}'}, 206), ({"If_Match": "*"}, 206),
            ({"If_Match": '"x"'}, 412), ({"If_Match": "W/" + self.etag}, 412),
            ({"If_Range": self.etag}, 206), ({"If_Range": '"x"'}, 200), ({"If_Range": "W/" + self.etag}, 200),
            ({"If_Range": modified}, 206), ({"If_Range": "Fri, 12 Jun 2026 11:59:59 GMT"}, 200),
            ({"If_Match": '"x"', "If_Range": self.etag}, 412)]
        for headers, status in rows:
            answer = self.fetch(self.link, Range="bytes=2-4", **headers)
            self.assertEqual(answer.status, status, headers)
        refused = self.fetch(self.link, If_Match='"x"')
        self.assertEqual(refused.status, 412)
        self.assertIn(b"<Condition>If-Match</Condition>", refused.body)

    def test_strong_etag_names_the_content(self) -> None:
        seen: Dict[str, str] = {}
        for link in self.sim.links("large")[:4]:
            seen[self.fetch(link).headers["etag"]] = link
        self.assertEqual(len(seen), 4)
        self.assertTrue(all(tag.startswith('"') and tag.endswith('"') for tag in seen))


if __name__ == "__main__":
    unittest.main()
