"""What Client and AsyncClient have in common: blocking calls of one account at one service."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Union

from . import _header as h
from . import _settings
from ._call import INTERRUPT, INTERRUPT_PAYLOAD, Handle, clients, exception, invoke, watch
from ._fields import Fields, PageFields, fields_of
from ._job import JobData
from ._log import heard
from ._native import lib, text
from .errors import ArgumentError, BatchJobsError

TokenProvider = Callable[[], str]
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
SaveProgress = Callable[[int, Optional[int], int], Any]


def id_of(job: Union[str, JobData]) -> str:
    """Wherever an id is asked for, a job will do."""
    if isinstance(job, JobData):
        return job.id
    if not isinstance(job, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a job is named by its id, a str, or by a Job, not by {type(job).__name__} ({job!r:.40})")
    return job


def noted(function: Callable[..., int]) -> Callable[..., int]:
    """A function for the library to call: what it raises comes out of the call that is going on, and nothing is called after it."""

    def noting(*arguments: Any) -> int:
        if watch.failure is not None:
            return 1
        try:
            return function(*arguments)
        except BaseException as error:
            watch.failure = error
            return 1

    return noting


_NOTING = noted(int).__code__
_report = sys.unraisablehook


def _unraisable(what: Any) -> None:
    """A signal handler that raises where a callback begins does so before its `try`, and ctypes can only report it.

    It comes out of the call all the same; whatever else is reported goes where it went before.
    """
    trace = what.exc_traceback
    if trace is not None and trace.tb_frame.f_code is _NOTING:
        watch.failure = what.exc_value
    else:
        _report(what)


sys.unraisablehook = _unraisable


class Cancel:
    """Ends the calls that carry it, from any thread; once and for all."""

    def __init__(self) -> None:
        pointer = h.bj_cancel()
        invoke(None, lib.bj_cancel_new, ctypes.byref(pointer))
        self.handle = Handle(pointer, lib.bj_cancel_destroy, "cancel", shared=True)
        self.pointer = pointer

    def fire(self) -> None:
        with self.handle as pointer:
            lib.bj_cancel_fire(pointer)


def _pointer(cancel: Optional[Cancel]) -> Optional[h.bj_cancel]:
    return None if cancel is None else cancel.pointer


class Core:
    """A client of the library. All methods block; any thread may call them."""

    def __init__(self, provider: str, options: Dict[str, Any], token_provider: Optional[TokenProvider]) -> None:
        if token_provider is not None and not callable(token_provider):
            raise TypeError(f"token_provider must be a function that returns a token, not {token_provider!r:.40}")
        name = _settings.encoded(provider, "provider")
        found = _settings.from_environment(provider, options)
        if found.get("api_key") is None and token_provider is not None:
            found["api_key"] = self._token(token_provider)
        if found.get("api_key") is None and provider in _settings.KEYS:
            raise ArgumentError(
                f"{provider} needs a key: pass api_key, or set {_settings.KEYS[provider]} in the environment",
                status="BJ_E_ARGUMENT",
                provider=provider,
                details={"option": "api_key"},
            )
        pointer = h.bj_client()
        settings = _settings.make(found, provider)
        if settings is None:
            invoke(provider, lib.bj_client_new, ctypes.byref(pointer), name, None)
        else:
            with settings as given:
                invoke(provider, lib.bj_client_new, ctypes.byref(pointer), name, given)
        self.provider = provider
        self.handle = Handle(pointer, lib.bj_client_destroy, "client", shared=True)
        lib.bj_client_set_interrupt(pointer, INTERRUPT, INTERRUPT_PAYLOAD)
        # They live as long as the client, and as whatever was opened with it.
        self._log = h.bj_log_fn(noted(heard))
        lib.bj_client_set_log(pointer, h.LOG_DEBUG, self._log, None)
        if token_provider is not None:
            self._token_provider = token_provider
            self._tokens = h.bj_token_fn(noted(self._give))
            lib.bj_client_set_token_provider(pointer, self._tokens, None)
        clients.add(self)

    @staticmethod
    def _token(provider: TokenProvider) -> str:
        token = provider()
        if not isinstance(token, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"the token provider must return a str, not {type(token).__name__}")
        return token

    def _give(self, sink: h.bj_token, _: object) -> int:
        token = self._token(self._token_provider).encode()
        lib.bj_token_set(sink, token, len(token))
        return 0

    def cancel(self, at_end: bool = False) -> None:
        """Ends what is in progress at this moment, on every thread."""
        if at_end:
            lib.bj_client_cancel(self.handle.last)
        else:
            with self.handle as client:
                lib.bj_client_cancel(client)

    def call(
        self,
        function: Callable[..., Any],
        out: Optional[ctypes.c_void_p],
        *arguments: Any,
        options: Mapping[str, Any],
        cancel: Optional[Cancel],
        tail: Tuple[Any, ...] = (),
    ) -> int:
        """A function of the header that takes (out, client, ..., options, cancel, ..., error)."""
        settings = _settings.make(options, self.provider)
        first = (ctypes.byref(out),) if out is not None else ()
        with self.handle as client:
            if settings is None:
                return invoke(self.provider, function, *first, client, *arguments, None, _pointer(cancel), *tail)
            with settings as given:
                return invoke(self.provider, function, *first, client, *arguments, given, _pointer(cancel), *tail)

    def get(self, job: Union[str, JobData], options: Mapping[str, Any], cancel: Optional[Cancel] = None) -> Fields:
        """Asks for one job."""
        out = h.bj_job()
        name = _settings.encoded(id_of(job), "a job's id")
        try:
            self.call(lib.bj_client_get, out, name, options=options, cancel=cancel)
            return fields_of(out)
        finally:
            lib.bj_job_destroy(out)

    def wait(self, job: Union[str, JobData], options: Mapping[str, Any], cancel: Optional[Cancel] = None) -> Fields:
        """Waits until one job is done."""
        out = h.bj_job()
        name = _settings.encoded(id_of(job), "a job's id")
        try:
            self.call(lib.bj_client_wait, out, name, options=options, cancel=cancel, tail=(h.bj_job_fn(), None))
            return fields_of(out)
        finally:
            lib.bj_job_destroy(out)

    def save(
        self,
        job: Union[str, JobData],
        path: Path,
        options: Mapping[str, Any],
        progress: Optional[SaveProgress] = None,
        cancel: Optional[Cancel] = None,
    ) -> None:
        """Saves the results of one job under a path."""
        name = _settings.encoded(id_of(job), "a job's id")
        place = os.fsencode(path)
        if b"\0" in place:
            raise ArgumentError("the path holds a NUL character")
        self.call(lib.bj_client_save, None, name, place, options=options, cancel=cancel, tail=(progress_function(progress), None))


def progress_function(progress: Optional[SaveProgress]) -> Any:
    """What the library calls about four times a second."""
    if progress is None:
        return h.bj_progress_fn()

    def report(received: int, total: int, records: int, _: object) -> int:
        progress(received, None if total < 0 else total, records)
        return 0

    return h.bj_progress_fn(noted(report))


class PageData:
    """One page of the library's, copied."""

    __slots__ = ("fields", "next_cursor", "raw")

    def __init__(self, fields: PageFields, next_cursor: Optional[str], raw: bytes) -> None:
        self.fields, self.next_cursor, self.raw = fields, next_cursor, raw


