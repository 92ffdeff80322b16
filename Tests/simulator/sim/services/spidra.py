"""Spidra: a page-numbered list and one batch with all its items inline."""
from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from ..blob import Blob, Bytes, Flow
from ..clock import Clock
from ..content import Rows
from ..dice import Dice, Uuids
from ..http1 import Headers, Request, Response, json_response
from ..texts import ODD_TEXTS, WORDS, dump, stamp_zulu
from ..timeline import Job
from .base import Service, Truth, bearer, whole_number

ITEM_LIMIT = 50
PAGE_LIMIT = 50
FORMATS = ("json", "json", "json", "markdown", "markdown", "text", "table")
ITEM_ERRORS = ("Timeout after 30000ms", "HTTP 404", 'Selector "#price > span" not found \u2026', "")
RATE_LIMIT = 300
RATE_WINDOW = 900
_ODD_JSON = '{"n":[1E+2,-0,1.50,18446744073709551616],"\\u0000":null,"a\\/b":{"":[[],{}]}}'


class Batch(NamedTuple):
    """The numbers of one batch; items up to `ended` are over, `failing` of them badly."""
    job: Job
    total: int
    ended: int
    offset: int
    failing: int
    output: str
    channel: str

    def fails(self, item: int) -> bool:
        return (item - self.offset) % self.total < self.failing

    @property
    def failed(self) -> int:
        return sum(self.fails(item) for item in range(self.ended)) if self.failing else 0


