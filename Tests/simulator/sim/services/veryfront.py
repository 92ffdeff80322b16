"""Veryfront: one job batch of a project, with its files in five groups. There is no list."""
from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..clock import Clock
from ..dice import Dice, Uuids
from ..http1 import Request, Response
from ..texts import ODD_TEXTS, WORDS, dump, stamp_zulu
from ..timeline import Job
from .base import Service, Truth, bearer

GROUPS = ("processing", "completed", "skipped", "failed", "remaining")
INGEST = "task:knowledge-ingest"
OTHER_TARGETS = ("task:site-export", "agent:summaries \u2014 nightly", None)
STATUSES = ("submitted", "working", "completed", "failed", "canceled")


class Project(NamedTuple):
    id: str
    slug: str


class Batch(NamedTuple):
    """Jobs and files are counted separately: they are different units."""
    job: Job
    jobs: Dict[str, int]
    files: Optional[Dict[str, int]]
    target: Optional[str]


class Veryfront(Service):
    name = "veryfront"

    def __init__(self, seed: int, jobs: int, clock: Clock, api_key: str, vectors: Path,
                 project: Project) -> None:
        super().__init__(seed, jobs, clock)
        self.api_key = api_key
        self.project = project
        self._vector_files = vectors / self.name
        self._upload_ids = Uuids(self.key[::-1])

    # Jobs

    def _batch(self, job: Job) -> Batch:
        dice = job.dice
        jobs = self._job_counts(job, 2 + dice.below(6), 1 + dice.below(2))
        total = 500 if job.kind == "large" else 3 + dice.below(12)
        other = dice.one_in(8) and job.place >= 10
        target = dice.pick(OTHER_TARGETS) if other or job.kind == "empty" else INGEST
        given = self.replaced(job.place)
        if given is not None:
            target, total = INGEST, len(given)
        files = self._file_counts(job, dice, total) if target == INGEST else None
        if files is not None and given is not None:
            files = {**dict.fromkeys(GROUPS, 0), "completed": total}
        return Batch(job, jobs, files, target)

    @staticmethod
    def _job_counts(job: Job, total: int, failing: int) -> Dict[str, int]:
        counts = dict.fromkeys(STATUSES, 0)
        done = int(total * job.fraction)
        if job.state == "queued":
            counts["submitted"] = total
        elif job.state == "running":
            counts.update(submitted=total - done - 1, working=1, completed=done)
        elif job.kind in ("failed", "cancelled"):
            counts["failed" if job.kind == "failed" else "canceled"] = total
        elif job.kind == "partial":
            counts.update(completed=total - failing, failed=failing)
        else:
            counts["completed"] = total
        return counts

    @staticmethod
    def _file_counts(job: Job, dice: Dice, total: int) -> Dict[str, int]:
        counts = dict.fromkeys(GROUPS, 0)
        skipped = dice.below(2)
        ended = int(total * job.fraction)
        if job.state == "queued" or job.kind == "cancelled":
            counts["remaining"] = total
        elif job.state == "running":
            counts.update(completed=ended, processing=1, remaining=total - ended - 1)
        elif job.kind == "failed":
            counts["failed"] = total
        elif job.kind == "partial":
            counts.update(completed=total - skipped - 1, skipped=skipped, failed=1)
        else:
            counts.update(completed=total - skipped, skipped=skipped)
        return counts

    # Files

    def _entries(self, batch: Batch, group: str, first: int, count: int) -> List[bytes]:
        return [self._entry(batch, group, first + row).encode() for row in range(count)]

    def _entry(self, batch: Batch, group: str, row: int) -> str:
        dice = Dice(self.key, batch.job.place + (1 << 40), row)
        name = f"{dice.pick(WORDS)}-{row}.md"
        odd = dice.pick(ODD_TEXTS) if dice.one_in(8) else dice.pick(WORDS)
        entry: Dict[str, Any] = {
            "label": odd or name, "path": None if dice.one_in(6) else f"/knowledge/{name}",
            "upload_id": None if dice.one_in(4) else self._upload_ids.make(batch.job.place * 1024 + row),
            "remote_path": None if dice.one_in(3) else f"uploads/{odd}/{name}",
            "warning_count": dice.below(3),
        }
        if group in ("skipped", "failed"):
            entry["message"] = dice.pick(("unsupported_file_type", f"parser_error: {odd}"))
        if dice.one_in(19):
            entry["checksum"] = {"algorithm": "sha256", "value": None}
        return dump(entry, ascii_only=dice.one_in(2), spaced=dice.one_in(3))

    def _groups(self, batch: Batch) -> List[Tuple[str, List[bytes]]]:
        groups = []
        first = 0
        given = self.replaced(batch.job.place)
        if given is not None:
            return [(group, list(given) if group == "completed" else []) for group in GROUPS]
        for group, count in (batch.files or {}).items():
            groups.append((group, self._entries(batch, group, first, count)))
            first += count
        return groups

    def truth(self, job_id: str) -> Optional[Truth]:
        """Files group by group in document order; the outcome is the group's name."""
        index = self.index_of(job_id)
        if index is None:
            return None
        groups = self._groups(self._batch(self.job(index)))
        return Truth([entry for _, entries in groups for entry in entries],
                     [group for group, entries in groups for _ in entries], None)

    # HTTP

    def _batch_id(self, request: Request) -> Optional[str]:
        parts = request.segments
        fits = len(parts) == 4 and parts[0] == "projects" and parts[2] == "job-batches"
        return parts[3] if fits else None

    def operation(self, request: Request) -> str:
        if self._batch_id(request):
            return "get"
        parts = request.segments
        return "list" if len(parts) == 3 and parts[0] == "projects" and parts[2] == "job-batches" else "other"

    def handle(self, request: Request) -> Response:
        key = request.header("x-api-key") or bearer(request)
        if key != self.api_key:
            return self.error(401, "Invalid credentials" if key else "Authentication required")
        if request.method != "GET":
            return self.error(405)
        batch_id = self._batch_id(request)
        if batch_id is None:
            return self.error(404, "No such route")
        if request.segments[1] not in self.project:
            return self.error(404, "Project not found")
        if self.vectors:
            return Response(200, (self._vector_files / "get.json").read_bytes())
        index = self.index_of(batch_id)
        if index is None:
            return self.error(404, "Job batch not found")
        return Response(200, self._body(self._batch(self.job(index))))

    def _body(self, batch: Batch) -> bytes:
        job = batch.job
        head: Dict[str, Any] = {
            "id": self.id_of(job.place), "project_id": self.project.id, "target": batch.target,
            "job_count": sum(batch.jobs.values()), "status_counts": batch.jobs,
            "created_at": stamp_zulu(job.created),
            "updated_at": stamp_zulu(job.finished or job.started or job.created)}
        if job.place % 43 == 42:
            head["canonical_run_id"] = "run_" + self.id_of(job.place)[:8]
        return dump(head).encode()[:-1] + b',"result":' + self._result(batch) + b"}"

    def _result(self, batch: Batch) -> bytes:
        if batch.files is None:
            return b"null"
        files = batch.files
        head = {"kind": "knowledge_ingest", "total_count": sum(files.values()),
                "completed_count": files["completed"], "skipped_count": files["skipped"],
                "failed_count": files["failed"]}
        groups = [b'"%s":[%s]' % (group.encode(), b",".join(entries))
                  for group, entries in self._groups(batch)]
        label = "Not Ingested Files" if batch.job.state == "done" else "Remaining Files"
        return dump(head).encode()[:-1] + b"," + b",".join(groups) + b',"remaining_label":"%s"}' % label.encode()

    def error(self, status: int, message: Optional[str] = None, retry_in: float = 1) -> Response:
        texts = {400: "Bad request", 401: "Authentication required", 403: "Forbidden", 404: "Not found",
                 405: "Method not allowed", 422: "Invalid request", 429: "Too many requests",
                 500: "Internal error"}
        body = {"error": {"status": status, "message": message or texts.get(status, "Request failed")}}
        return Response(status, dump(body).encode())
