"""Each switch of the simulator, looked at on raw sockets: python3 Tests/simulator/test_switches.py"""
from __future__ import annotations

import gzip
import hashlib
import json
import resource
import sys
import time
import unittest
import zlib
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import urljoin, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Answer, Simulator  # noqa: E402
from sim import place  # noqa: E402
from sim.blob import Bytes, Flow, Join, Repeat  # noqa: E402
from sim.recipe import ODDITIES  # noqa: E402


def unchunked(data: bytes) -> Tuple[bytes, bytes, List[int]]:
    """Body, what is left behind it, and the sizes of the chunks."""
    body, sizes = b"", []
    while True:
        line, mark, rest = data.partition(b"\r\n")
        if not mark or not line or line == b"zz":
            return body, data, sizes
        size = int(line, 16)
        sizes.append(size)
        if size == 0:
            return body, rest, sizes
        body += rest[:size]
        data = rest[size + 2:]


def members(data: bytes) -> List[bytes]:
    found = []
    while data:
        engine = zlib.decompressobj(31)
        found.append(engine.decompress(data) + engine.flush())
        data = engine.unused_data
    return found


class Shared(unittest.TestCase):
    arguments = ("--jobs", "40", "--time-scale", "0")
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        cls.sim = Simulator(*cls.arguments)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()

    def setUp(self) -> None:
        for path in ("/faults", "/requests", "/content"):
            self.sim.control("DELETE", path)
        self.link = self.sim.links()[0]
        self.plain = self.sim.fetch(self.link)
        self.file = self.plain.body
        self.text = gzip.decompress(self.file)

    def always(self, name: str, **params: Any) -> None:
        """The only fault from now on, on the storage."""
        self.sim.control("DELETE", "/faults")
        self.add(name, times=-1, **params)

    def add(self, name: str, **params: Any) -> None:
        self.sim.fault("storage", "results", name, **params)

    def head(self, head: bytes) -> Dict[str, str]:
        lines = head.decode("latin-1").split("\r\n")
        return {"": lines[0], **dict(line.lower().split(": ", 1) for line in lines[1:])}

    def fetch(self, **headers: str) -> Answer:
        return self.sim.fetch(self.link, {name.replace("_", "-"): value for name, value in headers.items()})


