"""What every Python client of `list` does with each job: read its id, phase, times and counts."""
from datetime import datetime

PHASES = {"pending": "queued", "processing": "running", "completed": "done", "failed": "done"}


def seen(id, phase, created, finished, total, succeeded, results):
    """A sum over all of it, so that none can leave anything out."""
    sum = len(id) + len(phase) + created.minute + created.microsecond // 1000 + total + succeeded + results
    return sum if finished is None else sum + finished.minute + finished.microsecond // 1000


def seen_document(job):
    """The same of a job as the service writes it."""
    finished = job["completed_at"]
    return seen(job["batch_id"], PHASES[job["status"]], datetime.fromisoformat(job["created_at"]),
                None if finished is None else datetime.fromisoformat(finished),
                job["entities_requested"], job["entities_fulfilled"], job["result_count"])
