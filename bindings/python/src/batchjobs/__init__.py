"""One client for batch jobs that other people's services run.

    import batchjobs

    with batchjobs.Client("crustdata") as client:
        for job in client.jobs(status="done"):
            print(job.id, job.outcome, job.created)
        job = client.job("...").wait(timeout=3600, progress=True)
        for record in job.results():
            print(record.json())

Errors are BatchJobsError and what stands below it. ``logging.getLogger("batchjobs")`` receives a
line for each request, retry and token refresh; no line holds a key.
"""

from ._header import Outcome, Phase, RecordOutcome, Verdict
from ._job import Counts
from ._native import library_path, library_version
from ._options import CallOptions, ClientOptions, WaitOptions
from ._stream import Batch, Record
from .aio import AsyncClient, AsyncJob, AsyncJobs, AsyncResults
from .client import Client, Event, Events, Job, Jobs, Page, Results
from .errors import *  # noqa: F403
from .errors import __all__ as _errors

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "AsyncJobs",
    "AsyncResults",
    "Batch",
    "CallOptions",
    "Client",
    "ClientOptions",
    "Counts",
    "Event",
    "Events",
    "Job",
    "Jobs",
    "Outcome",
    "Page",
    "Phase",
    "Record",
    "RecordOutcome",
    "Results",
    "Verdict",
    "WaitOptions",
    "library_path",
    "library_version",
]
__all__ += _errors