class WireTests(Shared):
    def test_cut_and_reset_counted_from_the_body(self) -> None:
        for name in ("cut", "reset"):
            for count in (0, 1, 77, len(self.file) - 1):
                self.always(name, bytes=count, of="body")
                head, body, error = self.sim.raw_link(self.link)
                self.assertEqual((body, isinstance(error, ConnectionResetError)), (self.file[:count], name == "reset"))
                self.assertEqual(self.head(head)["content-length"], str(len(self.file)))

    def test_cut_of_a_range(self) -> None:
        self.always("cut", bytes=10, of="body", ranged=True)
        self.assertEqual(self.sim.raw_link(self.link)[1], self.file)
        head, body, _ = self.sim.raw_link(self.link, Range="bytes=50-")
        self.assertEqual((body, self.head(head)["content-length"]), (self.file[50:60], str(len(self.file) - 50)))
        self.assertIn(" 206 ", self.head(head)[""])

    def test_k_times_for_each_part(self) -> None:
        links = self.sim.links("large")
        self.add("cut", bytes=5, of="body", times=2, per="path")
        for link in links[:3]:
            sizes = [len(self.sim.raw_link(link)[1]) for _ in range(3)]
            self.assertEqual(sizes[:2], [5, 5])
            self.assertGreater(sizes[2], 5)

    def test_one_part(self) -> None:
        links = self.sim.links("large")
        self.always("cut", bytes=5, of="body", path="part-002")
        self.assertEqual([len(self.sim.raw_link(link)[1]) == 5 for link in links[:5]], [False, False, True, False, False])

    def test_stall_in_the_body(self) -> None:
        self.always("stall", bytes=3, of="body", seconds=0.2)
        began = time.monotonic()
        self.assertEqual(self.sim.raw_link(self.link)[1], self.file)
        self.assertGreater(time.monotonic() - began, 0.19)

    def test_lengths(self) -> None:
        for extra in (7, -7):
            self.always("framing", length=extra)
            head, body, _ = self.sim.raw_link(self.link)
            self.assertEqual((self.head(head)["content-length"], body), (str(len(self.file) + extra), self.file))
        self.always("framing", length="absent", version="HTTP/1.0")
        head, body, error = self.sim.raw_link(self.link)
        named = self.head(head)
        self.assertEqual((named[""][:8], named["connection"], body, error), ("HTTP/1.0", "close", self.file, None))
        self.assertFalse({"content-length", "transfer-encoding"} & set(named))
        self.add("cut", bytes=9, of="body", times=-1)
        self.assertEqual(self.sim.raw_link(self.link)[1], self.file[:9])

    def test_chunks(self) -> None:
        for size in (1, 7, 100000):
            self.always("framing", chunk=size)
            head, body, _ = self.sim.raw_link(self.link)
            self.assertEqual(self.head(head)["transfer-encoding"], "chunked")
            found, rest, sizes = unchunked(body)
            self.assertEqual((found, rest), (self.file, b"\r\n"))
            self.assertEqual(set(sizes[:-2]) or {size}, {size})
        self.always("framing", chunk=100, last=False)
        found, rest, sizes = unchunked(self.sim.raw_link(self.link)[1])
        self.assertEqual((found, rest), (self.file, b""))
        self.assertNotIn(0, sizes)
        self.always("framing", chunk=100, garbage=True)
        found, rest, _ = unchunked(self.sim.raw_link(self.link)[1])
        self.assertEqual((found, rest), (self.file, b"zz\r\n"))

    def test_a_service_framed_badly(self) -> None:
        self.sim.fault("spidra", "get", "framing", length=3)
        target = "/api/batch/scrape/" + self.sim.sample("spidra", "succeeded")
        data, _ = self.sim.raw("spidra", target)
        head, _, body = data.partition(b"\r\n\r\n")
        self.assertEqual(int(self.head(head)["content-length"]), len(body) + 3)