class Spidra(Service):
    name = "spidra"
    twists = ("same_rows", "empty_page")  # page numbers leave no cursor to repeat

    def __init__(self, seed: int, jobs: int, clock: Clock, api_key: str, vectors: Path) -> None:
        super().__init__(seed, jobs, clock)
        self.api_key = api_key
        self._vector_files = vectors / self.name
        self._item_ids = Uuids(self.key[::-1])
        self._answers = 0

    # Jobs

    def _batch(self, job: Job) -> Batch:
        dice = job.dice
        total = ITEM_LIMIT if job.kind == "large" else 2 + dice.below(18)
        failing, offset = dice.below(total - 1) + 1, dice.below(total)
        output, channel = dice.pick(FORMATS), dice.pick(("api", "api", "playground"))
        ended = int(total * job.fraction)
        if job.kind == "cancelled" and job.state == "done":
            ended = total // 2
        given = self._items_given(job)
        if given is not None:
            total = ended = len(given)
            failing = 0
        elif job.kind == "failed":
            failing = total
        elif job.kind != "partial":
            failing = 0
        return Batch(job, total, ended, offset, failing, output, channel)

    def _row(self, batch: Batch) -> Dict[str, Any]:
        job = batch.job
        failed = batch.failed
        row: Dict[str, Any] = {
            "uuid": self.id_of(job.place), "status": _status(job), "totalUrls": batch.total,
            "completedCount": batch.ended - failed, "failedCount": failed,
            "outputFormat": batch.output, "scrapingChannel": batch.channel,
            "createdAt": _stamp(job.created, job.place),
            "finishedAt": _stamp(job.finished, job.place) if job.finished is not None else None,
        }
        if job.place % 43 == 42:
            row["labels"] = {"team": 'data "core"', "tags": ["a", None, 3]}
        return row

    def samples(self) -> Dict[str, Optional[str]]:
        return {**super().samples(), "empty": None}

    # Items

    def _items(self, batch: Batch) -> Sequence[bytes]:
        given = self._items_given(batch.job)
        return given if given is not None else [self._item(batch, item).encode() for item in range(batch.total)]

    def _items_given(self, job: Job) -> Optional[Sequence[bytes]]:
        """What a test put in place of the job's own: texts, or a number of items of one size."""
        content = self.content(job.place)
        if content.items is None or job.state != "done":
            return self.replaced(job.place)
        return Rows(content.items, lambda item: self._sized_item(job.place, item, content.size))

    def _sized_item(self, index: int, item: int, size: int) -> bytes:
        """An item of exactly `size` bytes, or of the fewest that it takes."""
        head = dump({"uuid": self._item_ids.make((index << 24) + item + (1 << 46)), "jobId": f"{item:010d}",
                     "url": f"https://big.example/{item:010d}", "status": "completed", "error": None,
                     "creditsUsed": 1})[:-1] + ',"result":"'
        word = f"{item:010d} [{{\\\"}}] "
        text = word * (max(0, size - len(head) - 2) // len(word))
        return (head + text + "." * (size - len(head) - len(text) - 2) + '"}').encode()

    def _item_state(self, batch: Batch, item: int) -> str:
        if item < batch.ended:
            return "failed" if batch.fails(item) else "completed"
        if batch.job.state == "done":
            return "cancelled"
        return "running" if batch.job.state == "running" and item == batch.ended else "pending"

    def _item_id(self, batch: Batch, item: int) -> str:
        return self._item_ids.make(batch.job.place * 64 + item)

    def _item(self, batch: Batch, item: int) -> str:
        """The item's JSON text; `result` goes in as raw text so that its exact bytes are ours."""
        dice = Dice(self.key, batch.job.place + (1 << 40), item)
        state = self._item_state(batch, item)
        begun = state in ("completed", "failed", "running")
        over = state in ("completed", "failed")
        begins = (batch.job.started or batch.job.created) + item / 7
        fields: Dict[str, Any] = {
            "uuid": self._item_id(batch, item), "jobId": str(dice.below(1 << 30)) if begun else None,
            "url": f"https://{dice.pick(WORDS)}.example/{dice.pick(WORDS)}?q={dice.pick(WORDS)}%20x&p={item}",
            "status": state, "error": dice.pick(ITEM_ERRORS) if state == "failed" else None,
            "creditsUsed": dice.pick((1, 2, 2.5, 3)) if state == "completed" else 0,
            "startedAt": _stamp(begins, item) if begun else None,
            "finishedAt": _stamp(begins + 0.5, item) if over else None,
            "screenshotUrl": f"https://shots.example/{item}.png?sig=a%2Bb" if dice.one_in(9) and over else None,
        }
        if dice.one_in(17):
            fields["retries"] = {"count": 0, "last": None}
        result = self._result(dice, batch) if state == "completed" else "null"
        spaced = dice.one_in(5)
        text = dump(fields, ascii_only=dice.one_in(3), spaced=spaced)
        return text[:-1] + (', "result": ' if spaced else ',"result":') + result + "}"

    def _result(self, dice: Dice, batch: Batch) -> str:
        if dice.one_in(15):
            return _ODD_JSON
        if dice.one_in(25):
            return dice.pick(("null", "false", "0", "[]", '""', "[1,[2,[3,[4,[5]]]]]"))
        text = dice.pick(ODD_TEXTS) if dice.one_in(8) else " ".join(dice.pick(WORDS) for _ in range(5))
        if batch.job.kind == "large":
            text += " " + dice.pick(WORDS) * 4000
        if batch.output == "json":
            value: Any = {"title": text, "price": dice.below(99999) / 100, "tags": [dice.pick(WORDS), None]}
        elif batch.output == "table":
            value = [["name", "value"], [text, dice.below(1000)]]
        else:
            value = f"# {dice.pick(WORDS)}\n\n{text}\n"
        return dump(value, ascii_only=dice.one_in(2))

    def truth(self, job_id: str) -> Optional[Truth]:
        index = self.index_of(job_id)
        if index is None:
            return None
        batch = self._batch(self.job(index))
        if index in self.contents:
            return Truth(self._items(batch), None, None)
        items = range(batch.total)
        return Truth(self._items(batch), [self._item_state(batch, item) for item in items],
                     [self._item_id(batch, item) for item in items])

    # HTTP

    def operation(self, request: Request) -> str:
        parts = request.segments
        if parts == ["api", "batch", "scrape"]:
            return "list"
        return "get" if len(parts) == 4 and parts[:3] == ["api", "batch", "scrape"] else "other"

    def handle(self, request: Request) -> Response:
        key = request.header("x-api-key") or bearer(request)
        if not key:
            return self.error(401, "Missing x-api-key header")
        if key != self.api_key:
            return self.error(403, "Invalid or expired API key")
        operation = self.operation(request)
        if operation == "other":
            return self.error(404, "Route not found")
        if request.method != "GET":
            return self.error(405)
        return self._list(request) if operation == "list" else self._get(request)

    def _list(self, request: Request) -> Response:
        if self.vectors:
            name = "list_generic.json" if self.vectors == "generic" else "list.json"
            return Response(200, (self._vector_files / name).read_bytes())
        query = request.query
        page, limit = whole_number(query.get("page", "1")), whole_number(query.get("limit", "20"))
        problems = []
        if page is None or page < 1:
            problems.append("page must be a whole number of at least 1")
        if limit is None or not 1 <= limit <= PAGE_LIMIT:
            problems.append(f"limit must be a whole number from 1 to {PAGE_LIMIT}")
        if page is None or limit is None or problems:
            return self._invalid(problems)
        return json_response(200, self._page(page, limit))

    def _page(self, page: int, limit: int) -> Dict[str, Any]:
        start = (page - 1) * limit
        indexes = range(min(start, self.count), min(start + limit, self.count))
        return {"jobs": [self._row(self._batch(job)) for job in self.jobs(indexes)],
                "pagination": {"page": page, "limit": limit, "total": self.count,
                               "totalPages": -(-self.count // limit)}}

    def _get(self, request: Request) -> Response:
        index = self.index_of(request.segments[3])
        if index is None:
            return self.error(404, "Batch not found")
        batch = self._batch(self.job(index))
        row = self._row(batch)
        names = ("status", "totalUrls", "completedCount", "failedCount")
        head = dump({name: row[name] for name in names}).encode()
        tail = dump({name: row[name] for name in ("createdAt", "finishedAt")}).encode()
        items = self._items(batch)
        begin, end = head[:-1] + b',"items":[', b"]," + tail[1:]
        if isinstance(items, Rows):
            return Response(200, _long_answer(begin, items, end))
        return Response(200, begin + b",".join(items) + end)

    def _invalid(self, problems: List[str]) -> Response:
        return json_response(422, {"status": "error", "message": "Validation failed", "errors": problems})

    def twist(self, how: str, request: Request, answer: Any, first: Any) -> Any:
        answer["jobs"] = [] if how == "empty_page" else first["jobs"]
        pagination = answer["pagination"]
        pagination["totalPages"] = max(pagination["totalPages"], pagination["page"] + 1)
        return answer

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        texts = {400: "Malformed request", 401: "Missing x-api-key header", 402: "Payment overdue",
                 403: "Invalid or expired API key", 404: "Batch not found", 405: "Method not allowed",
                 409: "Batch has already ended", 422: "Validation failed",
                 429: "Too many requests, slow down", 500: "Internal server error",
                 503: "Service is busy, retry later"}
        codes = {402: "PAYMENT_OVERDUE", 409: "ALREADY_TERMINAL", 503: "SERVICE_BUSY"}
        body: Dict[str, Any] = {"status": "error", "message": message or texts.get(status, "Request failed")}
        if status in codes:
            body["code"] = codes[status]
        if status == 422:
            body["errors"] = ["limit must be a whole number"]
        if status == 503:
            body["retry_after"] = retry_in
        headers = self._limits(0, retry_in) if status == 429 else []
        return json_response(status, body, headers)

    def rate_headers(self, response: Response) -> Headers:
        self._answers += 1
        if response.status == 429:
            return []
        now = self.clock.wall_time()
        return self._limits(RATE_LIMIT - 1 - self._answers % (RATE_LIMIT // 2), RATE_WINDOW - now % RATE_WINDOW)

    def _limits(self, remaining: int, resets_in: float) -> Headers:
        """The documents say a Unix timestamp, so that is what goes out."""
        return [("RateLimit-Limit", str(RATE_LIMIT)), ("RateLimit-Remaining", str(remaining)),
                ("RateLimit-Reset", str(int(self.clock.wall_time() + resets_in)))]


def _long_answer(begin: bytes, items: Rows, end: bytes) -> Blob:
    """Made while it is sent: all items are of one size."""
    if not len(items):
        return Bytes(begin + end)

    def pieces() -> Iterator[bytes]:
        yield begin + items[0]
        for item in range(1, len(items)):
            yield b"," + items[item]
        yield end

    size = len(begin) + len(end) + len(items) * (len(items[0]) + 1) - 1
    return Flow(size, repr((begin, len(items), len(items[0]))), pieces)


def _status(job: Job) -> str:
    if job.state == "queued":
        return "pending"
    if job.state == "running":
        return "running"
    return job.kind if job.kind in ("failed", "cancelled") else "completed"


def _stamp(seconds: float, variety: int) -> str:
    """Whole seconds, milliseconds or microseconds: the documents fix only the Z."""
    return stamp_zulu(seconds, (3, 0, 3, 6)[variety % 4])
