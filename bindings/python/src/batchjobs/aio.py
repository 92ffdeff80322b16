"""The same client for asyncio: each batch is one hop to a thread, and cancelling a task ends its call."""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, Iterable, Iterator, List, Optional, TypeVar, Union, overload
from weakref import WeakSet

from ._core import Cancel, Core, EventStream, PageStream, Path, TokenProvider
from ._header import Verdict
from ._job import JobData, jobs_of
from ._options import Seconds
from ._progress import Bar, Progress
from ._stream import Batch, Form, Record, ResultStream
from .client import Event, JobLike, listed, save_progress, supports, timed
from .errors import BatchJobsError, StateError

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self, Unpack

    from ._options import CallOptions, ClientOptions, WaitOptions

T = TypeVar("T")


class AsyncJob(JobData):
    """One job as the service last told it, with what can be asked of it."""

    __slots__ = ()

    def _asked(self) -> AsyncClient:
        client: AsyncClient = self._owner()
        return client

    async def refresh(self, **options: Unpack[CallOptions]) -> AsyncJob:
        """Asks the service again; see ``Client.job``."""
        return await self._asked().job(self.id, **options)

    async def wait(self, timeout: Optional[Seconds] = None, progress: Progress = None, **options: Unpack[WaitOptions]) -> AsyncJob:
        """Waits until the job is done; see ``Job.wait``."""
        return await self._asked()._wait_one(self.id, timeout, progress, options)

    def results(self, resume: Optional[str] = None, progress: Progress = None, **options: Unpack[CallOptions]) -> AsyncResults:
        """The job's records; see ``AsyncClient.results``."""
        return self._asked().results(self.id, resume=resume, progress=progress, **options)

    async def save(
        self,
        path: Path,
        *,
        format: Literal["jsonl", "gzip"] = "jsonl",
        overwrite: bool = False,
        progress: Progress = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Saves the job's results; see ``Client.save``."""
        await self._asked().save(self.id, path, format=format, overwrite=overwrite, progress=progress, **options)


class AsyncJobs:
    """A list of jobs, to be walked once with ``async for``, by one task."""

    def __init__(self, client: AsyncClient, options: Dict[str, Any]) -> None:
        self._client = client
        self._cancel = Cancel()
        self._stream = PageStream(client._core, options, self._cancel)
        self._rest: Iterator[AsyncJob] = iter(())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AsyncJob:
        for job in self._rest:
            return job
        page = await self._client._hop(self._cancel, lambda: self._stream.next(with_raw=False))
        if page is None:
            raise StopAsyncIteration
        self._rest = jobs_of(AsyncJob, page.fields, self._client)
        return next(self._rest)

    def close(self) -> None:
        """Ends the list and what is on the wire for it."""
        self._rest = iter(())
        self._stream.handle.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class AsyncResults:
    """The records of one job, to be walked once with ``async for``, by one task.

    The job is asked for when the first record is. A task that was cancelled amid a stream has ended
    it; ``token`` still tells the place.
    """

    def __init__(self, client: AsyncClient, job: JobLike, options: Dict[str, Any], progress: Progress) -> None:
        self._client, self._job, self._options = client, job, options
        self._cancel = Cancel()
        self._bar = Bar(progress, "results", "B", scale=True)
        self._opened: Optional[ResultStream] = None

    def _stream(self) -> ResultStream:
        if self._opened is None:
            raise StateError("these results are not open yet: use `async with`, or ask for a record first")
        return self._opened

    def _take(self, form: Form) -> Optional[Iterator[Any]]:
        """In the executor: what is at hand in this form, after opening the stream where need be."""
        if self._opened is None:
            self._opened = ResultStream(self._client._core, self._job, self._options, self._cancel)
        return self._opened.fill(form)

    async def _fill(self, form: Form) -> Optional[Iterator[Any]]:
        found = await self._client._hop(self._cancel, lambda: self._take(form))
        if self._bar.is_wanted:
            stream = self._stream()
            received, total, given = stream.bytes_received, stream.bytes_total, stream.given
            self._bar.tell(received, total, f"{given} records", received, total, given)
        return found

    async def _walk(self, form: Form) -> AsyncIterator[Any]:
        while True:
            if self._opened is not None:
                for item in self._opened.begin(form):
                    yield item
            if (self._opened is None or not self._opened.has_left) and await self._fill(form) is None:
                return

    def __aiter__(self) -> AsyncIterator[Record]:
        return self._walk(Batch.records)

    def raw(self) -> AsyncIterator[bytes]:
        """The records as bytes and nothing else: the fastest way to walk them."""
        return self._walk(Batch.raws)

    async def open(self) -> Self:
        """Asks for the job now; errors come here and not with the first record."""
        if self._opened is None:

            def opened() -> None:
                self._opened = ResultStream(self._client._core, self._job, self._options, self._cancel)

            await self._client._hop(self._cancel, opened)
        return self

    @property
    def token(self) -> str:
        """The place behind the record that was given last; see ``Results.token``."""
        return self._stream().token

    @property
    def verdict(self) -> Verdict:
        """How much of the results is proven; ``none`` until the stream has ended."""
        return self._stream().verdict

    @property
    def job(self) -> AsyncJob:
        """The job as it stood when the results were opened."""
        return AsyncJob(self._stream().job, 0, self._client)

    @property
    def given(self) -> int:
        """How many records were given so far, those before a resumed place included."""
        return self._stream().given

    @property
    def expected(self) -> Optional[int]:
        """How many records there are, as the service says; None where it does not."""
        return self._stream().expected

    def close(self) -> None:
        """Ends the stream and its transfers; the token stays readable."""
        self._bar.close()
        if self._opened is not None:
            self._opened.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """``Client`` for asyncio, with the same arguments, methods and errors.

        async with batchjobs.AsyncClient("crustdata") as client:
            async for job in client.jobs(status="done"):
                async for record in job.results():
                    ...

    Calls run in threads of the client's own, ``max_workers`` at most at once; a task that is
    cancelled ends its own call and no other.
    """

    def __init__(
        self,
        provider: str,
        api_key: Optional[str] = None,
        *,
        token_provider: Optional[TokenProvider] = None,
        max_workers: int = 32,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._core = Core(provider, {"api_key": api_key, **options}, token_provider)
        self._threads = ThreadPoolExecutor(max_workers, f"batchjobs-{provider}")
        _open_clients.add(self)

    async def _hop(self, cancel: Cancel, function: Callable[[], T]) -> T:
        """Runs it in a thread. The thread has left the library when this returns, however it does."""
        try:
            work = self._threads.submit(copy_context().run, function)
        except RuntimeError as error:
            raise StateError("this client is closed") from error
        call = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            if work.cancel():  # it waited for a thread, and never began
                raise
            cancel.fire()
            while not call.done():
                # A second cancellation must not leave the thread behind either.
                try:
                    await asyncio.wait([call])
                except asyncio.CancelledError:
                    continue
            if not call.cancelled():
                call.exception()
            raise

    @property
    def provider(self) -> str:
        """The service."""
        return self._core.provider

    def supports(self, operation: Literal["list", "get", "results"]) -> bool:
        """Whether the service has an operation."""
        return supports(self._core, operation)

    def jobs(self, **options: Unpack[CallOptions]) -> AsyncJobs:
        """The jobs of the account, for ``async for``; see ``Client.jobs``."""
        return AsyncJobs(self, dict(options))

    async def job(self, job: JobLike, **options: Unpack[CallOptions]) -> AsyncJob:
        """Asks for one job by its id; see ``Client.job``."""
        cancel = Cancel()
        return AsyncJob(await self._hop(cancel, lambda: self._core.get(job, options, cancel)), 0, self)

    @overload
    async def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        return_exceptions: Literal[False] = False,
        **options: Unpack[WaitOptions],
    ) -> List[AsyncJob]: ...
    @overload
    async def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        *,
        return_exceptions: Literal[True],
        **options: Unpack[WaitOptions],
    ) -> List[Union[AsyncJob, BatchJobsError]]: ...
    async def wait(
        self,
        jobs: Iterable[JobLike],
        timeout: Optional[Seconds] = None,
        progress: Progress = None,
        return_exceptions: bool = False,
        **options: Unpack[WaitOptions],
    ) -> List[Any]:
        """Waits until all of these jobs are done; see ``Client.wait``."""
        found: List[Any] = listed(jobs)
        bar, done = Bar(progress, "jobs", "job"), 0
        try:
            async for event in self.events(found, timeout, **options):
                done += event.final
                bar.tell(done, len(found), "", event)
                if event.final:
                    if event.error is not None and not return_exceptions:
                        raise event.error
                    found[event.index] = event.error or event.job
        finally:
            bar.close()
        return found

    async def events(
        self, jobs: Iterable[JobLike], timeout: Optional[Seconds] = None, **options: Unpack[WaitOptions]
    ) -> AsyncIterator[Event[AsyncJob]]:
        """What becomes of many jobs, as it happens; see ``Client.events``."""
        wanted = listed(jobs)
        cancel = Cancel()
        stream = EventStream(self._core, wanted, timed(options, timeout), cancel)
        try:
            while True:
                data = await self._hop(cancel, stream.next)
                if data is None:
                    return
                yield Event(data, wanted[data.index], None if data.fields is None else AsyncJob(data.fields, 0, self))
        finally:
            stream.handle.close()

    async def _wait_one(self, job: str, timeout: Optional[Seconds], progress: Progress, options: WaitOptions) -> AsyncJob:
        bar = Bar(progress, job, "unit")
        if not bar.is_wanted:
            cancel = Cancel()
            given = timed(options, timeout)
            return AsyncJob(await self._hop(cancel, lambda: self._core.wait(job, given, cancel)), 0, self)
        try:
            async for event in self.events([job], timeout, **options):
                if event.error is not None:
                    raise event.error
                assert event.job is not None
                bar.show_job(event.job)
                if event.final:
                    return event.job
        finally:
            bar.close()
        raise AssertionError("a wait ended without a final event")

    def results(
        self, job: JobLike, resume: Optional[str] = None, progress: Progress = None, **options: Unpack[CallOptions]
    ) -> AsyncResults:
        """The records of a job, for ``async for``; see ``Client.results``."""
        return AsyncResults(self, job, {"resume": resume, **options}, progress)

    async def save(
        self,
        job: JobLike,
        path: Path,
        *,
        format: Literal["jsonl", "gzip"] = "jsonl",
        overwrite: bool = False,
        progress: Progress = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Saves the results of a job in a file; see ``Client.save``. ``progress`` is called in a thread of the client."""
        bar, cancel = Bar(progress, "save", "B", scale=True), Cancel()
        given = {"save_format": format, "overwrite": overwrite, **options}
        try:
            await self._hop(cancel, lambda: self._core.save(job, path, given, save_progress(bar), cancel))
        finally:
            bar.close()

    def cancel(self) -> None:
        """Ends every call that is in progress at this moment, of all tasks, with Cancelled."""
        self._core.cancel()

    def close(self) -> None:
        """Gives the client back; its calls in progress end with Cancelled. May be called twice."""
        if self._core.handle.is_foreign:
            return
        if not self._core.handle.closed:
            self._core.cancel()
            self._core.handle.close()
        self._threads.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.provider!r}{', closed' if self._core.handle.closed else ''})"


_open_clients: WeakSet[AsyncClient] = WeakSet()


def _end() -> None:
    """The interpreter waits for the threads of executors: they must not wait for a service."""
    for client in list(_open_clients):
        client.close()


# Those of concurrent.futures run before atexit's; this runs before theirs.
getattr(threading, "_register_atexit", atexit.register)(_end)
