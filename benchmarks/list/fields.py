"""What both Python peers do with a page that the json module has read."""
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
# The phase and the outcome of a status word, as libbatchjobs numbers them.
STANDINGS = {"pending": 1, "processing": 2, "completed": 3 + 1, "failed": 3 + 3}


def milliseconds(text):
    return 0 if text is None else (datetime.fromisoformat(text) - EPOCH) // MILLISECOND


def checksum(job):
    word = job["status"]
    return (int(job["batch_id"][:8], 16) + STANDINGS[word] + len(word) + len(job["action"])
            + len(job.get("error_message") or "")
            + job["entities_requested"] + job["entities_fulfilled"] + job["result_count"]
            + milliseconds(job["created_at"]) + milliseconds(job["completed_at"]))


def read(session, base):
    """`session` is a requests.Session or an httpx.Client: their ways of asking are the same."""
    session.headers["Authorization"] = "Bearer key"
    jobs = total = 0
    parameters = {"limit": 100}
    while True:
        response = session.get(base + "/batch", params=parameters)
        response.raise_for_status()
        page = response.json()
        total += sum(map(checksum, page["jobs"]))
        jobs += len(page["jobs"])
        if not page["has_more"]:
            return jobs, total
        parameters["cursor"] = page["next_cursor"]