class GzipTests(Shared):
    def file_now(self) -> bytes:
        head, body, _ = self.sim.raw_link(self.link)
        self.assertEqual(int(self.head(head)["content-length"]), len(body))
        return body

    def test_members(self) -> None:
        for count in (1, 2, 1000):
            self.always("gzip", members=count)
            found = members(self.file_now())
            self.assertEqual((len(found), b"".join(found)), (count, self.text))
        self.always("gzip", members=3, empty=True)
        found = members(self.file_now())
        self.assertEqual([bool(piece) for piece in found], [False, True, False, True, False, True, False])
        self.assertEqual(b"".join(found), self.text)

    def test_cuts_and_trailers(self) -> None:
        self.always("gzip", members=2)
        good = self.file_now()
        for cut in (0, 1, 9, 10, 50, len(good) - 8, len(good) - 1):
            self.always("gzip", members=2, cut=cut)
            self.assertEqual(self.file_now(), good[:cut])
        for how, wanted in (("missing", good[:-8]), ("half", good[:-4])):
            self.always("gzip", members=2, trailer=how)
            self.assertEqual(self.file_now(), wanted)
        for how, member, message in (("crc", 0, "data check"), ("crc", -1, "data check"), ("isize", -1, "length check")):
            self.always("gzip", members=2, trailer=how, member=member)
            with self.assertRaisesRegex(zlib.error, message):
                members(self.file_now())
        self.always("gzip", members=2, flip=30)
        self.assertNotEqual(self.file_now(), good)
        with self.assertRaises(zlib.error):
            members(self.file_now())

    def test_junk_and_encodings(self) -> None:
        self.always("gzip", junk={"base64": "AAEC"})
        self.assertTrue(self.file_now().endswith(b"\x00\x01\x02"))
        self.always("gzip", identity=True)
        self.assertEqual(self.file_now(), self.text)
        self.always("gzip", double=True)
        self.assertEqual(gzip.decompress(gzip.decompress(self.file_now())), self.text)
        self.always("gzip", header=True)
        file = self.file_now()
        self.assertEqual((file[3], gzip.decompress(file)), (0x1E, self.text))
        for params in ({"encoding": "gzip"}, {"encoding": "gzip", "identity": True}):
            self.always("gzip", **params)
            self.assertEqual(self.fetch().headers["content-encoding"], "gzip")

    def test_ranges_agree(self) -> None:
        """What a fault makes of a file is a file: ranges of it, and its tag, fit together."""
        for params in ({"members": 5}, {"identity": True}, {"members": 2, "cut": 90}):
            self.always("gzip", **params)
            whole = self.fetch()
            part = self.fetch(Range="bytes=20-60", If_Match=whole.headers["etag"])
            self.assertEqual((part.status, part.body), (206, whole.body[20:61]))
            self.assertNotEqual(whole.headers["etag"], self.plain.headers["etag"])

    def test_bombs(self) -> None:
        began = time.monotonic()
        self.always("bomb", size=1 << 30, text="\n", head='{"a":1}\n')
        file = self.file_now()
        self.assertLess(len(file), 3 << 20)
        engine, size = zlib.decompressobj(31), 0
        begin = engine.decompress(file, 100)
        self.assertTrue(begin.startswith(b'{"a":1}\n\n\n'))
        while not engine.eof:
            size += len(engine.decompress(engine.unconsumed_tail, 1 << 20))
        self.assertEqual((size + len(begin), engine.unused_data), ((1 << 30) + 8, b""))
        self.always("bomb", size=5 << 20, text="ab", head='{"', identity=True)
        body = self.file_now()
        self.assertEqual((len(body), body[:6]), ((5 << 20) + 2, b'{"abab'))
        self.assertEqual(self.fetch(Range="bytes=3000003-3000004").body, body[3000003:3000005])
        self.assertLess(time.monotonic() - began, 60)

    def test_lines(self) -> None:
        records = self.sim.truth("crustdata", self.sim.sample("crustdata", "succeeded"))["records"]
        rows: List[Tuple[Dict[str, Any], bytes]] = [
            ({}, b"\n".join(records)), ({"final": True}, b"".join(record + b"\n" for record in records)),
            ({"end": "\r\n", "final": True}, b"".join(record + b"\r\n" for record in records)),
            ({"end": "\r\n"}, b"\r\n".join(records)),
            ({"blank": 2, "final": True}, b"\n\n" + b"".join(record + b"\n\n\n" for record in records)),
            ({"blank": 1, "blank_text": " \t", "final": True}, b" \t\n" + b"".join(record + b"\n \t\n" for record in records)),
            ({"bom": True}, b"\xef\xbb\xbf" + b"\n".join(records))]
        for params, text in rows:
            self.always("lines", **params)
            self.assertEqual(gzip.decompress(self.file_now()), text, params)
            self.add("gzip", times=-1, identity=True)
            self.assertEqual(self.file_now(), text, params)

    def test_merged_file(self) -> None:
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "large")).json()
        self.always("lines", end="\r\n")
        parts = [gzip.decompress(self.sim.fetch(link).body) for link in one["download_urls"]]
        merged = gzip.decompress(self.sim.fetch(one["download_url"]).body)
        self.assertEqual(merged, b"".join(parts))
        self.add("gzip", times=-1, members=4)
        self.assertEqual(b"".join(members(self.sim.fetch(one["download_url"]).body)), merged)


