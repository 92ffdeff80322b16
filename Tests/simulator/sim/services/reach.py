"""Reach: a cursor list with filters and sorting, one batch, results as errors and pending records."""
from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..clock import Clock
from ..dice import Dice, Uuids
from ..http1 import Request, Response
from ..texts import ODD_TEXTS, WORDS, dump, stamp_offset, stamp_zulu
from ..timeline import Job, job_at, moving_states
from .base import Service, Truth, bearer, whole_number

TYPES = ("PARTNER_RESOURCE_JSON_INGEST", "PARTNER_RESOURCE_BATCH_DELETE", "PARTNER_RESOURCE_BATCH_PATCH")
SORTS = ("createdAt", "startedAt", "completedAt")
SCHEMAS = ("contacts", "deals", "invoices", "caf\u00e9 orders", "transactions")
CATEGORIES = ("VALIDATION_ERROR", "MISSING_DEPENDENCY", "DUPLICATE", "type \"money\"")
PAGE_LIMIT = 100
# Ids are plain strings in the documents; some here need escaping in a path.
_ID_TAILS = ("", "", "", "", "", "", "+/=", " a%b", "?#&", "\u00e9")


class Keys(NamedTuple):
    tenant_token: str
    partner_token: str
    tenant_id: str


class Facts(NamedTuple):
    """What the job's dice decide: the type, and the numbers of its progress."""
    batch_type: str
    total: int
    processed: int
    good: int
    pending: int
    failed: int


class View(NamedTuple):
    """What a list request selects and in which order; a cursor is bound to it."""
    batch_type: str
    sort_by: str
    direction: str
    only_pending: bool


class Problem(Exception):
    """A request the service answers with 400."""


