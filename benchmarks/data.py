"""The pages that are served: the shape of the services' documents, the same bytes on every machine."""
import hashlib
import json
import random
import shutil
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

BEGIN = datetime(2026, 1, 5, tzinfo=timezone.utc)
ENTITIES = ("person", "company", "company_v2024")
ACTIONS = ("enrich", "search", "contact_enrich", "enrich_live")
REASONS = ("Upstream source timed out, retry later", "Insufficient credits",
           "Processing workflow could not be started")
FORMATS = ("json", "markdown", "text", "table")


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def moment(dice, number):
    """About one job a minute, newest first, at any microsecond."""
    return BEGIN - timedelta(minutes=number, microseconds=dice.randrange(1, 60_000_000))


def standing(dice):
    """Most jobs of an account are over."""
    return dice.choices(("completed", "failed", "running", "pending"), (94, 3, 2, 1))[0]


def crustdata_row(dice, number):
    status, created = standing(dice), moment(dice, number)
    status = "processing" if status == "running" else status
    over = status in ("completed", "failed")
    requested = dice.randrange(1, 1000)
    found = dice.randrange(requested // 2, requested + 1) if status == "completed" else 0
    row = {
        "batch_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "status": status,
        "entity": dice.choice(ENTITIES), "action": dice.choice(ACTIONS),
        "identifier_count": requested, "result_count": found, "entities_requested": requested,
        "entities_fulfilled": found, "created_at": created.isoformat(timespec="microseconds"),
        "completed_at": None,
    }
    if over:
        taken = timedelta(microseconds=dice.randrange(1_000_000, 900_000_000))
        row["completed_at"] = (created + taken).isoformat(timespec="microseconds")
    if status == "failed":
        row["error_message"] = dice.choice(REASONS)
    return row


def spidra_row(dice, number):
    status, created = standing(dice), moment(dice, number)
    total = dice.randrange(1, 51)
    failed = dice.randrange(0, total) // 4 if status == "completed" else total if status == "failed" else 0
    taken = timedelta(microseconds=dice.randrange(1_000_000, 900_000_000))
    return {
        "uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "status": status,
        "totalUrls": total, "completedCount": total - failed if status == "completed" else 0,
        "failedCount": failed, "outputFormat": dice.choice(FORMATS), "scrapingChannel": "api",
        "createdAt": zulu(created),
        "finishedAt": zulu(created + taken) if status in ("completed", "failed") else None,
    }


def zulu(time):
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_cursor_pages(folder, pages, rows):
    """Each page lies under the cursor that leads to it, the first under `first`."""
    folder.mkdir(parents=True)
    dice = random.Random(pages)
    name = "first"
    for page in range(pages):
        jobs = [crustdata_row(dice, page * rows + number) for number in range(rows)]
        more = page + 1 < pages
        cursor = jobs[-1]["batch_id"] if more else None
        (folder / f"{name}.json").write_bytes(dump({"jobs": jobs, "next_cursor": cursor, "has_more": more}))
        name = cursor
    return jobs


def write_numbered_pages(folder, pages, rows):
    folder.mkdir(parents=True)
    dice = random.Random(pages)
    for page in range(1, pages + 1):
        pagination = {"page": page, "limit": rows, "total": pages * rows, "totalPages": pages}
        jobs = [spidra_row(dice, page * rows + number) for number in range(rows)]
        (folder / f"{page}.json").write_bytes(dump({"jobs": jobs, "pagination": pagination}))


def write_job(folder):
    """One finished job, with the links that the answer to a single job has."""
    folder.mkdir(parents=True)
    row = {}
    dice = random.Random(1)
    while row.get("status") != "completed":
        row = crustdata_row(dice, 0)
    link = "https://storage.example/batches/" + row["batch_id"] + "/output/%s?X-Amz-Signature=" + "5f" * 32
    row["download_url"] = link % "results.jsonl.gz"
    row["download_urls"] = [link % f"part-{number:03}.jsonl.gz" for number in range(2)]
    (folder / "job.json").write_bytes(dump(row))


def once(folder, script, write):
    """Lets `write` fill the folder, unless it has done so before and its file is still the same."""
    stamp = folder / "stamp"
    version = hashlib.sha256(script.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == version:
        return
    print(f"bench: making {folder.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder)
    stamp.write_text(version)


def write_pages(folder):
    write_cursor_pages(folder / "list", 1000, 100)
    write_cursor_pages(folder / "late/crustdata", 100, 100)
    write_numbered_pages(folder / "late/spidra", 100, 50)
    write_cursor_pages(folder / "brief/crustdata", 30, 100)
    write_numbered_pages(folder / "brief/spidra", 30, 50)
    write_job(folder / "status")


def make(folder):
    once(folder, Path(__file__), write_pages)
