"""Runs the fault table through the Python package. README.md describes the table.

    run.py TABLE, with the environment that scripts/matrix.py gives: BATCHJOBS_LIBRARY, SIMULATOR, ...
"""
import base64
import copy
import functools
import itertools
import json
import logging
import os
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings/python/src"))
import batchjobs

from amid import amid

GOAL_SECONDS = 10
SAMPLED = 100
FACTS = json.loads(Path(os.environ["SIMULATOR"]).read_text())
SECURE = FACTS["storage"].startswith("https")


def control(method, path, document=None):
    body = None if document is None else json.dumps(document).encode()
    with urllib.request.urlopen(urllib.request.Request(FACTS["control"] + path, body, method=method), timeout=60) as answer:
        return json.loads(answer.read())


# The table


def filled(value, bound):
    """A copy in which "$name" stands for the value bound to the name."""
    if isinstance(value, str) and value.startswith("$"):
        return copy.deepcopy(bound[value[1:]])
    if isinstance(value, dict):
        return {name: filled(one, bound) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, bound) for one in value]
    return value


def instances(table):
    """One case for each binding, service and operation, in the order of all runners."""
    for case in table["cases"]:
        if "program" in case:
            continue  # a C test shows it
        vary = case.get("vary", {})
        combined = [dict(zip(vary, values)) for values in itertools.product(*vary.values())]
        for row, other in itertools.product(case.get("each", [{}]), combined):
            bound = {**row, **other}
            one = filled({name: value for name, value in case.items() if name not in ("each", "vary")}, bound)
            one["label"] = " ".join(f"{name}={json.dumps(value, separators=(',', ':')):.60}" for name, value in bound.items())
            for service, operation in itertools.product(one["services"], one["operations"]):
                yield one, service, operation


def python_value(name, text):
    """An option's text as the package takes it."""
    lib = batchjobs.client.lib
    kind = next(lib.bj_option_kind(index) for index in range(lib.bj_option_count()) if lib.bj_option_name(index) == name.encode())
    if name.endswith("_ms"):
        return int(text) / 1000
    return {2: int, 3: "true".__eq__}.get(kind, str)(text)


def has(value, text):
    return text in (value if isinstance(value, list) else [value])


