"""Crustdata: a cursor list, one job with signed links, and the result files behind them."""
from __future__ import annotations

import functools
import json
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .. import gzipped, lines
from ..blob import Blob, Bytes, Join, Repeat
from ..clock import Clock
from ..content import repeated
from ..http1 import Headers, Request, Response, json_response
from ..timeline import Job, kind_at
from ..texts import stamp_offset
from .base import Service, Truth, bearer, whole_number
from .crustdata_records import gzip_part, record

STATUSES = ("pending", "processing", "completed", "failed")
SHAPES = (("company", "enrich"), ("person", "enrich"), ("person", "search"), ("company", "search"),
          ("company_v2024", "enrich"), ("person", "contact_enrich"), ("person", "enrich_live"),
          ("company", "search_live"))
FAILURES = ("Processing workflow could not be started", "Upstream source timed out \u2014 retry later",
            'Field "headcount" is not available on this plan')
ERROR_TYPES = {400: "invalid_request", 401: "unauthorized", 402: "insufficient_credits",
               403: "permission_denied", 404: "not_found", 405: "method_not_allowed",
               409: "conflict", 422: "validation_error", 429: "rate_limited"}
PART_RECORDS = 250
RATE_LIMIT = 60


Params = Dict[str, Any]


class Size(NamedTuple):
    """The numbers of one job as its row shows them."""
    identifiers: int
    requested: int
    results: int
    fulfilled: int