class PageStream:
    """A list of jobs, page by page."""

    def __init__(self, core: Core, options: Mapping[str, Any], cancel: Optional[Cancel] = None) -> None:
        pointer = h.bj_pages()
        core.call(lib.bj_pages_open, pointer, options=options, cancel=cancel)
        self._core, self._cancel = core, cancel
        self.handle = Handle(pointer, lib.bj_pages_destroy, "list of jobs")

    def next(self, with_raw: bool) -> Optional[PageData]:
        """The next page, or None at the end. After an error the same page is asked for again."""
        page = h.bj_page()
        with self.handle as pages:
            if invoke(self._core.provider, lib.bj_pages_next, ctypes.byref(page), pages) != h.OK:
                return None
            raw = b""
            if with_raw:
                length = ctypes.c_size_t()
                raw = ctypes.string_at(lib.bj_page_raw_json(page, ctypes.byref(length)), length.value)
            return PageData(PageFields(page, self._core.provider), text(lib.bj_page_next_cursor(page)), raw)


class EventData:
    """One event of a wait, copied: what became of the job at one place."""

    __slots__ = ("index", "fields", "error", "final")

    def __init__(self, index: int, fields: Optional[Fields], error: Optional[BatchJobsError], final: bool) -> None:
        self.index, self.fields, self.error, self.final = index, fields, error, final


class EventStream:
    """A wait for many jobs."""

    def __init__(
        self, core: Core, jobs: Sequence[Union[str, JobData]], options: Mapping[str, Any], cancel: Optional[Cancel] = None
    ) -> None:
        names = [_settings.encoded(id_of(job), f"the id at place {place}") for place, job in enumerate(jobs)]
        pointer = h.bj_waits()
        array = (ctypes.c_char_p * len(names))(*names)
        core.call(lib.bj_waits_open, pointer, array, len(names), options=options, cancel=cancel)
        self._core, self._cancel = core, cancel
        self.handle = Handle(pointer, lib.bj_waits_destroy, "wait")

    def next(self) -> Optional[EventData]:
        """The next event, or None when every place has had its final one."""
        event = h.bj_event()
        with self.handle as waits:
            if invoke(self._core.provider, lib.bj_waits_next, ctypes.byref(event), waits) != h.OK:
                return None
            job, error = lib.bj_event_job(event), lib.bj_event_error(event)
            return EventData(
                lib.bj_event_index(event),
                fields_of(job) if job else None,
                exception(error, self._core.provider) if error else None,
                lib.bj_event_is_final(event) == 1,
            )
