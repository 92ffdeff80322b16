"""The vendor's Python package as a second client of the simulator, under the interpreter it runs with."""
from __future__ import annotations

import asyncio
import json
import sys
import unittest
from pathlib import Path
from typing import Any, Callable, Coroutine, List

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Simulator  # noqa: E402

try:
    import spidra
except ImportError:
    spidra = None

GOT = 40


@unittest.skipIf(spidra is None, "the spidra package is not installed here")
class SdkTests(unittest.TestCase):
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        cls.sim = Simulator("--jobs", "130", "--time-scale", "0")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()

    def with_client(self, work: Callable[[Any], Coroutine[Any, Any, None]], key: str = "") -> None:
        async def run() -> None:
            client = spidra.AsyncSpidra(api_key=key or self.sim.info["keys"]["spidra"],
                                        api_url=self.sim.info["spidra"])
            await work(client)
        asyncio.run(run())

    def test_every_page(self) -> None:
        async def work(client: Any) -> None:
            found: List[str] = []
            page = await client.list_batch_scrapes(page=1, limit=50)
            count = page.pagination.total_pages
            found += [job.uuid for job in page.jobs]
            for number in range(2, count + 1):
                page = await client.list_batch_scrapes(page=number, limit=50)
                found += [job.uuid for job in page.jobs]
            self.assertEqual(found, self.sim.truth_ids("spidra"))
        self.with_client(work)

    def test_jobs_with_items(self) -> None:
        async def work(client: Any) -> None:
            for job_id in self.sim.truth_ids("spidra")[:GOT]:
                batch = await client.get_batch_scrape(job_id)
                truth = self.sim.truth("spidra", job_id)
                self.assertEqual(batch.total_urls, len(truth["records"]))
                for item, text, outcome in zip(batch.items, truth["records"], truth["outcomes"]):
                    record = json.loads(text)
                    self.assertEqual(item.status, outcome)
                    self.assertEqual((item.uuid, item.url, item.result, item.error),
                                     (record["uuid"], record["url"], record["result"], record["error"]))
        self.with_client(work)

    def test_blocking_client(self) -> None:
        client = spidra.Spidra(api_key=self.sim.info["keys"]["spidra"], api_url=self.sim.info["spidra"])
        page = client.list_batch_scrapes(page=3, limit=50)
        self.assertEqual([job.uuid for job in page.jobs], self.sim.truth_ids("spidra")[100:])

    def test_wrong_key(self) -> None:
        async def work(client: Any) -> None:
            with self.assertRaises(spidra.SpidraForbiddenError):
                await client.list_batch_scrapes()
        self.with_client(work, "nope")

    def test_unknown_job(self) -> None:
        async def work(client: Any) -> None:
            with self.assertRaises(spidra.SpidraNotFoundError):
                await client.get_batch_scrape("00000000-0000-4000-8000-000000000000")
        self.with_client(work)

    def test_invalid_limit(self) -> None:
        async def work(client: Any) -> None:
            with self.assertRaises(spidra.SpidraValidationError) as caught:
                await client.list_batch_scrapes(limit=51)
            self.assertTrue(caught.exception.errors)
        self.with_client(work)


if __name__ == "__main__":
    unittest.main()