class Crustdata(Service):
    name = "crustdata"
    twists = ("same_cursor", "same_rows", "empty_page")

    def __init__(self, seed: int, jobs: int, clock: Clock, api_key: str, vectors: Path,
                 large_records: int) -> None:
        super().__init__(seed, jobs, clock)
        self.api_key = api_key
        # Replaced once the storage listens: a path, and the parameters of a `links` fault.
        self.link: Callable[[str, Params], str] = lambda path, how: path
        self._vector_files = vectors / self.name
        self._large_records = large_records
        self._answers = 0
        self._aliases: Dict[str, int] = {}
        self._file = functools.lru_cache(maxsize=128)(self._make_file)

    # Jobs

    def _shape(self, job: Job) -> Tuple[str, str]:
        shape = job.dice.pick(SHAPES)
        return SHAPES[0] if job.kind in ("large", "partial", "empty") else shape

    def _size(self, job: Job, action: str) -> Size:
        """Must follow `_shape`: both draw from the job's dice."""
        total = 1 + job.dice.below(24)
        if job.dice.one_in(24):
            total = 100 + job.dice.below(900)
        if job.kind == "large":
            total = self._large_records
        found = total
        if job.kind == "partial":
            total += 3
        elif job.kind == "empty":
            found = 0
        found = int(found * job.fraction) if job.kind != "failed" else 0
        if action.startswith("search"):
            return Size(1, 1, found, found)
        return Size(total, total, found, found)

    def _row(self, job: Job) -> Dict[str, Any]:
        entity, action = self._shape(job)
        size = self._size(job, action)
        failed = job.kind == "failed"
        row: Dict[str, Any] = {
            "batch_id": self.id_of(job.place), "status": _status(job), "entity": entity,
            "action": action, "identifier_count": size.identifiers, "result_count": size.results,
            "entities_requested": size.requested, "entities_fulfilled": size.fulfilled,
            "created_at": None if job.place % 97 == 96 else stamp_offset(job.created),
            "completed_at": stamp_offset(job.finished) if job.finished is not None else None,
        }
        if failed:
            row["error_message"] = job.dice.pick(FAILURES)
        if job.place % 41 == 40:
            row["queue_hint"] = {"lane": "bulk \u2603", "weights": [1, 2.5, None], "nested": {"a": {}}}
        if job.place in self.contents and row["status"] == "completed":
            row["result_count"] = self._record_count(job.place) * self.content(job.place).repeat
        return row

    def samples(self) -> Dict[str, Optional[str]]:
        found = super().samples()
        found["unfulfilled"] = found.pop("partial")
        return {**found, "partial": None, "cancelled": None}

    # Results

    def result_lines(self, index: int, rows: Optional[range] = None) -> List[Tuple[bytes, Optional[str]]]:
        """Records of a finished job, in file order, all unless `rows` are given; none of another."""
        given = self.replaced(index)
        if given is not None:
            return [(line, None) for line in (given if rows is None else given[rows.start:rows.stop])]
        job = self.job(index)
        entity, action = self._shape(job)
        return [record(self.key, index, row, action, entity)
                for row in (range(self._record_count(index)) if rows is None else rows)]

    def _record_count(self, index: int) -> int:
        job = self.job(index)
        if _status(job) != "completed":
            return 0
        given = self.replaced(index)
        return len(given) if given is not None else self._size(job, self._shape(job)[1]).results

    def _spans(self, index: int) -> List[range]:
        """The records, part by part."""
        count, parts = self._record_count(index), self.content(index).parts
        step = max(PART_RECORDS, -(-count // 20)) if parts is None else max(1, -(-count // parts))
        return [range(start, min(start + step, count)) for start in range(0, count, step)]

    def truth(self, job_id: str) -> Optional[Truth]:
        index = self.index_of(job_id)
        if index is None:
            return None
        if index in self.contents:
            groups = [[line for line, _ in self.result_lines(index, span)] for span in self._spans(index)]
            return Truth(repeated(groups, self.content(index).repeat), None, None)
        found = self.result_lines(index)
        keys = [key for _, key in found if key is not None]
        return Truth([line for line, _ in found], None, keys if len(keys) == len(found) else None)

    def _make_file(self, index: int, version: int, part: int, how: str) -> Blob:
        """One part, or the merged file for -1, laid out and pressed as the faults say. The merged
        file is the parts in a row, so only the last one may lack its newline."""
        notes = json.loads(how)
        spans, repeat = self._spans(index), self.content(index).repeat
        change = notes.get("change", {}).get("content")
        press = notes.get("gzip", {"level": 1, "members": 2} if change == "pressed" else None)
        files: List[Blob] = []
        texts: List[bytes] = []
        for number, span in enumerate(spans):
            if part not in (-1, number):
                continue
            group = _changed([line for line, _ in self.result_lines(index, span)], change)
            final = number < len(spans) - 1 or index % 5 != 4 or repeat > 1
            text = lines.lay(group, notes.get("lines", {}), final)
            texts.append(text)
            if press is None:
                file = gzip_part(text, number)
                files.append(Repeat(file, repeat) if repeat > 1 else Bytes(file))
        return Join(files) if press is None else Bytes(gzipped.press(b"".join(texts), press))

    def object(self, path: str, notes: Dict[str, Params]) -> Optional[Blob]:
        """The file `<batch_id>/output/<name>`, or None when no such file was written."""
        job_id, _, name = path.partition("/output/")
        index = self.index_of(job_id)
        if index is None or _status(self.job(index)) != "completed":
            return None
        names = ["results.jsonl.gz", *(_part_name(number) for number in range(len(self._spans(index))))]
        if len(names) == 1 or name not in names:
            return None
        if "bomb" in notes:
            return gzipped.bomb(notes["bomb"])
        how: Params = {key: notes[key] for key in ("lines", "gzip", "change") if key in notes}
        return self._file(index, self.content(index).version, names.index(name) - 1, gzipped.key(how))

    # HTTP

    def operation(self, request: Request) -> str:
        parts = request.segments
        if parts == ["batch"]:
            return "list"
        return "get" if len(parts) == 2 and parts[0] == "batch" else "other"

    def handle(self, request: Request) -> Response:
        token = bearer(request)
        if token != self.api_key:
            return self.error(401, "Invalid API key." if token else "No API key in the Authorization header.")
        operation = self.operation(request)
        if operation == "other":
            return self.error(404)
        if request.method != "GET":
            return self.error(405)
        return self._list(request) if operation == "list" else self._get(request)

    def _list(self, request: Request) -> Response:
        if self.vectors:
            return Response(200, (self._vector_files / "list.json").read_bytes())
        query = request.query
        limit = whole_number(query.get("limit", "20"))
        if limit is None:
            return self.error(400, "limit must be an integer.")
        status = query.get("status")
        if status is not None and status not in STATUSES:
            return self.error(400, "status must be one of: " + ", ".join(STATUSES) + ".")
        start = self._start(query.get("cursor"))
        if start is None:
            return self.error(400, "cursor does not name a batch of this account.")
        return self._page(start, min(100, max(1, limit)), status)

    def _start(self, cursor: Optional[str]) -> Optional[int]:
        if cursor is None:
            return 0
        if cursor in self._aliases:
            return self._aliases[cursor]
        index = self.index_of(cursor)
        return None if index is None else index + 1

    def _page(self, start: int, limit: int, status: Optional[str]) -> Response:
        if status is None:
            indexes = list(range(start, min(start + limit + 1, self.count)))
        else:
            indexes = self._matching(start, limit + 1, status)
        rows = [self._row(job) for job in self.jobs(indexes[:limit])]
        more = len(indexes) > limit
        return json_response(200, {"jobs": rows, "next_cursor": rows[-1]["batch_id"] if more else None,
                                   "has_more": more})

    def _matching(self, start: int, wanted: int, status: str) -> List[int]:
        found: List[int] = []
        moving = {0, 1}
        for index in range(start, self.count):
            settled = _SETTLED.get(kind_at(self.key, index), "completed")
            if (_status(self.job(index)) if index in moving else settled) == status:
                found.append(index)
                if len(found) == wanted:
                    break
        return found

    def _get(self, request: Request) -> Response:
        if self.vectors:
            return Response(200, (self._vector_files / "get.json").read_bytes())
        index = self.index_of(request.segments[1])
        if index is None:
            return self.error(404, "Batch not found.")
        job = self.job(index)
        row = self._row(job)
        if row["status"] == "completed":
            self._add_links(row, index, {"base": request.header("x-storage"), **request.notes.get("links", {})})
        return json_response(200, row)

    def _add_links(self, row: Dict[str, Any], index: int, how: Params) -> None:
        folder = f"{row['batch_id']}/output/"
        if "urls" in how:
            row["download_urls"] = list(how["urls"])
            row["download_url"] = how.get("url", (row["download_urls"] or [None])[0])
            return
        row["download_url"] = self.link(folder + "results.jsonl.gz", how)
        if row["result_count"]:
            row["download_urls"] = [self.link(folder + _part_name(number), how)
                                    for number in range(len(self._spans(index)))]

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        kind = ERROR_TYPES.get(status, "internal_error" if status >= 500 else "error")
        text = message or kind.replace("_", " ").capitalize() + "."
        headers = [("x-ratelimit-reset", str(retry_in)), ("x-ratelimit-remaining", "0")] if status == 429 else []
        return json_response(status, {"error": {"type": kind, "message": text, "metadata": []}}, headers)

    def rate_headers(self, response: Response) -> Headers:
        """Never down to 0 on its own: the simulator counts but does not ration."""
        self._answers += 1
        headers = [("x-ratelimit-limit", str(RATE_LIMIT)), ("x-credits-used", "0")]
        if response.status != 429:
            headers += [("x-ratelimit-remaining", str(RATE_LIMIT - 1 - self._answers % (RATE_LIMIT // 2))),
                        ("x-ratelimit-reset", str(60 - int(time.time()) % 60))]
        return headers

    # Misbehaviour of the list, for faults

    def _alias(self, start: int) -> str:
        """A cursor nobody has seen before that leads to `start`."""
        name = str(uuid.UUID(int=(uuid.UUID(self.id_of(0)).int + len(self._aliases) + 1) % (1 << 128)))
        self._aliases[name] = start
        return name

    def twist(self, how: str, request: Request, answer: Any, first: Any) -> Any:
        """Fresh cursors lead back to where this page began: no job is lost behind a spoilt page."""
        cursor = request.query.get("cursor")
        start = self._start(cursor) or 0
        if how == "empty_page":
            return {"jobs": [], "next_cursor": self._alias(start), "has_more": True}
        if cursor is None:
            return answer
        if how == "same_cursor":
            return {**answer, "next_cursor": cursor, "has_more": True}
        return {"jobs": first["jobs"], "next_cursor": self._alias(start), "has_more": True}


_SETTLED = {"failed": "failed", "stuck_queued": "pending", "stuck_running": "processing"}


def _status(job: Job) -> str:
    if job.state == "queued":
        return "pending"
    if job.state == "running":
        return "processing"
    return "failed" if job.kind == "failed" else "completed"


def _changed(records: List[bytes], how: Optional[str]) -> List[bytes]:
    """The records of another version of a file: `other` has as many, in another order."""
    if how == "other":
        return records[::-1]
    if how == "longer":
        return records + records[:1]
    return records[:len(records) // 2] if how == "shorter" else records


def _part_name(number: int) -> str:
    return f"part-{number:03d}.jsonl.gz"