class RangeTests(Shared):
    def part(self, span: str = "bytes=40-59", **headers: str) -> Answer:
        return self.fetch(Range=span, **headers)

    def test_wrong_answers_to_a_range(self) -> None:
        size, file = len(self.file), self.file
        rows: List[Tuple[str, int, int, bytes, Optional[str]]] = [
            ("ignored", 1, 200, file, None), ("ignored_with_range", 1, 200, file, f"bytes 40-59/{size}"),
            ("early", 9, 206, file[31:60], f"bytes 31-59/{size}"), ("late", 9, 206, file[49:60], f"bytes 49-59/{size}"),
            ("short", 5, 206, file[40:45], f"bytes 40-44/{size}"),
            ("shifted", 9, 206, file[31:51], f"bytes 40-59/{size}"),
            ("wrong_total", 3, 206, file[40:60], f"bytes 40-59/{size + 3}"),
            ("star_total", 1, 206, file[40:60], "bytes 40-59/*"), ("no_header", 1, 206, file[40:60], None),
            ("garbled", 1, 206, file[40:60], "bytes first-last/all"), ("unsatisfiable", 1, 416, b"", f"bytes */{size}")]
        for how, count, status, body, shown in rows:
            self.always("range", how=how, bytes=count)
            answer = self.part()
            self.assertEqual((answer.status, answer.headers.get("content-range")), (status, shown), how)
            self.assertEqual(answer.body if body else b"", body, how)
            self.assertEqual(self.fetch().body, file, how)
        self.always("range", how="multipart")
        answer = self.part()
        self.assertIn("multipart/byteranges", answer.headers["content-type"])
        self.assertIn(file[40:60], answer.body)

    def test_only_ranges_are_counted(self) -> None:
        self.add("range", how="unsatisfiable", times=1)
        self.assertEqual([self.fetch().status, self.part().status, self.part().status], [200, 416, 206])

    def test_tags(self) -> None:
        strong = self.plain.headers["etag"]
        self.always("etag", how="weak")
        weak = self.fetch().headers["etag"]
        self.assertEqual(weak, "W/" + strong)
        self.assertEqual([self.part(If_Match=weak).status, self.part(If_Range=weak).status], [412, 200])
        self.always("etag", how="none")
        self.assertNotIn("etag", self.fetch().headers)
        self.assertIn("last-modified", self.fetch().headers)
        self.assertEqual(self.part(If_Match=strong).status, 412)
        self.always("etag", how="none", modified=False)
        self.assertFalse({"etag", "last-modified"} & set(self.fetch().headers))
        self.always("etag", how="moving")
        self.assertEqual(len({self.fetch().headers["etag"] for _ in range(3)}), 3)

    def test_change(self) -> None:
        strong = self.plain.headers["etag"]
        for content in ("same", "pressed", "other", "longer", "shorter"):
            self.sim.control("DELETE", "/faults")
            self.add("change", content=content, after=1, times=-1)
            self.assertEqual(self.fetch().headers["etag"], strong)
            changed = self.fetch()
            self.assertNotEqual(changed.headers["etag"], strong)
            self.assertEqual(changed.body == self.file, content == "same", content)
            self.assertEqual(gzip.decompress(changed.body) == self.text, content in ("same", "pressed"), content)
            self.assertEqual([self.part(If_Match=strong).status, self.part(If_Range=strong).status,
                              self.part(If_Match=changed.headers["etag"]).status], [412, 200, 206])
            self.add("blind", times=-1)
            self.assertEqual(self.part(If_Match=strong).body, changed.body[40:60])
            self.assertEqual(self.part(If_Range=strong).status, 206)