class Reach(Service):
    name = "reach"
    twists = ("same_cursor", "same_rows", "empty_page")

    def __init__(self, seed: int, jobs: int, clock: Clock, keys: Keys) -> None:
        super().__init__(seed, jobs, clock)
        self.keys = keys
        self._resource_ids = Uuids(self.key[::-1])
        self._orders: Dict[Tuple[View, str], Sequence[int]] = {}
        self._marks = 0

    # Jobs

    def id_of(self, index: int) -> str:
        return "bat_" + self._uuids.make(index).replace("-", "") + _ID_TAILS[index % len(_ID_TAILS)]

    def index_of(self, job_id: str) -> Optional[int]:
        digits = job_id[4:36]
        dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        index = super().index_of(dashed)
        return index if index is not None and self.id_of(index) == job_id else None

    def _facts(self, job: Job) -> Facts:
        """Only once per job: it draws from the job's dice."""
        dice = job.dice
        batch_type = dice.pick(TYPES)
        total = 1000 if job.kind == "large" else 8 + dice.below(60)
        failing, waiting = 0, 2 + dice.below(3) if dice.one_in(12) else 0
        if job.kind == "large":
            failing, waiting = 400, 200
        elif job.kind == "partial":
            failing = 1 + dice.below(6)
        elif job.kind == "failed":
            failing, waiting = total, 0
        elif job.kind == "empty" or job.place == 4:
            waiting = 0
        elif job.kind == "cancelled":  # no such state here: these show a success with pending records
            waiting = 3
        given = self.replaced(job.place)
        if given is not None:
            total, failing, waiting = max(total, len(given)), len(given), 0
        processed = int(total * job.fraction)
        failed, pending = min(failing, processed), 0
        if processed == total:
            pending = waiting
        return Facts(batch_type, total, processed, processed - failed - pending, pending, failed)

    def _row(self, job: Job, with_pending: bool) -> Dict[str, Any]:
        facts = self._facts(job)
        share = 100 * facts.good / facts.total
        row: Dict[str, Any] = {
            "batchId": self.id_of(job.place), "status": _status(job, facts), "batchType": facts.batch_type,
            "progress": {"totalRecords": facts.total, "processedRecords": facts.processed,
                         "successfulRecords": facts.good, "pendingRecords": facts.pending,
                         "failedRecords": facts.failed,
                         "successRate": round(share, 2) if share % 1 else int(share)},
            "createdAt": _stamp(job.created, job.place),
        }
        if job.started is not None:
            row["startedAt"] = _stamp(job.started, job.place)
        if job.finished is not None:
            row["completedAt"] = _stamp(job.finished, job.place)
        if job.place % 6 != 5:
            row["schemaName"] = SCHEMAS[job.place % len(SCHEMAS)]
            row["schemaDefinitionId"] = f"sch_{job.place % len(SCHEMAS)}"
        if job.place % 37 == 36:
            row["initiator"] = {"kind": "api", "trace": [None, True, "\u2028"]}
            row["progress"]["totalRecords"] = float(facts.total)
        if facts.failed:
            row["errors"] = self._errors(job, facts)
        if with_pending:
            row["pendingResources"] = self._pending(job, facts)
        return row

    def samples(self) -> Dict[str, Optional[str]]:
        found = super().samples()
        found["pending"] = found.pop("cancelled")
        return {**found, "cancelled": None}

    # Results

    def _details(self, job: Job, facts: Facts) -> Dict[str, Any]:
        details: Dict[str, Any] = {}
        given = self.replaced(job.place)
        if given is not None:
            return {f"given-{row}": _Raw(text) for row, text in enumerate(given)}
        if job.kind == "failed":
            return details
        for row in range(facts.failed):
            dice = Dice(self.key, job.place + (1 << 40), row)
            odd = dice.pick(ODD_TEXTS) if dice.one_in(12) else dice.pick(WORDS)
            category = dice.pick(CATEGORIES)
            problems = [f"{dice.pick(WORDS)}: {odd}"] * (1 + dice.below(2))
            details[f"{odd}{row}"] = {"errors": problems, "categories": [category]}
        return details

    def _errors(self, job: Job, facts: Facts) -> Dict[str, Any]:
        details = self._details(job, facts)
        if not details:
            return {"message": "The batch could not be processed: upload was unreadable",
                    "summary": {"BATCH_FAILURE": facts.failed}}
        summary: Dict[str, int] = {}
        for entry in details.values():
            if isinstance(entry, _Raw):
                continue
            for category in entry["categories"]:
                summary[category] = summary.get(category, 0) + 1
        return {"summary": summary, "details": details}

    def _pending(self, job: Job, facts: Facts) -> List[Dict[str, Any]]:
        found = []
        for row in range(facts.pending):
            dice = Dice(self.key, job.place + (2 << 40), row)
            missing: Dict[str, Any] = {"schemaDefinitionId": "sch_1", "externalId": f"dep-{dice.pick(WORDS)}"}
            entry: Dict[str, Any] = {
                "id": self._resource_ids.make(job.place * 1024 + row),
                "resourceExternalId": f"wait-{dice.pick(WORDS)}-{row}", "schemaDefinitionId": "sch_0",
                "missingDependencies": [missing], "expiresAt": stamp_zulu(job.created + 86400),
                "createdAt": stamp_zulu(job.created + 2)}
            if dice.one_in(2):
                entry["schemaName"] = missing["schemaName"] = dice.pick(SCHEMAS)
            found.append(entry)
        return found

    def truth(self, job_id: str) -> Optional[Truth]:
        """Failed records in the order of `errors.details`, then the pending ones."""
        index = self.index_of(job_id)
        if index is None:
            return None
        job = self.job(index)
        facts = self._facts(job)
        details, pending = self._details(job, facts), self._pending(job, facts)
        return Truth([_spelled(value) for value in [*details.values(), *pending]],
                     ["failed"] * len(details) + ["pending"] * len(pending),
                     [*details, *(entry["resourceExternalId"] for entry in pending)])

    # HTTP

    def operation(self, request: Request) -> str:
        parts = request.segments
        if parts == ["api", "batches"]:
            return "list"
        return "get" if len(parts) == 3 and parts[:2] == ["api", "batches"] else "other"

    def handle(self, request: Request) -> Response:
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        operation = self.operation(request)
        if operation == "other":
            return self.error(404, "Route not found")
        if request.method != "GET":
            return self.error(405)
        try:
            return self._list(request) if operation == "list" else self._get(request)
        except Problem as problem:
            return self.error(400, str(problem))

    def _refuse(self, request: Request) -> Optional[Response]:
        token = bearer(request)
        if token == self.keys.tenant_token:
            return None
        if token != self.keys.partner_token:
            return self.error(401, "Invalid token" if token else "Missing bearer token")
        tenant = request.header("reach-tenant-id")
        if tenant is None:
            return self.error(400, "reach-tenant-id is required with a partner token")
        return None if tenant == self.keys.tenant_id else self.error(403, "Unknown tenant for this partner")

    def _list(self, request: Request) -> Response:
        query = request.query
        view = _view(query)
        limit = whole_number(query.get("limit") or "20")
        if limit is None or limit < 1:
            raise Problem("limit must be a string of digits")
        start = _open_cursor(query["cursor"], view) if "cursor" in query else 0
        with_pending = _flag(query, "includePendingDetails")
        order = self._order(view)
        stop = min(start + min(limit, PAGE_LIMIT), len(order))
        rows = [self._row(job, with_pending) for job in self.jobs(order[start:stop])]
        cursor = _make_cursor(stop, view) if stop < len(order) else None
        return self._answer(rows, cursor, len(order))

    def _answer(self, rows: List[Dict[str, Any]], cursor: Optional[str], total: int) -> Response:
        pagination = {"hasNextPage": cursor is not None, "cursor": cursor, "total": total}
        value = {"success": True, "data": {"results": rows, "pagination": pagination}}
        return Response(200, _spelled(value))

    def _order(self, view: View) -> Sequence[int]:
        """Listing order as indexes, newest first by default; recomputed when a moving job changes."""
        if view == View("", "createdAt", "desc", False):
            return range(self.count)
        now = self.clock.job_time()
        key = (view, dump(moving_states(self.key, now)))
        if key not in self._orders:
            self._orders[key] = self._sorted(view, now)
        return self._orders[key]

    def _sorted(self, view: View, now: float) -> List[int]:
        chosen: List[Tuple[bool, float, int]] = []
        down = view.direction == "desc"
        for index in range(self.count):
            job = job_at(self.key, index, now)
            facts = self._facts(job)
            if view.batch_type not in ("", facts.batch_type) or (view.only_pending and not facts.pending):
                continue
            moment = {"createdAt": job.created, "startedAt": job.started,
                      "completedAt": job.finished}[view.sort_by]
            # Jobs without the moment come last in both directions.
            place = 0.0 if moment is None else (-moment if down else moment)
            chosen.append((moment is None, place, index))
        return [index for _, _, index in sorted(chosen)]

    def _get(self, request: Request) -> Response:
        with_pending = _flag(request.query, "includePendingDetails")
        index = self.index_of(request.segments[2])
        if index is None:
            return self.error(404, "Batch not found")
        row = self._row(self.job(index), with_pending)
        return Response(200, _spelled({"success": True, "data": row}))

    def twist(self, how: str, request: Request, answer: Any, first: Any) -> Any:
        """Fresh cursors lead back to where this page began: no job is lost behind a spoilt page."""
        cursor = request.query.get("cursor")
        view = _view(request.query)
        self._marks += 1
        fresh = _make_cursor(_open_cursor(cursor, view) if cursor else 0, view, self._marks)
        data = answer["data"]
        if how == "empty_page":
            data["results"] = []
        elif cursor is None:
            return answer
        elif how == "same_cursor":
            fresh = cursor
        else:
            data["results"] = first["data"]["results"]
        data["pagination"].update(hasNextPage=True, cursor=fresh)
        return answer

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        texts = {400: "Validation failed", 401: "Invalid token", 403: "Forbidden", 404: "Batch not found",
                 405: "Method not allowed", 429: "Rate limit exceeded", 500: "Internal server error"}
        body: Dict[str, Any] = {"success": False, "message": message or texts.get(status, "Request failed")}
        if status in (400, 422):
            body["errors"] = [body["message"]]
        return Response(status, _spell(body).encode())


