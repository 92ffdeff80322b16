"""Reach answers against the OpenAPI text of its documentation; needs jsonschema and PyYAML."""
from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import quote

import jsonschema
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import HERE, Simulator  # noqa: E402

LIST = "/api/batches"


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable: true` where JSON Schema has a second type."""
    if isinstance(node, list):
        return [as_json_schema(child) for child in node]
    if not isinstance(node, dict):
        return node
    made = {name: as_json_schema(child) for name, child in node.items() if name != "nullable"}
    if node.get("nullable") is True:
        made["type"] = [node["type"], "null"]
    return made


class OpenApiTests(unittest.TestCase):
    operation: Dict[str, Any]
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        document = yaml.safe_load((HERE / "vectors/reach/openapi.yaml").read_text())
        cls.operation = document["paths"][LIST]["get"]
        cls.sim = Simulator("--jobs", "400", "--time-scale", "0")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.sim.stop()

    def schema(self, status: str) -> Dict[str, Any]:
        content = self.operation["responses"][status]["content"]["application/json"]["schema"]
        made: Dict[str, Any] = as_json_schema(content)
        jsonschema.Draft7Validator.check_schema(made)
        return made

    def pages(self, query: str) -> List[Dict[str, Any]]:
        found: List[Dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.sim.get("reach", f"{LIST}?{query}{cursor}").json()
            found.append(page)
            pagination = page["data"]["pagination"]
            if not pagination["hasNextPage"]:
                return found
            cursor = "&cursor=" + quote(pagination["cursor"], safe="")

    def test_every_page(self) -> None:
        check = jsonschema.Draft7Validator(self.schema("200"))
        rows = 0
        for query in ("limit=100", "limit=60&includePendingDetails=true", "limit=100&sortBy=completedAt"):
            for page in self.pages(query):
                check.validate(page)
                rows += len(page["data"]["results"])
        self.assertEqual(rows, 1200)

    def test_every_batch(self) -> None:
        results = self.schema("200")["properties"]["data"]["properties"]["results"]
        check = jsonschema.Draft7Validator(results["items"])
        for job_id in self.sim.truth_ids("reach"):
            check.validate(self.sim.job("reach", job_id).json()["data"])

    def test_every_documented_choice_is_taken(self) -> None:
        for parameter in self.operation["parameters"]:
            for word in parameter["schema"].get("enum", []):
                answer = self.sim.get("reach", f"{LIST}?{parameter['name']}={word}")
                self.assertEqual(answer.status, 200, parameter["name"])

    def test_refusals(self) -> None:
        check = jsonschema.Draft7Validator(self.schema("400"))
        for query in ("limit=many", "batchType=X", "cursor=nonsense", "includePendingDetails=yes"):
            answer = self.sim.get("reach", f"{LIST}?{query}")
            self.assertEqual(answer.status, 400)
            check.validate(answer.json())

    def test_the_schema_bites(self) -> None:
        self.sim.fault("reach", "list", "mutate", pointer="/data/results/3/progress/totalRecords", value="9")
        check = jsonschema.Draft7Validator(self.schema("200"))
        self.assertFalse(check.is_valid(self.sim.get("reach", LIST).json()))


if __name__ == "__main__":
    unittest.main()
