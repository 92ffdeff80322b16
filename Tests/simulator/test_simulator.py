"""The simulator against the documents' rules: python3 Tests/simulator/test_simulator.py"""
from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qsl, quote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import HERE, Answer, Simulator  # noqa: E402
from sim import sigv4  # noqa: E402

LISTED = ("crustdata", "spidra", "reach")
LIST_TARGET = {"crustdata": "/batch", "spidra": "/api/batch/scrape", "reach": "/api/batches"}


def crustdata_pages(sim: Simulator, query: str = "limit=50", turns: int = 50) -> List[Dict[str, Any]]:
    pages: List[Dict[str, Any]] = []
    cursor = ""
    while len(pages) < turns:
        page = sim.get("crustdata", f"/batch?{query}{cursor}").json()
        pages.append(page)
        if not page["has_more"]:
            break
        cursor = "&cursor=" + page["next_cursor"]
    return pages


def reach_pages(sim: Simulator, query: str = "limit=50", turns: int = 50) -> List[Dict[str, Any]]:
    pages: List[Dict[str, Any]] = []
    cursor = ""
    while len(pages) < turns:
        page = sim.get("reach", f"/api/batches?{query}{cursor}").json()["data"]
        pages.append(page)
        if not page["pagination"]["hasNextPage"]:
            break
        cursor = "&cursor=" + quote(page["pagination"]["cursor"], safe="")
    return pages


class Shared(unittest.TestCase):
    """One simulator for all tests of a class, reset before each."""

    arguments = ("--jobs", "130", "--time-scale", "0")
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        cls.sim = Simulator(*cls.arguments)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()

    def setUp(self) -> None:
        self.sim.control("DELETE", "/faults")
        self.sim.control("DELETE", "/requests")
        self.sim.control("PUT", "/settings", {"vectors": False})