class LinkTests(Shared):
    def code(self, link: str) -> int:
        return self.sim.fetch(link).status

    def test_expired_at_start(self) -> None:
        self.sim.fault("crustdata", "get", "links", date=-7200, expires=3600)
        old, fresh = self.sim.links()[0], self.sim.links()[0]
        self.assertEqual([self.code(old), self.code(fresh)], [403, 200])
        self.assertIn(b"Request has expired", self.sim.fetch(old).body)
        self.always("lenient")
        self.assertEqual(self.code(old), 200)

    def test_expires_later(self) -> None:
        self.add("expire")
        self.assertEqual([self.code(self.link), self.code(self.link), self.code(self.sim.links()[0])], [403, 403, 200])
        self.sim.control("DELETE", "/faults")
        self.assertEqual(self.code(self.link), 200)
        self.add("expire", bytes=33)
        self.assertEqual(self.sim.raw_link(self.link)[1], self.file[:33])
        self.assertEqual(self.sim.fetch(self.link, {"Range": "bytes=33-"}).status, 403)
        rest = self.sim.fetch(self.sim.links()[0], {"Range": "bytes=33-"})
        self.assertEqual((rest.status, rest.body), (206, self.file[33:]))

    def test_expires_between_ranges(self) -> None:
        self.add("expire", ranged=True)
        self.assertEqual(self.code(self.link), 200)
        self.assertEqual(self.sim.fetch(self.link, {"Range": "bytes=33-"}).status, 403)

    def test_refresh_gives_the_same_link(self) -> None:
        self.sim.fault("crustdata", "get", "links", same=True, times=-1)
        self.assertEqual(self.sim.links()[0], self.link)

    def test_links_of_the_test(self) -> None:
        self.sim.fault("crustdata", "get", "links", urls=["http://a.example/1", "http://a.example/2"])
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "succeeded")).json()
        self.assertEqual(one["download_urls"], ["http://a.example/1", "http://a.example/2"])
        self.assertEqual(one["download_url"], "http://a.example/1")

    def test_redirects(self) -> None:
        storage, mirror, plain = (self.sim.info[name] for name in ("storage", "mirror", "plain"))
        rows = (("same", storage), ("relative", storage), ("port", mirror), ("plain", plain),
                ("host", storage.replace("127.0.0.1", "localhost")))
        for status in (301, 302, 303, 307, 308):
            for to, base in rows:
                self.always("hops", to=to, status=status, count=3)
                link, hops = self.link, 0
                while True:
                    answer = self.sim.fetch(link)
                    if answer.status != status:
                        break
                    link, hops = urljoin(link, answer.headers["location"]), hops + 1
                    self.assertTrue(link.startswith(base + "/"), (to, link))
                self.assertEqual((answer.status, answer.body, hops), (200, self.file, 3))
        wanted = {"file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "scheme": "gopher://127.0.0.1/x",
                  "loop": self.link}
        for to, location in wanted.items():
            self.always("hops", to=to)
            self.assertEqual(self.fetch().headers["location"], location)
        self.always("hops", to="none")
        self.assertNotIn("location", self.fetch().headers)
        self.always("hops", to="userinfo")
        self.assertIn("://user:secret@", self.fetch().headers["location"])

    def test_credentials_are_counted_wherever_they_arrive(self) -> None:
        for base in ("mirror", "plain"):
            self.sim.control("DELETE", "/requests")
            link = self.sim.info[base] + self.link[len(self.sim.info["storage"]):]
            self.assertEqual(self.sim.fetch(link, {"Authorization": "Bearer x"}).status, 400)
            self.assertEqual(self.sim.control("GET", "/requests")["counters"], {"credentials_at_storage": 1})

    def test_redirect_of_a_service(self) -> None:
        self.sim.fault("spidra", "list", "redirect", location="http://{host}{target}", status=308)
        answer = self.sim.get("spidra", "/batch/scrape?limit=3")
        self.assertEqual(answer.headers["location"], self.sim.info["spidra"] + "/batch/scrape?limit=3")


