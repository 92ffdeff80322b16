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

from typing import TYPE_CHECKING, Any

from ._fields import Counts
from ._header import Outcome, Phase, RecordOutcome, Verdict
from ._native import library_path, library_version
from ._options import CallOptions, ClientOptions, WaitOptions
from ._stream import Batch, Record
from .client import Client, Event, Events, Job, Jobs, Page, Results
from .errors import (
    APIConnectionError,
    APIStatusError,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    BatchJobsError,
    BusyError,
    Cancelled,
    ChangedError,
    ConflictError,
    ConnectError,
    CursorError,
    DecodeError,
    DNSError,
    FileError,
    GoneError,
    LimitError,
    LinkError,
    NotFoundError,
    NotReadyError,
    OutOfMemoryError,
    PaymentRequiredError,
    PermissionDeniedError,
    ProtocolError,
    ProxyError,
    RateLimitError,
    RedirectError,
    RefusedError,
    ResultsError,
    ServerError,
    StateError,
    Timeout,
    TLSError,
    TransportError,
    TruncatedError,
    UnprocessableEntityError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from .aio import AsyncClient, AsyncJob, AsyncJobs, AsyncResults

__version__ = "0.1.0"

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "ArgumentError",
    "AsyncClient",
    "AsyncJob",
    "AsyncJobs",
    "AsyncResults",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "BatchJobsError",
    "BusyError",
    "CallOptions",
    "Cancelled",
    "ChangedError",
    "Client",
    "ClientOptions",
    "ConflictError",
    "ConnectError",
    "Counts",
    "CursorError",
    "DNSError",
    "DecodeError",
    "Event",
    "Events",
    "FileError",
    "GoneError",
    "Job",
    "Jobs",
    "LimitError",
    "LinkError",
    "NotFoundError",
    "NotReadyError",
    "OutOfMemoryError",
    "Outcome",
    "Page",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "Phase",
    "ProtocolError",
    "ProxyError",
    "RateLimitError",
    "Record",
    "RecordOutcome",
    "RedirectError",
    "RefusedError",
    "Results",
    "ResultsError",
    "ServerError",
    "StateError",
    "TLSError",
    "Timeout",
    "TransportError",
    "TruncatedError",
    "UnprocessableEntityError",
    "UnsupportedError",
    "Verdict",
    "WaitOptions",
    "library_path",
    "library_version",
]


def __getattr__(name: str) -> Any:
    """asyncio takes longer to import than all the rest, and most programs do without."""
    if name not in ("AsyncClient", "AsyncJob", "AsyncJobs", "AsyncResults"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import aio

    return getattr(aio, name)