class CrustdataTests(Shared):
    def test_list_ends_and_is_in_order(self) -> None:
        pages = crustdata_pages(self.sim)
        self.assertEqual([len(page["jobs"]) for page in pages], [50, 50, 30])
        ids = [job["batch_id"] for page in pages for job in page["jobs"]]
        self.assertEqual(ids, self.sim.truth_ids("crustdata"))
        self.assertIsNone(pages[-1]["next_cursor"])
        self.assertEqual(pages[0]["next_cursor"], ids[49])

    def test_limit_is_clamped(self) -> None:
        for limit, rows in (("0", 1), ("-5", 1), ("1000", 100)):
            self.assertEqual(len(self.sim.get("crustdata", f"/batch?limit={limit}").json()["jobs"]), rows)
        self.assertEqual(len(self.sim.get("crustdata", "/batch").json()["jobs"]), 20)

    def test_status_filter(self) -> None:
        everything = [job for page in crustdata_pages(self.sim) for job in page["jobs"]]
        for status in ("pending", "processing", "completed", "failed"):
            found = [job for page in crustdata_pages(self.sim, f"limit=7&status={status}") for job in page["jobs"]]
            self.assertEqual(found, [job for job in everything if job["status"] == status])
            self.assertTrue(found)

    def test_refusals(self) -> None:
        for target in ("/batch?status=done", "/batch?cursor=nope", "/batch?limit=x"):
            answer = self.sim.get("crustdata", target)
            self.assertEqual(answer.status, 400)
            self.assertIn("type", answer.json()["error"])
        self.assertEqual(self.sim.get("crustdata", "/batch/" + "0" * 36).status, 404)
        self.assertEqual(self.sim.get("crustdata", "/batch", Authorization="Bearer nope").status, 401)
        self.assertEqual(self.sim.fetch(self.sim.info["crustdata"] + "/batch").status, 401)

    def test_get_agrees_with_list(self) -> None:
        for page in crustdata_pages(self.sim):
            for row in page["jobs"]:
                one = self.sim.job("crustdata", row["batch_id"]).json()
                links = one.pop("download_url", None), one.pop("download_urls", None)
                self.assertEqual(one, row)
                done = row["status"] == "completed"
                self.assertEqual((links[0] is not None, links[1] is not None),
                                 (done, done and row["result_count"] > 0))
                self.assertEqual("error_message" in row, row["status"] == "failed")

    def test_results_are_the_truth(self) -> None:
        for job_id in self.sim.truth_ids("crustdata")[4:40]:
            one = self.sim.job("crustdata", job_id).json()
            records = self.sim.truth("crustdata", job_id)["records"]
            self.assertEqual(len(records), one["result_count"] if one["status"] == "completed" else 0)
            if not records:
                continue
            merged = gzip.decompress(self.sim.fetch(one["download_url"]).body)
            parts = [gzip.decompress(self.sim.fetch(link).body) for link in one["download_urls"]]
            self.assertEqual(merged, b"".join(parts))
            self.assertEqual([line for line in merged.split(b"\n") if line], records)
            for record in records:
                self.assertIsInstance(json.loads(record), dict)

    def test_large_has_parts_and_members(self) -> None:
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "large")).json()
        self.assertEqual(len(one["download_urls"]), 20)
        second = self.sim.fetch(one["download_urls"][1]).body
        self.assertGreater(second.count(b"\x1f\x8b\x08"), 1)

    def test_empty_job_leads_to_nothing(self) -> None:
        one = self.sim.job("crustdata", self.sim.sample("crustdata", "empty")).json()
        self.assertEqual((one["status"], one["result_count"]), ("completed", 0))
        answer = self.sim.fetch(one["download_url"])
        self.assertEqual(answer.status, 404)
        self.assertIn(b"NoSuchKey", answer.body)

    def test_headers(self) -> None:
        answer = self.sim.get("crustdata", "/batch", **{"x-api-version": "2025-11-01"})
        for name in ("x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
            self.assertIn(name, answer.headers)
        seen = self.sim.control("GET", "/requests")
        self.assertEqual(seen["count"], 1)
        self.assertIn(["x-api-version", "2025-11-01"], seen["requests"][0]["headers"])


class SpidraTests(Shared):
    def pages(self, limit: int) -> List[Dict[str, Any]]:
        first = self.sim.get("spidra", f"/batch/scrape?limit={limit}").json()
        count = first["pagination"]["totalPages"]
        return [first] + [self.sim.get("spidra", f"/batch/scrape?page={number}&limit={limit}").json()
                          for number in range(2, count + 1)]

    def test_list(self) -> None:
        pages = self.pages(50)
        self.assertEqual([len(page["jobs"]) for page in pages], [50, 50, 30])
        self.assertEqual([job["uuid"] for page in pages for job in page["jobs"]], self.sim.truth_ids("spidra"))
        past = self.sim.get("spidra", "/batch/scrape?page=99").json()
        self.assertEqual((past["jobs"], past["pagination"]["total"]), ([], 130))

    def test_refusals(self) -> None:
        for query in ("limit=51", "limit=0", "page=0", "page=x"):
            answer = self.sim.get("spidra", f"/batch/scrape?{query}")
            self.assertEqual(answer.status, 422)
            self.assertTrue(answer.json()["errors"])
        url = self.sim.info["spidra"] + "/batch/scrape"
        self.assertEqual(self.sim.fetch(url).status, 401)
        self.assertEqual(self.sim.fetch(url, {"x-api-key": "nope"}).status, 403)
        bearer = {"Authorization": "Bearer " + self.sim.info["keys"]["spidra"]}
        self.assertEqual(self.sim.fetch(url, bearer).status, 200)
        self.assertEqual(self.sim.job("spidra", "nope").status, 404)

    def test_items_are_the_truth(self) -> None:
        states = set()
        for page in self.pages(50):
            for row in page["jobs"]:
                answer = self.sim.job("spidra", row["uuid"])
                one = answer.json()
                truth = self.sim.truth("spidra", row["uuid"])
                self.assertEqual([json.loads(record) for record in truth["records"]], one["items"])
                self.assertIn(b",".join(truth["records"]), answer.body)
                self.assertEqual(truth["keys"], [item["uuid"] for item in one["items"]])
                self.assertEqual({name: one[name] for name in one if name != "items"},
                                 {name: row[name] for name in one if name != "items"})
                outcomes = truth["outcomes"]
                self.assertEqual((outcomes.count("completed"), outcomes.count("failed"), len(outcomes)),
                                 (row["completedCount"], row["failedCount"], row["totalUrls"]))
                states.update(outcomes)
        self.assertEqual(states, {"pending", "running", "completed", "failed", "cancelled"})

    def test_rate_headers_hold_an_epoch(self) -> None:
        headers = self.sim.get("spidra", "/batch/scrape").headers
        self.assertGreater(int(headers["ratelimit-reset"]), 1_000_000_000)


class ReachTests(Shared):
    def ids(self, query: str) -> List[str]:
        return [row["batchId"] for page in reach_pages(self.sim, query) for row in page["results"]]

    def test_list_and_filters(self) -> None:
        truth = self.sim.truth_ids("reach")
        self.assertEqual(self.ids("limit=50"), truth)
        self.assertEqual(self.ids("limit=9&sortDirection=asc"), truth[::-1])
        split = [self.ids("limit=100&batchType=" + kind) for kind in
                 ("PARTNER_RESOURCE_JSON_INGEST", "PARTNER_RESOURCE_BATCH_DELETE", "PARTNER_RESOURCE_BATCH_PATCH")]
        self.assertEqual(sorted(sum(split, [])), sorted(truth))
        self.assertEqual(sorted(self.ids("sortBy=completedAt")), sorted(truth))

    def test_only_pending(self) -> None:
        rows = [row for page in reach_pages(self.sim, "limit=3&onlyBatchesWithPendingResources=true"
                                                      "&includePendingDetails=true") for row in page["results"]]
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual(len(row["pendingResources"]), row["progress"]["pendingRecords"])
        self.assertNotIn("pendingResources", self.sim.get("reach", "/api/batches").json()["data"]["results"][0])

    def test_refusals(self) -> None:
        cursor = quote(reach_pages(self.sim, turns=1)[0]["pagination"]["cursor"], safe="")
        for query in ("limit=x", "limit=20.0", "limit=0", "batchType=X", "sortBy=id", "sortDirection=DESC",
                      "includePendingDetails=True", "onlyBatchesWithPendingResources=1", "cursor=abc",
                      f"sortDirection=asc&cursor={cursor}"):
            answer = self.sim.get("reach", "/api/batches?" + query)
            self.assertEqual((answer.status, answer.json()["success"]), (400, False), query)
        self.assertEqual(self.sim.job("reach", "bat_nope").status, 404)
        self.assertEqual(self.sim.get("reach", "/api/batches", Authorization="Bearer x.y.z").status, 401)

    def test_partner_token_needs_tenant(self) -> None:
        partner = {"Authorization": "Bearer " + self.sim.info["reach_partner_key"]}
        for tenant, status in ((None, 400), ("other", 403), (self.sim.info["reach_tenant_id"], 200)):
            headers = partner if tenant is None else {**partner, "reach-tenant-id": tenant}
            self.assertEqual(self.sim.fetch(self.sim.info["reach"] + "/api/batches", headers).status, status)

    def test_get_agrees_with_list_and_truth(self) -> None:
        for page in reach_pages(self.sim, "limit=100&includePendingDetails=true"):
            for row in page["results"]:
                answer = self.sim.job("reach", row["batchId"])
                self.assertEqual(answer.json()["data"], row)
                truth = self.sim.truth("reach", row["batchId"])
                details = row.get("errors", {}).get("details", {})
                expected = [*details.values(), *row["pendingResources"]]
                self.assertEqual([json.loads(record) for record in truth["records"]], expected)
                self.assertEqual(truth["keys"][:len(details)], list(details))
                for record in truth["records"]:
                    self.assertIn(record, answer.body)


class VeryfrontTests(Shared):
    def test_every_batch_adds_up(self) -> None:
        groups = set()
        for job_id in self.sim.truth_ids("veryfront"):
            answer = self.sim.job("veryfront", job_id)
            one = answer.json()
            truth = self.sim.truth("veryfront", job_id)
            self.assertEqual((one["id"], sum(one["status_counts"].values())), (job_id, one["job_count"]))
            result = one["result"]
            if result is None:
                self.assertEqual(truth["records"], [])
                continue
            names = ("processing", "completed", "skipped", "failed", "remaining")
            entries = [entry for name in names for entry in result[name]]
            self.assertEqual([json.loads(record) for record in truth["records"]], entries)
            self.assertEqual(truth["outcomes"], [name for name in names for _ in result[name]])
            self.assertEqual(len(entries), result["total_count"])
            for record in truth["records"]:
                self.assertIn(record, answer.body)
            groups.update(truth["outcomes"])
        self.assertEqual(groups, {"processing", "completed", "skipped", "failed", "remaining"})

    def test_routes_and_keys(self) -> None:
        job_id, key = self.sim.sample("veryfront", "succeeded"), self.sim.info["keys"]["veryfront"]
        base = self.sim.info["veryfront"] + "/projects/"
        by_id = f"{base}{self.sim.info['project_id']}/job-batches/{job_id}"
        self.assertEqual(self.sim.fetch(by_id, {"X-API-Key": key}).status, 200)
        self.assertEqual(self.sim.fetch(by_id, {"X-API-Key": "nope"}).status, 401)
        self.assertEqual(self.sim.fetch(by_id).status, 401)
        for path in ("other/job-batches/" + job_id, self.sim.info["project"] + "/job-batches",
                     self.sim.info["project"] + "/job-batches/nope"):
            self.assertEqual(self.sim.fetch(base + path, {"X-API-Key": key}).status, 404)


class VectorTests(Shared):
    def test_documents_byte_for_byte(self) -> None:
        self.sim.control("PUT", "/settings", {"vectors": True})
        folder = HERE / "vectors"
        any_id = "53ab686b-c054-496b-8baf-baff5ecc85cf"
        for answer, name in ((self.sim.get("crustdata", "/batch"), "crustdata/list.json"),
                             (self.sim.job("crustdata", any_id), "crustdata/get.json"),
                             (self.sim.get("spidra", "/batch/scrape"), "spidra/list.json"),
                             (self.sim.job("veryfront", any_id), "veryfront/get.json")):
            self.assertEqual(answer.body, (folder / name).read_bytes())
        self.sim.control("PUT", "/settings", {"vectors": "generic", "service": "spidra"})
        self.assertEqual(self.sim.get("spidra", "/batch/scrape").body,
                         (folder / "spidra/list_generic.json").read_bytes())


class StorageTests(Shared):
    def link(self, kind: str = "succeeded") -> str:
        return str(self.sim.job("crustdata", self.sim.sample("crustdata", kind)).json()["download_url"])

    def code(self, answer: Answer) -> str:
        return answer.body.split(b"<Code>")[1].split(b"</Code>")[0].decode()

    def test_plain_download(self) -> None:
        answer = self.sim.fetch(self.link())
        self.assertEqual(answer.headers["content-type"], "application/gzip")
        self.assertNotIn("content-encoding", answer.headers)
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))
        self.assertEqual(answer.body[:2], b"\x1f\x8b")

    def test_known_signature(self) -> None:
        """The worked example of the AWS documentation for presigned S3 links."""
        pairs = [("X-Amz-Algorithm", sigv4.ALGORITHM),
                 ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"),
                 ("X-Amz-Date", "20130524T000000Z"), ("X-Amz-Expires", "86400"),
                 ("X-Amz-SignedHeaders", "host")]
        mark = sigv4.signature("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "examplebucket.s3.amazonaws.com",
                               "/test.txt", pairs, "20130524T000000Z")
        self.assertEqual(mark, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")

    def test_tampering(self) -> None:
        link = self.link()
        query = dict(parse_qsl(urlsplit(link).query))
        for broken, code in ((link[:-1] + ("0" if link[-1] != "0" else "1"), "SignatureDoesNotMatch"),
                             (link.replace("results", "part-000"), "SignatureDoesNotMatch"),
                             (link.replace("Expires=432000", "Expires=999999"), "SignatureDoesNotMatch"),
                             (link + "&x=1", "SignatureDoesNotMatch"),
                             (link.split("?")[0], "AccessDenied")):
            answer = self.sim.fetch(broken)
            self.assertEqual((answer.status, self.code(answer)), (403, code))
        self.assertEqual(query["X-Amz-Expires"], "432000")

    def test_credentials_are_refused_and_counted(self) -> None:
        for name in ("Authorization", "x-api-key", "x-goog-api-key", "reach-tenant-id", "Cookie"):
            answer = self.sim.fetch(self.link(), {name: "secret"})
            self.assertEqual((answer.status, self.code(answer)), (400, "InvalidArgument"))
        counters = self.sim.control("GET", "/requests")["counters"]
        self.assertEqual(counters, {"credentials_at_storage": 5})

    def test_ranges(self) -> None:
        link = self.link("large")
        whole = self.sim.fetch(link)
        etag, size = whole.headers["etag"], len(whole.body)
        for span, first, last in (("bytes=0-9", 0, 9), ("bytes=100-", 100, size - 1), ("bytes=-7", size - 7, size - 1),
                                  (f"bytes=5-{size + 9}", 5, size - 1)):
            part = self.sim.fetch(link, {"Range": span, "If-Range": etag, "If-Match": etag})
            self.assertEqual((part.status, part.body), (206, whole.body[first:last + 1]))
            self.assertEqual(part.headers["content-range"], f"bytes {first}-{last}/{size}")
        beyond = self.sim.fetch(link, {"Range": f"bytes={size}-"})
        self.assertEqual((beyond.status, beyond.headers["content-range"]), (416, f"bytes */{size}"))
        self.assertEqual(self.sim.fetch(link, {"Range": "bytes=1-2", "If-Range": '"old"'}).status, 200)
        self.assertEqual(self.sim.fetch(link, {"Range": "bytes=0-1,4-5"}).status, 200)
        self.assertEqual(self.sim.fetch(link, {"If-Match": '"old"'}).status, 412)


class FaultTests(Shared):
    def test_status_in_each_dialect(self) -> None:
        shapes = {"crustdata": ("error",), "spidra": ("status", "message"), "reach": ("success", "message")}
        for service in LISTED:
            for status in (400, 401, 402, 403, 404, 409, 422, 429, 500, 503):
                self.sim.fault(service, "list", "status", status=status)
                answer = self.sim.get(service, LIST_TARGET[service].replace("/api/batch/", "/batch/"))
                self.assertEqual(answer.status, status)
                self.assertTrue(all(name in answer.json() for name in shapes[service]))

    def test_status_with_headers_and_body(self) -> None:
        self.sim.fault("crustdata", "list", "status", status=429, headers={"Retry-After": "7"},
                       body="<p>slow</p>", content_type="text/html", retry_in=9)
        answer = self.sim.get("crustdata", "/batch")
        self.assertEqual((answer.body, answer.headers["content-type"]), (b"<p>slow</p>", "text/html"))
        self.assertEqual((answer.headers["retry-after"], answer.headers["x-ratelimit-reset"]), ("7", "9"))

    def test_times_and_after(self) -> None:
        self.sim.fault("spidra", "get", "status", status=500, times=2, after=1)
        target = self.sim.sample("spidra", "succeeded")
        self.assertEqual([self.sim.job("spidra", target).status for _ in range(5)], [200, 500, 500, 200, 200])
        self.assertEqual(self.sim.get("spidra", "/batch/scrape").status, 200)

    def test_endings(self) -> None:
        whole, _ = self.sim.raw("reach", "/api/batches")
        for name, params, received, reset in (
                ("close", {}, 0, False), ("cut", {"bytes": 0}, 0, False), ("cut", {"bytes": 321}, 321, False),
                ("reset", {}, 0, True), ("reset", {"bytes": 55}, 55, True)):
            self.sim.fault("reach", "list", name, **params)
            data, error = self.sim.raw("reach", "/api/batches")
            self.assertEqual((len(data), isinstance(error, ConnectionResetError)), (received, reset), name)
        self.assertGreater(len(whole), 321)

    def test_raw_bytes(self) -> None:
        self.sim.fault("veryfront", "any", "raw", base64="SFRUUC8xLjEgOTk5IGhhCg0A", times=-1)
        for _ in range(2):
            data, error = self.sim.raw("veryfront", "/")
            self.assertEqual((data, error), (b"HTTP/1.1 999 ha\n\r\x00", None))

    def test_late_and_slow(self) -> None:
        size = len(self.sim.raw("crustdata", "/batch?limit=1")[0])
        for name, params in (("delay", {"seconds": 0.3}), ("stall", {"bytes": 20, "seconds": 0.3}),
                             ("slow", {"rate": size / 0.3})):
            self.sim.fault("crustdata", "list", name, **params)
            began = time.monotonic()
            data, _ = self.sim.raw("crustdata", "/batch?limit=1")
            self.assertTrue(0.25 < time.monotonic() - began < 2, name)
            self.assertAlmostEqual(len(data), size, delta=4)

    def test_wrong_answers(self) -> None:
        self.sim.fault("crustdata", "list", "html")
        self.assertIn(b"<html>", self.sim.get("crustdata", "/batch").body)
        self.sim.fault("crustdata", "list", "body", body='{"jobs":')
        self.assertEqual(self.sim.get("crustdata", "/batch").body, b'{"jobs":')
        self.sim.fault("crustdata", "list", "redirect", status=307, location="http://other.invalid/")
        answer = self.sim.get("crustdata", "/batch")
        self.assertEqual((answer.status, answer.headers["location"]), (307, "http://other.invalid/"))
        self.sim.fault("crustdata", "list", "mutate", pointer="/jobs/0/status", value=7)
        self.sim.fault("crustdata", "list", "mutate", pointer="/has_more", delete=True)
        page = self.sim.get("crustdata", "/batch").json()
        self.assertEqual((page["jobs"][0]["status"], "has_more" in page), (7, False))

    def test_results_faults(self) -> None:
        link = self.sim.job("crustdata", self.sim.sample("crustdata", "succeeded")).json()["download_url"]
        self.sim.fault("crustdata", "results", "status", status=503)
        self.assertIn(b"SlowDown", self.sim.fetch(link).body)
        self.assertEqual(self.sim.fetch(link).status, 200)

    def test_list_that_goes_in_circles(self) -> None:
        truth = self.sim.truth_ids("crustdata")
        self.sim.fault("crustdata", "list", "same_cursor", times=-1)
        pages = crustdata_pages(self.sim, turns=4)
        self.assertEqual(len({page["next_cursor"] for page in pages}), 1)
        self.sim.control("DELETE", "/faults")
        for name, times in (("empty_page", 2), ("same_rows", 1)):
            self.sim.fault("crustdata", "list", name, times=times, after=1)
            ids = [job["batch_id"] for page in crustdata_pages(self.sim) for job in page["jobs"]]
            self.assertEqual(list(dict.fromkeys(ids)), truth)
            self.sim.fault("reach", "list", name, times=times, after=1)
            found = [row["batchId"] for page in reach_pages(self.sim) for row in page["results"]]
            self.assertEqual(list(dict.fromkeys(found)), self.sim.truth_ids("reach"))
        self.sim.fault("reach", "list", "same_cursor", times=-1)
        cursors = [page["pagination"]["cursor"] for page in reach_pages(self.sim, turns=4)]
        self.assertEqual(len(set(cursors)), 1)

    def test_page_numbers_that_go_in_circles(self) -> None:
        self.sim.fault("spidra", "list", "same_rows", times=-1)
        pages = [self.sim.get("spidra", f"/batch/scrape?page={number}").json() for number in (1, 2, 99)]
        self.assertEqual(pages[0]["jobs"], pages[2]["jobs"])
        self.assertEqual(pages[2]["pagination"]["totalPages"], 100)

    def test_bad_faults_are_refused(self) -> None:
        refused: List[Any] = [{"fault": "nonsense"}, {"service": "x", "fault": "close"}, {"fault": "cut"},
                              {"service": "spidra", "operation": "list", "fault": "same_cursor"}, [], "x"]
        for document in refused:
            with self.assertRaises(ValueError):
                self.sim.control("PUT", "/faults", document)


class ClockTests(unittest.TestCase):
    def test_jobs_move_and_links_expire(self) -> None:
        with Simulator("--jobs", "12", "--time-scale", "0", "--link-ttl", "60") as sim:
            def states() -> Dict[str, str]:
                rows = sim.get("crustdata", "/batch?limit=2").json()["jobs"]
                for row in rows:
                    self.assertEqual(sim.job("crustdata", row["batch_id"]).json()["status"], row["status"])
                return {"queued": rows[0]["status"], "running": rows[1]["status"]}

            link = sim.job("crustdata", sim.sample("crustdata", "succeeded")).json()["download_url"]
            self.assertEqual(states(), {"queued": "pending", "running": "processing"})
            sim.control("PUT", "/clock", {"advance": 35})
            self.assertEqual(states(), {"queued": "processing", "running": "processing"})
            self.assertEqual(sim.fetch(link).status, 200)
            sim.control("PUT", "/clock", {"advance": 30})
            self.assertEqual(states(), {"queued": "completed", "running": "completed"})
            expired = sim.fetch(link)
            self.assertEqual(expired.status, 403)
            self.assertIn(b"<Message>Request has expired</Message>", expired.body)
            one = sim.job("crustdata", sim.sample("crustdata", "running")).json()
            self.assertEqual(sim.fetch(one["download_url"]).status, 200)

    def test_busy_jobs(self) -> None:
        with Simulator("--jobs", "12", "--time-scale", "0") as sim:
            for service in LISTED:
                ids = sim.truth_ids(service)[4:6]
                target = LIST_TARGET[service].replace("/api/batch/", "/batch/") + "?limit=6"

                def words() -> List[str]:
                    answer = sim.get(service, target).json()
                    rows = answer["data"]["results"] if service == "reach" else answer["jobs"]
                    singles = [sim.job(service, job_id).json() for job_id in ids]
                    found = [(one.get("data") or one)["status"] for one in singles]
                    self.assertEqual(found, [row["status"] for row in rows[4:]])
                    return found

                usual = words()
                done = usual[0]  # the fifth is a success
                sim.control("PUT", "/settings", {"service": service, "busy": [1, 1, 1, 1, 10, 20]})
                runs = {"spidra": "running"}.get(service, "processing")
                self.assertEqual(words(), [runs, runs])
                sim.control("PUT", "/clock", {"advance": 15})
                self.assertEqual(words(), [done, runs])
                sim.control("PUT", "/clock", {"advance": 15})
                self.assertEqual(words(), [done, done])
                sim.control("PUT", "/settings", {"service": service, "busy": []})
                self.assertEqual(words(), usual)

    def test_time_scale(self) -> None:
        with Simulator("--jobs", "2", "--time-scale", "1000") as sim:
            time.sleep(0.2)
            for service in ("crustdata", "spidra"):
                self.assertEqual(sim.job(service, sim.sample(service, "queued")).json()["status"], "completed")


class ProcessTests(unittest.TestCase):
    def everything(self, sim: Simulator) -> List[bytes]:
        bodies = [sim.get("spidra", f"/batch/scrape?limit=50&page={page}").body for page in (1, 2)]
        bodies += [sim.get("crustdata", "/batch?limit=100").body, sim.get("reach", "/api/batches?limit=100").body]
        for service in ("crustdata", "spidra", "reach", "veryfront"):
            for job_id in sim.truth_ids(service)[:14]:
                bodies += sim.truth(service, job_id)["records"]
        large = sim.job("crustdata", sim.sample("crustdata", "large")).json()
        return bodies + [sim.fetch(large["download_url"]).body]

    def test_same_seed_same_bytes(self) -> None:
        found = []
        for seed in ("5", "5", "6"):
            with Simulator("--seed", seed, "--jobs", "80", "--time-scale", "0") as sim:
                found.append(self.everything(sim))
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])

    def test_few_jobs(self) -> None:
        with Simulator("--jobs", "0") as sim:
            self.assertEqual(sim.get("crustdata", "/batch").json(),
                             {"jobs": [], "next_cursor": None, "has_more": False})
            self.assertEqual(sim.get("spidra", "/batch/scrape").json()["pagination"]["totalPages"], 0)
            self.assertIsNone(sim.info["samples"]["reach"]["queued"])

    def test_ready_file_and_exit(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ready.json")
            sim = Simulator("--ready", path)
            self.assertEqual(json.loads(Path(path).read_text()), sim.info)
            self.assertEqual(os.listdir(folder), ["ready.json"])
            self.assertEqual(sim.stop(), 0)

    def test_stdin_guard(self) -> None:
        sim = Simulator()
        assert sim.process.stdin is not None
        sim.process.stdin.close()
        self.assertEqual(sim.process.wait(10), 0)
        sim.stop()

    def test_speed(self) -> None:
        """Generous: a guard against becoming slow, not a benchmark."""
        with Simulator("--jobs", "100000") as sim:
            began = time.monotonic()
            pages = crustdata_pages(sim, "limit=100", turns=200)
            self.assertEqual(sum(len(page["jobs"]) for page in pages), 20000)
            self.assertLess((time.monotonic() - began) / 200, 0.02)
            self.assertEqual(len(sim.truth_ids("reach")), 100000)


class TlsTests(unittest.TestCase):
    def test_api_and_storage_over_tls(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pair = _certificate(folder)
            if pair is None:
                self.skipTest("no openssl command to make a certificate with")
            with Simulator("--tls", *pair) as sim:
                self.assertEqual(sim.info["crustdata"][:8], "https://")
                one = sim.job("crustdata", sim.sample("crustdata", "succeeded")).json()
                self.assertEqual(sim.fetch(one["download_url"]).status, 200)
                self.assertEqual(sim.control("GET", "/requests")["count"], 2)


def _certificate(folder: str) -> Optional[List[str]]:
    pair = [os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=IP:127.0.0.1", "-out", pair[0], "-keyout", pair[1]]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return pair


if __name__ == "__main__":
    unittest.main()