class ContentTests(Shared):
    GIVEN: List[Any] = ['{"one": 1}', {"base64": "eyJ0d28iOjJ9"}, {"head": '{"x":"', "fill": "yz", "count": 50, "tail": '"}'},
                        {"text": '{"again":true}', "times": 3}, {"nest": 30}]
    WANTED = [b'{"one": 1}', b'{"two":2}', b'{"x":"' + b"yz" * 50 + b'"}', *[b'{"again":true}'] * 3, b"[" * 30 + b"]" * 30]

    def records(self, service: str, sample: str = "succeeded") -> List[bytes]:
        truth = self.sim.truth(service, self.sim.sample(service, sample))
        self.assertEqual(truth["count"], len(truth["records"]))
        return list(truth["records"])

    def test_given_records_in_each_service(self) -> None:
        for service in ("crustdata", "spidra", "reach", "veryfront"):
            self.assertEqual(self.sim.content(service, "succeeded", records=self.GIVEN), len(self.WANTED))
            self.assertEqual(self.records(service), self.WANTED)
            answer = self.sim.job(service, self.sim.sample(service, "succeeded"))
            if service == "crustdata":
                self.assertEqual(answer.json()["result_count"], 7)
                self.assertEqual(gzip.decompress(self.sim.fetch(answer.json()["download_url"]).body).split(b"\n"), self.WANTED)
                continue
            for record in self.WANTED:
                self.assertIn(record, answer.body)
            one = answer.json()
            counts = {"spidra": lambda: (one["totalUrls"], one["completedCount"], len(one["items"])),
                      "reach": lambda: (one["data"]["progress"]["failedRecords"], 7, len(one["data"]["errors"]["details"])),
                      "veryfront": lambda: (one["result"]["total_count"], 7, len(one["result"]["completed"]))}
            self.assertEqual(counts[service](), (7, 7, 7))
            before = len(self.WANTED)
            self.sim.control("DELETE", "/content")
            self.assertNotEqual(len(self.records(service)), before)

    def test_no_records(self) -> None:
        for service in ("crustdata", "spidra", "reach", "veryfront"):
            self.assertEqual(self.sim.content(service, "succeeded", records=[]), 0)
            self.assertEqual(self.sim.job(service, self.sim.sample(service, "succeeded")).status, 200)
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "succeeded")).json()
        self.assertEqual((one["result_count"], "download_urls" in one), (0, False))
        self.assertEqual(self.sim.fetch(one["download_url"]).status, 404)

    def test_oddities_stand_as_they_are(self) -> None:
        for service in ("spidra", "reach", "veryfront"):
            self.sim.content(service, "succeeded", records=[{"odd": "all"}])
            body = self.sim.job(service, self.sim.sample(service, "succeeded")).body
            for name, text in ODDITIES.items():
                self.assertIn(text, body, name)
        self.sim.content("crustdata", "succeeded", records=[{"odd": "all"}], parts=3)
        self.assertEqual(self.records("crustdata"), list(ODDITIES.values()))
        text = b"".join(gzip.decompress(self.sim.fetch(link).body) for link in self.sim.links())
        self.assertEqual(text.split(b"\n"), list(ODDITIES.values()))

    def test_parts(self) -> None:
        self.sim.content("crustdata", "succeeded", records=[{"text": "{}", "times": 10}], parts=5)
        self.assertEqual(len(self.sim.links()), 5)

    def test_ten_gibibytes_of_copies(self) -> None:
        """Of any size, from anywhere, at once, and in little memory."""
        self.sim.control("DELETE", "/faults")
        base = self.records("crustdata", "large")
        text = sum(len(record) + 1 for record in base)
        repeat = (10 << 30) // text + 1
        self.assertEqual(self.sim.content("crustdata", "large", repeat=repeat), len(base) * repeat)
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "large")).json()
        self.assertEqual(one["result_count"], len(base) * repeat)
        link, began = one["download_urls"][0], time.monotonic()
        size = int(self.sim.fetch(link, {"Range": "bytes=0-0"}).headers["content-range"].split("/")[1])
        unit = self.sim.fetch(link, {"Range": f"bytes=0-{size // repeat - 1}"}).body
        self.assertEqual(gzip.decompress(unit), b"".join(record + b"\n" for record in base[:250]))
        for first in (0, 5, size // 2 + 1, size - 100):
            part = self.sim.fetch(link, {"Range": f"bytes={first}-{first + 99}"}).body
            place = first % len(unit)
            self.assertEqual(part, (unit + unit)[place:place + 100][:size - first])
        self.assertLess(time.monotonic() - began, 5)
        truth = self.sim.control("GET", f"/truth/crustdata/results/{one['batch_id']}?offset={250 * repeat - 1}&limit=2")
        self.assertEqual((truth["count"], len(truth["records"])), (len(base) * repeat, 2))

    def test_big_spidra_job(self) -> None:
        count, size = 3000, 100000
        began = time.monotonic()
        self.assertEqual(self.sim.content("spidra", "large", items=count, size=size), count)
        self.assertLess(time.monotonic() - began, 2)
        small = self.sim.content("spidra", "succeeded", items=7, size=500)
        one = self.sim.job("spidra", self.sim.sample("spidra", "succeeded"))
        records = self.records("spidra")
        self.assertEqual((small, len(one.json()["items"])), (7, 7))
        self.assertEqual([len(record) for record in records], [500] * 7)
        self.assertIn(b",".join(records), one.body)
        self.assertEqual((one.json()["totalUrls"], one.json()["completedCount"]), (7, 7))
        truth = self.sim.control("GET", f"/truth/spidra/results/{self.sim.sample('spidra', 'succeeded')}?digest=1")
        self.assertEqual(truth["sha256"], hashlib.sha256(b"".join(record + b"\n" for record in records)).hexdigest())
        head, _ = self.sim.raw_at(self.sim.info["spidra"], "/api/batch/scrape", self.sim.auth("spidra"))
        self.assertIn(b'"totalUrls":3000', head)
        answer = self.sim.job("spidra", self.sim.sample("spidra", "large"))
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))
        self.assertGreater(len(answer.body), count * size)
        self.assertEqual(answer.body.count(b'"status":"completed"'), count + 1)

    def test_refused(self) -> None:
        for document in ({"service": "spidra", "sample": "nope"}, {"service": "spidra", "job": "x"},
                         {"service": "x", "sample": "large"}, {"service": "spidra", "sample": "large", "records": "x"},
                         {"service": "spidra", "sample": "large", "records": [{"odd": "x"}]},
                         {"service": "spidra", "sample": "large", "nonsense": 1}):
            with self.assertRaises(ValueError):
                self.sim.control("PUT", "/content", document)