class _Raw(bytes):
    """A value that goes out as it is."""


def _spell(value: Any) -> str:
    return dump(value)


def _spelled(value: Any) -> bytes:
    """JSON whose raw values stand in it byte for byte."""
    if isinstance(value, _Raw):
        return bytes(value)
    if isinstance(value, dict):
        return b"{%b}" % b",".join(dump(name).encode() + b":" + _spelled(item) for name, item in value.items())
    if isinstance(value, list):
        return b"[%b]" % b",".join(map(_spelled, value))
    return dump(value).encode()


def _status(job: Job, facts: Facts) -> str:
    if job.state != "done":
        return "processing"
    if job.kind == "failed":
        return "failure"
    return "partial_success" if facts.failed else "success"


def _stamp(seconds: float, variety: int) -> str:
    """The documents fix no format for these strings."""
    if variety % 23 == 22:
        return stamp_offset(seconds)
    return stamp_zulu(seconds, 0 if variety % 29 == 28 else 3)


def _word(query: Dict[str, str], name: str, options: Sequence[str], default: str) -> str:
    value = query.get(name, default)
    if value not in options and value != default:
        raise Problem(f"{name} must be one of: {', '.join(options)}")
    return value


def _flag(query: Dict[str, str], name: str) -> bool:
    return _word(query, name, ("true", "false"), "false") == "true"


def _view(query: Dict[str, str]) -> View:
    return View(_word(query, "batchType", TYPES, ""), _word(query, "sortBy", SORTS, "createdAt"),
                _word(query, "sortDirection", ("asc", "desc"), "desc"),
                _flag(query, "onlyBatchesWithPendingResources"))


def _make_cursor(start: int, view: View, mark: int = 0) -> str:
    """Base64 with all its letters, so that a cursor not escaped in a query is noticed."""
    return base64.b64encode(json.dumps([start, mark, *view]).encode() + b"\xfb\xff").decode()


def _open_cursor(text: str, view: View) -> int:
    try:
        start, _, *rest = json.loads(base64.b64decode(text, validate=True)[:-2])
    except (binascii.Error, ValueError, TypeError):
        raise Problem("cursor is not valid")
    if rest != list(view) or not isinstance(start, int):
        raise Problem("cursor belongs to another filter or sort order")
    return start
