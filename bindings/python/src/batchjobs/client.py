"""The client, and what it gives: lists, jobs, waits and results."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Any, Dict, Generic, Iterable, Iterator, List, Optional, Sequence, TypeVar, Union, overload

from . import _header as h
from ._core import Core, EventData, EventStream, PageData, PageStream, Path, SaveProgress, TokenProvider, id_of
from ._fields import Fields, one
from ._header import RecordOutcome, Verdict
from ._job import JobData, jobs_of
from ._native import lib
from ._options import Seconds
from ._progress import Bar, Progress
from ._stream import Batch, Form, Record, ResultStream
from .errors import BatchJobsError
from .tables import JobTables, RecordTables

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal, Type

    from typing_extensions import Self, Unpack

    from ._options import CallOptions, ClientOptions, WaitOptions

JobLike = Union[str, JobData]


class Job(JobData):
    """One job as the service last told it, with what can be asked of it."""

    __slots__ = ()

    def _asked(self) -> Client:
        client: Client = self._owner()
        return client

    def refresh(self, **options: Unpack[CallOptions]) -> Job:
        """Asks the service again. Blocks. Errors: those of ``Client.job``."""
        return self._asked().job(self.id, **options)

    def wait(self, timeout: Optional[Seconds] = None, progress: Progress = None, **options: Unpack[WaitOptions]) -> Job:
        """Waits until the job is done, however it ended, and gives it as it stands then.

        ``timeout`` is in seconds, for the whole wait (a day unless given). ``progress`` is a
        function that gets each new snapshot of the job, or True for a bar. Blocks; Ctrl-C works.

            job = client.job("...").wait(timeout=3600, progress=True)

        Errors: Timeout (the job still runs), and those of ``Client.job`` that asking again would not
        mend.
        """
        return self._asked()._wait_one(self.id, timeout, progress, options)

    def results(self, resume: Optional[str] = None, progress: Progress = None, **options: Unpack[CallOptions]) -> Results:
        """The job's records; see ``Client.results``."""
        return self._asked().results(self.id, resume=resume, progress=progress, **options)

    def save(
        self,
        path: Path,
        *,
        format: Literal["jsonl", "gzip"] = "jsonl",
        overwrite: bool = False,
        progress: Progress = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Saves the job's results; see ``Client.save``."""
        self._asked().save(self.id, path, format=format, overwrite=overwrite, progress=progress, **options)


class Page(Sequence[Job]):
    """One page of jobs, in the service's order."""

    __slots__ = ("jobs", "next_cursor", "raw")

    jobs: List[Job]
    """The page's jobs, one at least."""
    next_cursor: Optional[str]
    """Where a list goes on after this page, for ``jobs(cursor=...)``, also in another process; None on the last page."""
    raw: bytes
    """The service's answer, byte for byte."""

    def __init__(self, data: PageData, client: Client) -> None:
        self.jobs = list(jobs_of(Job, data.fields, client))
        self.next_cursor, self.raw = data.next_cursor, data.raw

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> List[Job]: ...
    def __getitem__(self, index: Union[int, slice]) -> Union[Job, List[Job]]:
        return self.jobs[index]

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"Page({len(self.jobs)} jobs, next_cursor={self.next_cursor!r})"


class Jobs(JobTables):
    """A list of jobs, read as it is walked, once. One thread at a time.

    After an error the walk may go on: the page that failed is asked for again. A job that was read
    stays as it is.
    """

    def __init__(self, client: Client, options: Dict[str, Any]) -> None:
        self._client = client
        self._stream = PageStream(client._core, options)
        self._rest: Iterator[Job] = iter(())

    def _left(self) -> Iterator[Iterator[Job]]:
        """What is left of each page."""
        yield self._rest
        while True:
            page = self._stream.next(with_raw=False)
            if page is None:
                return
            self._rest = jobs_of(Job, page.fields, self._client)
            yield self._rest

    def __iter__(self) -> Iterator[Job]:
        return chain.from_iterable(self._left())

    def __next__(self) -> Job:
        return next(iter(self))

    def pages(self) -> Iterator[Page]:
        """The same list page by page, from the next page on.

        for page in client.jobs().pages():
            store(page.jobs, page.next_cursor)
        """
        while True:
            page = self._stream.next(with_raw=True)
            if page is None:
                return
            yield Page(page, self._client)

    def _fields(self) -> Iterator[Fields]:
        for job in self._rest:
            yield one(job._values())
        while True:
            page = self._stream.next(with_raw=False)
            if page is None:
                return
            yield page.fields

    def close(self) -> None:
        """Ends the list and what is on the wire for it."""
        deque(self._rest, maxlen=0)
        self._stream.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


JobT = TypeVar("JobT", bound=JobData)


class Event(Generic[JobT]):
    """What became of one of the jobs that are waited for."""

    __slots__ = ("index", "id", "job", "error", "final")

    index: int
    """The place among the jobs that were given, from 0."""
    id: str
    """The job's id."""
    job: Optional[JobT]
    """The job as it stands now; None where there is an error."""
    error: Optional[BatchJobsError]
    """Why the job cannot be waited for any longer."""
    final: bool
    """Whether this is the last event of its place; else it shows progress."""

    def __init__(self, data: EventData, given: JobLike, job: Optional[JobT]) -> None:
        self.index, self.id, self.error, self.final = data.index, id_of(given), data.error, data.final
        self.job = job

    def __repr__(self) -> str:
        return f"Event({self.index}, {(self.error or self.job)!r}{', final' if self.final else ''})"


class Events:
    """Events of many jobs, as they happen. One thread at a time."""

    def __init__(self, client: Client, jobs: Sequence[JobLike], options: Dict[str, Any]) -> None:
        self._client, self._jobs = client, jobs
        self._stream = EventStream(client._core, jobs, options)

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event[Job]:
        data = self._stream.next()
        if data is None:
            raise StopIteration
        return Event(data, self._jobs[data.index], None if data.fields is None else Job(data.fields, 0, self._client))

    def close(self) -> None:
        """Ends the wait; the jobs go on."""
        self._stream.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Results(RecordTables):
    """The records of one job, read as they are walked, once. One thread at a time.

    It ends without an error only when every file was whole and no count of the service speaks
    against it; ``verdict`` says how much there was to compare. After an error open the results
    again with ``resume=results.token``.
    """

    def __init__(self, client: Client, job: JobLike, options: Dict[str, Any], progress: Progress) -> None:
        self._client = client
        self._bar = Bar(progress, "results", "B", scale=True)
        self._stream = ResultStream(client._core, job, options)

    def _left(self, form: Form) -> Iterator[Iterator[Any]]:
        """What is left of each batch."""
        while True:
            yield self._stream.begin(form)
            if not self._stream.has_left and self._fill(form) is None:
                return

    def _fill(self, form: Form) -> Optional[Iterator[Any]]:
        found = self._stream.fill(form)
        self._tell()
        return found

    def _tell(self) -> None:
        if self._bar.is_wanted:
            stream = self._stream
            received, total, given = stream.bytes_received, stream.bytes_total, stream.given
            self._bar.tell(received, total, f"{given} records", received, total, given)

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(self._left(Batch.records))

    def __next__(self) -> Record:
        left: Iterator[Record] = self._stream.begin(Batch.records)
        for record in left:
            return record
        rest = self._fill(Batch.records)
        if rest is None:
            raise StopIteration
        first: Record = next(rest)
        return first

    def raw(self) -> Iterator[bytes]:
        """The records as bytes and nothing else: the fastest way to walk them.

        for line in job.results().raw():
            out.write(line + b"\\n")
        """
        return chain.from_iterable(self._left(Batch.raws))

    def batches(self) -> Iterator[Batch]:
        """The records as they come, many at a time, for who wants to cut them up in numpy or Arrow.

        What is left of a batch that was begun with another iterator comes first.
        """
        left = self._stream.left()
        if left is not None:
            yield left
        while True:
            batch = self._stream.next_batch()
            self._tell()
            if batch is None:
                return
            yield batch

    @property
    def token(self) -> str:
        """The place behind the record that was given last, as text without any secret.

        Given to ``results(resume=...)``, in another process or year, the stream goes on behind that
        record, without a gap and without a repeat.
        """
        return self._stream.token

    @property
    def verdict(self) -> Verdict:
        """How much of the results is proven; ``none`` until the stream has ended."""
        return self._stream.verdict

    @property
    def job(self) -> Job:
        """The job as it stood when the results were opened."""
        return Job(self._stream.job, 0, self._client)

    @property
    def given(self) -> int:
        """How many records were given so far, those before a resumed place included."""
        return self._stream.given

    @property
    def expected(self) -> Optional[int]:
        """How many records there are, as the service says; None where it does not."""
        return self._stream.expected

    @property
    def bytes_received(self) -> int:
        """Bytes received so far, compressed as they came."""
        return self._stream.bytes_received

    @property
    def bytes_total(self) -> Optional[int]:
        """Bytes there are to receive; None while that is not known."""
        return self._stream.bytes_total

    @property
    def parts(self) -> int:
        """How many result files there are; 0 where records stand in the job itself."""
        return self._stream.parts

    @property
    def parts_done(self) -> int:
        """How many of them were read to their end."""
        return self._stream.parts_done

    def save_to(self, file: Any, progress: Progress = None) -> None:
        """Writes what is left, one record a line, to an open binary file or a descriptor, which stays open.

            results.save_to(sys.stdout.buffer)

        Errors: FileError (with ``errno``), and those of walking the results. Blocks.
        """
        bar = Bar(progress, "save", "B", scale=True)
        try:
            self._stream.save(file, save_progress(bar))
        finally:
            bar.close()

    def close(self) -> None:
        """Ends the stream and its transfers; the token stays readable."""
        self._bar.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Client:
    """One account at one service: ``"crustdata"``, ``"spidra"``, ``"reach"`` or ``"veryfront"``.

        with batchjobs.Client("crustdata", api_key="...") as client:
            for job in client.jobs(status="done"):
                print(job.id, job.outcome, job.counts.results)

    Without ``api_key`` the key comes from ``CRUSTDATA_API_KEY``, ``SPIDRA_API_KEY``,
    ``REACH_API_TOKEN`` or ``VERYFRONT_API_KEY``. ``token_provider`` is a function that returns a
    fresh token; it is called when the service answers 401, and for the first token where no key is
    given. Proxy and certificate variables of the environment are heeded (``https_proxy``,
    ``no_proxy``, ``SSL_CERT_FILE``, ``CURL_CA_BUNDLE``, ...) unless ``proxy``, ``ca_file`` or
    ``ca_dir`` is given. All other options, which single calls take too: ``ClientOptions``. Times
    are in seconds.

    Any number of threads may use a client at once. It keeps connections open between calls, so one
    client for a program is better than one for a call. It does not outlive ``fork()``.

    Errors: ArgumentError for an unknown service, a missing key or an option that the service does
    not know; TypeError for an option of the wrong type.
    """

    def __init__(
        self,
        provider: str,
        api_key: Optional[str] = None,
        *,
        token_provider: Optional[TokenProvider] = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._core = Core(provider, {"api_key": api_key, **options}, token_provider)

    @property
    def provider(self) -> str:
        """The service."""
        return self._core.provider

    def supports(self, operation: Literal["list", "get", "results"]) -> bool:
        """Whether the service has an operation."""
        return supports(self._core, operation)

    def jobs(self, **options: Unpack[CallOptions]) -> Jobs:
        """The jobs of the account, in the service's order; pages are fetched as they are needed.

            for job in client.jobs(status="failed", page_size=50):
                print(job.id, job.error)

        ``status`` is a phase, an outcome or a word of the service; ``max_items`` and ``max_pages``
        bound the list; ``cursor`` begins it where an earlier one was.

        Errors: UnsupportedError (the service cannot list), ArgumentError, CursorError (the list goes
        in circles), and all that a request can end with. Walking it blocks; Ctrl-C works.
        """
        return Jobs(self, dict(options))

    def job(self, job: JobLike, **options: Unpack[CallOptions]) -> Job:
        """Asks for one job by its id.

            print(client.job("...").phase)

        Errors: NotFoundError, AuthenticationError, RateLimitError, ServerError, APIConnectionError,
        Timeout, ... Blocks; Ctrl-C works.
        """
        return Job(self._core.get(job, options), 0, self)

    @overload
    def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        return_exceptions: Literal[False] = False,
        **options: Unpack[WaitOptions],
    ) -> List[Job]: ...
    @overload
    def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        *,
        return_exceptions: Literal[True],
        **options: Unpack[WaitOptions],
    ) -> List[Union[Job, BatchJobsError]]: ...
    def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        return_exceptions: bool = False,
        **options: Unpack[WaitOptions],
    ) -> List[Any]:
        """Waits until all of these jobs are done, up to 100,000 of them, and gives them in the same order.

            done = client.wait(["...", "..."], timeout=3600, progress=True)

        ``timeout`` is in seconds, for the whole wait (a day unless given). ``progress`` is a
        function that gets each Event, or True for a bar. The first job that cannot be waited for
        ends the wait with its error, unless ``return_exceptions`` is true: then its error stands in
        its place. Blocks; Ctrl-C works.
        """
        found: List[Any] = listed(jobs)
        bar, done = Bar(progress, "jobs", "job"), 0
        try:
            with self.events(found, timeout, **options) as events:
                for event in events:
                    done += event.final
                    bar.tell(done, len(found), "", event)
                    if event.final:
                        if event.error is not None and not return_exceptions:
                            raise event.error
                        found[event.index] = event.error or event.job
        finally:
            bar.close()
        return found

    def events(self, jobs: Iterable[JobLike], timeout: Optional[Seconds] = None, **options: Unpack[WaitOptions]) -> Events:
        """What becomes of many jobs, as it happens: any number of events that show progress, then a final one for each.

            for event in client.events(ids):
                if event.final and event.error is None:
                    event.job.save(f"{event.id}.jsonl")

        One job's error is not another's: it comes as its final event.
        """
        return Events(self, listed(jobs), timed(options, timeout))

    def _wait_one(self, job: str, timeout: Optional[Seconds], progress: Progress, options: WaitOptions) -> Job:
        bar = Bar(progress, job, "unit")
        if not bar.is_wanted:
            return Job(self._core.wait(job, timed(options, timeout)), 0, self)
        try:
            with Events(self, [job], timed(options, timeout)) as events:
                for event in events:
                    if event.error is not None:
                        raise event.error
                    assert event.job is not None
                    bar.show_job(event.job)
                    if event.final:
                        return event.job
        finally:
            bar.close()
        raise AssertionError("a wait ended without a final event")

    def results(self, job: JobLike, resume: Optional[str] = None, progress: Progress = None, **options: Unpack[CallOptions]) -> Results:
        """Asks for a job once and opens its records; with ``resume``, behind the place where a token was taken.

            with client.results("...") as results:
                for record in results:
                    print(record.key, record.outcome, record.json())

        ``progress`` is a function of (bytes received, bytes in all or None, records), or True for a
        bar. Memory does not grow with the results.

        Errors: NotReadyError, TruncatedError, LinkError, ChangedError, ArgumentError (a token that
        is damaged or of another job), and those of ``Client.job``. Blocks; Ctrl-C works.
        """
        return Results(self, job, {"resume": resume, **options}, progress)

    def save(
        self,
        job: JobLike,
        path: Path,
        *,
        format: Literal["jsonl", "gzip"] = "jsonl",
        overwrite: bool = False,
        progress: Progress = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Saves the results of a job in a file: one record a line, or with ``format="gzip"`` the service's own compressed bytes.

            client.save("...", "results.jsonl", progress=True)

        The file gets its name once it is whole and on the disk. What a crash, an error or Ctrl-C
        leaves behind (``path`` + ``.partial``) is taken up by the next call for the same job and
        path. ``progress`` is a function of (bytes received, bytes in all or None, records), called
        about four times a second, or True for a bar.

        Errors: ArgumentError where ``path`` exists (``overwrite``) or is a directory, FileError with
        ``errno`` where it cannot be written, and those of ``Client.results``. Blocks; Ctrl-C works.
        """
        bar = Bar(progress, "save", "B", scale=True)
        try:
            self._core.save(job, path, {"save_format": format, "overwrite": overwrite, **options}, save_progress(bar))
        finally:
            bar.close()

    def cancel(self) -> None:
        """Ends every call that is in progress at this moment, on all threads, with Cancelled. Later calls are not touched."""
        self._core.cancel()

    def close(self) -> None:
        """Gives the client back; what was opened with it goes on. May be called twice."""
        self._core.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.provider!r}{', closed' if self._core.handle.closed else ''})"


def save_progress(bar: Bar) -> Optional[SaveProgress]:
    """What a save tells goes to the bar, or to the function."""
    if not bar.is_wanted:
        return None
    return lambda received, total, records: bar.tell(received, total, f"{records} records", received, total, records)


def supports(core: Core, operation: str) -> bool:
    known = {"list": h.CAN_LIST, "get": h.CAN_GET, "results": h.CAN_RESULTS}
    if operation not in known:
        raise ValueError(f"operation must be one of {', '.join(known)}, not {operation!r}")
    with core.handle as client:
        return bool(lib.bj_client_supports(client, known[operation]) == 1)


def listed(jobs: Iterable[JobLike]) -> List[Any]:
    """A text is a list of texts to Python, but not to us."""
    if isinstance(jobs, (str, bytes, JobData)):
        raise TypeError(f"jobs must be a list of ids or jobs, not one {type(jobs).__name__}: use [{jobs!r:.60}]")
    return list(jobs)


def timed(options: Any, timeout: Optional[Seconds]) -> Dict[str, Any]:
    """The whole wait's limit; each request has its own, ``timeout`` of the client."""
    return {**options, "wait_timeout": timeout} if timeout is not None else dict(options)


__all__ = ["Client", "Event", "Events", "Job", "Jobs", "Page", "RecordOutcome", "Results"]