class AnswerTests(Shared):
    def body(self, service: str = "spidra") -> bytes:
        return self.sim.job(service, self.sim.sample(service, "succeeded")).body

    def changed(self, name: str, service: str = "spidra", **params: Any) -> bytes:
        self.sim.control("DELETE", "/faults")
        self.sim.fault(service, "get", name, **params)
        return self.body(service)

    def test_mutate_touches_nothing_else(self) -> None:
        before = self.body()
        after = self.changed("mutate", pointer="/totalUrls", add=5)
        total = json.loads(before)["totalUrls"]
        self.assertEqual(after, before.replace(b'"totalUrls":%d' % total, b'"totalUrls":%d' % (total + 5), 1))
        after = self.changed("mutate", pointer="/items/1/result", raw='{"n": 1e999, "n": NaN}')
        items = json.loads(before)["items"]
        self.assertEqual(len(json.loads(after)["items"]), len(items))
        self.assertIn(b'{"n": 1e999, "n": NaN}', after)
        after = self.changed("mutate", pointer="", first='"odd": 1E+2')
        self.assertEqual(after, before.replace(b"{", b'{"odd": 1E+2,', 1))
        for pointer in ("/items/0", "/items/%d" % (len(items) - 1), "/status", "/finishedAt", "/items"):
            found = json.loads(self.changed("mutate", pointer=pointer, delete=True))
            wanted = json.loads(before)
            holder = wanted["items"] if pointer.count("/") == 2 else wanted
            del holder[int(pointer.split("/")[2]) if pointer.count("/") == 2 else pointer[1:]]
            self.assertEqual(found, wanted, pointer)
        self.assertEqual(json.loads(self.changed("mutate", pointer="/new", value=[1])), {**json.loads(before), "new": [1]})
        self.assertEqual(self.changed("mutate", pointer="/items/999", value=1), before)

    def test_counts_that_do_not_agree(self) -> None:
        for service, pointer in (("crustdata", "/result_count"), ("reach", "/data/progress/failedRecords"),
                                 ("veryfront", "/result/total_count"), ("veryfront", "/result/completed_count"),
                                 ("spidra", "/totalUrls")):
            before = self.body(service)
            self.sim.fault(service, "get", "mutate", pointer=pointer, add=-1)
            self.assertEqual(place.number(self.body(service), pointer), place.number(before, pointer) - 1, pointer)

    def test_edit(self) -> None:
        before = self.body()
        self.assertEqual(self.changed("edit", prepend={"base64": "77u/"}), b"\xef\xbb\xbf" + before)
        self.assertEqual(self.changed("edit", append="} x"), before + b"} x")
        self.assertEqual(self.changed("edit", drop=9), before[:-9])
        self.assertEqual(self.changed("edit", find='"items":[', put={"head": '"pad":"', "fill": "p", "count": 1 << 20,
                                                                      "tail": '","items":['}),
                         before.replace(b'"items":[', b'"pad":"' + b"p" * (1 << 20) + b'","items":[', 1))
        self.assertEqual(self.changed("body", body={"nest": 100000}), b"[" * 100000 + b"]" * 100000)

    def test_bad_switches_are_refused(self) -> None:
        for document in ({"fault": "range", "how": "nonsense"}, {"fault": "range"}, {"fault": "etag", "how": "x"},
                         {"fault": "bomb"}, {"fault": "hops", "to": "moon"}, {"fault": "change", "content": "x"},
                         {"fault": "gzip", "trailer": "x"}, {"fault": "gzip", "junk": {"odd": "x"}},
                         {"fault": "edit", "append": {}}, {"fault": "body", "body": 7}):
            with self.assertRaises(ValueError, msg=str(document)):
                self.sim.control("PUT", "/faults", {"service": "storage", **document})