class Leaks(logging.Handler):
    """Counts lines of the log with a key or a signature."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def emit(self, record):
        line = record.getMessage()
        self.count += "X-Amz-" in line or any(key in line for key in FACTS["keys"].values())


def status_kib(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


@functools.lru_cache(maxsize=1)
def ask_truth(service, operation, job, limit):
    """Kept, because many cases in a row are about the same large job."""
    if operation == "list":
        ids = [id.encode() for id in control("GET", f"/truth/{service}/jobs")]
        return ids, len(ids)
    document = control("GET", f"/truth/{service}/results/{urllib.parse.quote(job, safe='')}?limit={limit}")
    return [base64.b64decode(text) for text in document["records"]], document["count"]


class Instance:
    """One case in one service and operation."""

    def __init__(self, one, service, operation):
        self.one, self.service, self.operation = one, service, operation
        self.job = FACTS["samples"][service].get(one.get("sample", "succeeded"))
        self.from_storage = service == "crustdata" and operation == "results"
        self.found, self.first_wrong, self.error, self.verdict = 0, None, None, None

    def why_not(self):
        if "needs" in self.one and not hasattr(batchjobs.client.lib, self.one["needs"]):
            return self.one["needs"]
        return None if self.job is not None else "no such job"

    def set_switches(self):
        for what in ("faults", "content", "requests"):
            control("DELETE", f"/{what}")
        if "content" in self.one:
            sample = self.one.get("sample", "succeeded")
            control("PUT", "/content", {**self.one["content"], "service": self.service, "sample": sample})
        where = {"service": "storage" if self.from_storage else self.service,
                 "operation": "results" if self.from_storage else "list" if self.operation == "list" else "get"}
        for fault in self.one.get("faults", ()):
            control("PUT", "/faults", fault if "service" in fault else {**where, **fault})

    def read_truth(self):
        self.truth, self.total = [], 0
        if self.operation in ("list", "results"):
            ask = ask_truth.__wrapped__ if "content" in self.one else ask_truth
            limit = SAMPLED if self.one.get("count", 0) > SAMPLED else 100000
            self.truth, self.total = ask(self.service, self.operation, self.job, limit)

    def count(self, data):
        right = self.truth[self.found] == data if self.found < len(self.truth) else self.found < self.total
        if not right and self.first_wrong is None:
            self.first_wrong = self.found
        self.found += 1

    def client(self):
        options = {"base_url": FACTS[self.service], "ca_file": os.environ.get("SIMULATOR_CA")}
        if "front" in self.one:
            options = {"base_url": FACTS[f"{self.service}@{self.one['front']}"], "ca_file": FACTS["ca@fronts"]}
        if "proxy" in self.one:
            options["proxy"] = FACTS[f"proxy@{self.one['proxy']}"]
        os.environ.pop("https_proxy", None)
        if "https_proxy" in self.one:
            os.environ["https_proxy"] = FACTS[f"proxy@{self.one['https_proxy']}"]
        if self.service == "veryfront":
            options["project"] = FACTS["project"]
        for name, value in self.one.get("options", {}).items():
            if batchjobs.client.lib.bj_provider_accepts(self.service.encode(), name.encode()) == 1:
                options[name[:-3] if name.endswith("_ms") else name] = python_value(name, value)
        return batchjobs.Client(self.service, FACTS["keys"][self.service], **options)

    def call(self, client):
        if self.operation == "list":
            for job in client.jobs():
                self.count(job.id.encode())
        elif self.operation in ("get", "wait"):
            job = client.job(self.job) if self.operation == "get" else client.wait([self.job])[0]
            assert job.id == self.job
            self.found = 1
        else:
            results = client.results(self.job)
            try:
                for record in results:
                    assert record.index == self.found, f"record {self.found} says it is {record.index}"
                    self.count(record.raw)
            finally:
                self.verdict = str(results.verdict)
                self.check_that_it_stays(results, sys.exc_info()[1])

    def check_that_it_stays(self, results, error):
        assert results.given == self.found
        try:
            next(results)
        except StopIteration:
            assert error is None, "an error became an end"
        except batchjobs.BatchJobsError as again:
            assert type(again) is type(error) and str(again) == str(error), f"{error} became {again}"

    def run(self):
        self.set_switches()
        self.read_truth()
        leaks = Leaks()
        logger = logging.getLogger("batchjobs")
        logger.addHandler(leaks)
        Path("/proc/self/clear_refs").write_text("5")
        before, began = status_kib("VmRSS:"), time.monotonic()
        try:
            with self.client() as client, amid(self.one.get("amid"), client):
                self.call(client)
        except batchjobs.BatchJobsError as error:
            self.error = error
        finally:
            logger.removeHandler(leaks)
        took, grown = time.monotonic() - began, status_kib("VmHWM:") - before
        self.check_ending()
        self.check_bounds(took, grown)
        assert "credentials_at_storage" not in control("GET", "/requests")["counters"], "a credential reached the storage"
        assert leaks.count == 0, "the log holds a secret"

    def check_ending(self):
        expect, records = self.one["expect"], self.one.get("records", "prefix")
        if self.error is None:
            exact = self.first_wrong is None and (self.operation in ("get", "wait") or self.found == self.total)
            assert has(expect, "ok") or (has(expect, "exact") and exact), f"it ended well, with {self.found} of {self.total}"
            if "verdict" in self.one and self.operation == "results":
                assert has(self.one["verdict"], self.verdict), f"the verdict is {self.verdict}"
            return
        assert has(expect, self.error.status), f"after {self.found} of {self.total}: {self.error!r}"
        assert self.verdict != "verified"
        assert records == "any" or self.first_wrong is None, f"record {self.first_wrong} is wrong"
        assert records != "none" or self.found == 0
        assert records != "some" or self.found > 0
        assert records != "all" or self.found == self.total
        assert self.error.message and not any(secret in str(self.error.__dict__) for secret in (*FACTS["keys"].values(), "X-Amz-"))

    def check_bounds(self, took, grown):
        assert took <= self.one.get("seconds", GOAL_SECONDS), f"it took {took:.1f} s"
        if "memory_mib" in self.one:
            assert grown <= self.one["memory_mib"] * 1024, f"it needed {grown} KiB"
        if "count" in self.one:
            assert self.found == self.one["count"], f"{self.found} records"
        seen = control("GET", "/requests")["requests"]
        for kind, (least, most) in self.one.get("requests", {}).items():
            data = ("storage", "results") if self.from_storage else (self.service, "list" if self.operation == "list" else "get")
            wanted = {"data": data, "job": (self.service, "get"), "all": None}[kind]
            found = sum(wanted is None or (one["service"], one["operation"]) == wanted for one in seen)
            assert least <= found <= most, f"{found} requests ({kind})"


def outcome_of(instance, name):
    if instance.why_not() is not None:
        print(f"skipped: {name}: {instance.why_not()}", file=sys.stderr)
        return "skipped"
    try:
        instance.run()
    except AssertionError as problem:
        where = traceback.extract_tb(problem.__traceback__)[-1].line
        print(f"FAIL {name}\n    {problem} ({where})", file=sys.stderr)
        return "failed"
    return "passed"


def main():
    logging.getLogger("batchjobs").setLevel(logging.DEBUG)
    part, parts = map(int, os.environ.get("FAULTS_SHARD", "1/1").split("/"))
    only, counts = os.environ.get("TEST_ONLY", ""), dict.fromkeys(("passed", "failed", "skipped"), 0)
    table = json.loads(Path(sys.argv[1]).read_text())
    wanted = [one for one in instances(table) if one[0].get("tls", False) or not SECURE]
    with open(os.environ["FAULTS_RESULTS"], "w") as told:
        for one, service, operation in wanted[part - 1::parts]:
            label = f" [{one['label']}]" if one["label"] else ""
            name = f"{one['row']} {one['name']}{label}, {service} {operation}"
            # What only the other simulator can show is left to it.
            if only not in name or one.get("tls", False) != SECURE:
                continue
            began = time.monotonic()
            outcome = outcome_of(Instance(one, service, operation), name)
            counts[outcome] += 1
            told.write(json.dumps({"row": one["row"], "case": name, "service": service, "operation": operation, "outcome": outcome,
                                   "ms": round((time.monotonic() - began) * 1000)}) + "\n")
            told.flush()
    print(f"faults: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(1 if counts["failed"] else 0)


main()