class LargeTests(unittest.TestCase):
    def test_command_line(self) -> None:
        with Simulator("--jobs", "12", "--time-scale", "0", "--large-repeat", "3", "--large-items", "4",
                       "--item-bytes", "600") as sim:
            for _ in range(2):
                one = sim.job("crustdata", sim.sample("crustdata", "large")).json()
                self.assertEqual(one["result_count"], 15000)
                part = gzip.decompress(sim.fetch(one["download_urls"][1]).body)
                self.assertEqual(part.count(b"\n"), 750)
                items = sim.job("spidra", sim.sample("spidra", "large")).json()["items"]
                self.assertEqual(len(items), 4)
                sim.content("spidra", "large", items=5, size=600)
                sim.control("DELETE", "/content")

    def test_memory(self) -> None:
        """Half a gibibyte of items and a hundred megabytes of copies leave the simulator small."""
        with Simulator("--jobs", "12", "--time-scale", "0", "--large-items", "5000", "--item-bytes", "100000",
                       "--large-records", "500", "--large-repeat", "8000") as sim:
            links = sim.links("large")
            before = resident(sim)
            for base, target, headers in (
                    (sim.info["spidra"], "/api/batch/scrape/" + sim.sample("spidra", "large"), sim.auth("spidra")),
                    (links[0], links[0][links[0].index("/", 8):], {})):
                self.assertGreater(drained(base, target, headers), 50 << 20)
            self.assertLess(resident(sim) - before, 40 << 20)


def resident(sim: Simulator) -> int:
    pages = int(Path(f"/proc/{sim.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def drained(base: str, target: str, headers: Dict[str, str]) -> int:
    import http.client
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request("GET", target, None, headers)
    answer, size = connection.getresponse(), 0
    while True:
        data = answer.read(1 << 20)
        if not data:
            connection.close()
            return size
        size += len(data)


class PieceTests(unittest.TestCase):
    """The parts of which the switches are made."""

    def test_blobs(self) -> None:
        whole = b"".join(bytes([i % 251]) for i in range(1000))
        blobs = [Bytes(whole), Join([Bytes(whole[:300]), Bytes(b""), Bytes(whole[300:])]),
                 Flow(1000, "x", lambda: (whole[i:i + 7] for i in range(0, 1000, 7)))]
        for blob in blobs:
            for start, stop in ((0, None), (0, 0), (5, 6), (299, 301), (700, 5000), (1000, None), (2000, None)):
                self.assertEqual(b"".join(blob.slices(start, stop)), whole[start:stop])
        copies = Repeat(b"abcdefg", 300000)
        self.assertEqual(copies.size, 2100000)
        for start, stop in ((0, None), (3, 10), (262140, 262160), (2099999, None), (2100000, None), (7, 7)):
            self.assertEqual(b"".join(copies.slices(start, stop)), (b"abcdefg" * 300000)[start:stop])

    def test_places(self) -> None:
        text = b' { "a" : [ 1 , {"b/c": "\xff]}" , "~": null} ] ,"d":1e5 } '
        self.assertEqual(place.replaced(text, "/a/1/b~1c", b"7"), text.replace(b'"\xff]}"', b"7"))
        self.assertEqual(place.replaced(text, "/a/1/~0", b"7"), text.replace(b"null", b"7"))
        self.assertEqual(place.replaced(text, "", b"7"), b" 7 ")
        self.assertEqual(place.removed(text, "/a/0"), text.replace(b"1 , {", b"{"))
        self.assertEqual(place.replaced(text, "/a/7", b"7"), text)
        self.assertEqual(place.begun(b"[ ]", "", b"1"), b"[1 ]")


if __name__ == "__main__":
    unittest.main()
