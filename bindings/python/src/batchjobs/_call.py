"""Calls into the library: handles, errors, Ctrl-C, exceptions of callbacks, fork and the interpreter's end."""

from __future__ import annotations

import atexit
import os
import threading
import time
from ctypes import CFUNCTYPE, byref, c_int32, c_void_p, cast, py_object
from operator import methodcaller
from typing import Any, Callable, Dict, Generator, Optional, Tuple
from weakref import WeakSet

from . import errors
from ._header import STATUSES, bj_error, bj_interrupt_fn
from ._native import lib, text

Native = Callable[..., Any]

# Ctrl-C and exceptions of callbacks.
#
# The library asks an interrupt function at least every 100 ms whether to go on. If that were a
# Python function, a signal handler that raises would do so where the function begins, before any
# `try` of it, and ctypes would print the exception and drop it. A generator that waits inside a
# `try` is entered there. So the function is generator.send, reached through C code only.


def _watcher(watch: _Watch) -> Generator[int, None, None]:
    try:
        while True:
            yield 1 if watch.failure is not None else 0
    except GeneratorExit:
        return
    except BaseException as error:
        watch.failure = error
    while True:
        try:
            yield 1
        except GeneratorExit:
            return
        except BaseException:
            continue


class _Watch(threading.local):
    """What must come out of the call that this thread is in."""

    failure: Optional[BaseException]
    send: Callable[[None], int]
    generator: Generator[int, None, None]

    def __init__(self) -> None:
        self.failure = None
        self.begin()

    def begin(self) -> None:
        self.generator = _watcher(self)
        next(self.generator)
        self.send = self.generator.send


watch = _Watch()

_ask = CFUNCTYPE(c_int32, py_object)(methodcaller("send", None))
INTERRUPT = cast(_ask, bj_interrupt_fn)
INTERRUPT_PAYLOAD = c_void_p(id(watch))


def _run(function: Native, arguments: Tuple[Any, ...]) -> int:
    """Calls it; an exception that was noted meanwhile wins over whatever the call says."""
    outer = None
    if watch.generator.gi_running:  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        # A signal handler called us from within the interrupt function of another call.
        outer = watch.generator, watch.failure
        watch.begin()
    # What a log handler raised while something was given back has no call to come out of.
    watch.failure = None
    try:
        status: int = function(*arguments)
        failure = watch.failure
        if failure is not None:
            watch.failure = None
            watch.begin()
            raise failure
        return status
    finally:
        if outer is not None:
            watch.generator, watch.failure = outer
            watch.send = watch.generator.send


def invoke(provider: Optional[str], function: Native, *arguments: Any) -> int:
    """Calls a function that can fail: its status, or its error as an exception."""
    error = bj_error()
    try:
        status = _run(function, (*arguments, byref(error)))
        if status < 0:
            raise exception(error, provider)
        return status
    finally:
        if error:
            lib.bj_error_destroy(error)


def exception(error: bj_error, provider: Optional[str] = None) -> errors.BatchJobsError:
    """A copy of an error of the library."""
    status = lib.bj_error_status(error)
    http, wait = lib.bj_error_http_status(error), lib.bj_error_retry_after_ms(error)
    names = [lib.bj_error_detail_name(error, index) for index in range(lib.bj_error_detail_count(error))]
    details: Dict[str, str] = {name.decode(): text(lib.bj_error_detail(error, name)) or "" for name in names}
    return errors.make(
        STATUSES.get(status, str(status)),
        text(lib.bj_error_message(error)) or "the library gave no message",
        provider=provider,
        status_code=None if http < 0 else http,
        code=text(lib.bj_error_code(error)),
        request_id=text(lib.bj_error_request_id(error)),
        retryable=lib.bj_error_retryable(error) == 1,
        retry_after=None if wait < 0 else wait / 1000,
        job_id=text(lib.bj_error_job_id(error)),
        url=text(lib.bj_error_url(error)),
        details=details,
    )


# Processes and handles.

_process = [os.getpid()]


def _forked() -> None:
    _process[0] = os.getpid()


os.register_at_fork(after_in_child=_forked)

_ending = False
_live: WeakSet[Handle] = WeakSet()


class Handle:
    """Something of the library that is given back once: when it is closed and no call uses it any more.

    Used as a context manager it gives the pointer for one call. Of one that is not shared, a
    second thread is turned away, because what it reads would change under it.
    """

    __slots__ = ("_pointer", "_unfreed", "_destroy", "_what", "_shared", "_users", "_lock", "_born", "closed", "__weakref__")

    def __init__(self, pointer: c_void_p, destroy: Native, what: str, shared: bool = False) -> None:
        self._pointer, self._destroy, self._what, self._shared = pointer, destroy, what, shared
        self._unfreed = [pointer]  # whoever pops it gives it back: one alone can
        self._users = 0
        # A signal handler, or a __del__ of the garbage collector's, may come back to it amid these lines.
        self._lock = threading.RLock()
        self._born = _process[0]
        self.closed = False
        _live.add(self)

    def __enter__(self) -> c_void_p:
        if self.is_foreign:
            raise errors.StateError(
                f"this {self._what} belongs to process {self._born}, which forked this one: make a new client after the fork"
            )
        if _ending:
            raise errors.StateError("the interpreter is shutting down")
        with self._lock:
            self._users += 1
            if not self.closed and (self._shared or self._users == 1):
                return self._pointer
        self.__exit__()
        if self.closed:
            raise errors.StateError(f"this {self._what} is closed")
        raise errors.BusyError(f"this {self._what} is in use by another thread: give each thread its own, or take turns")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            last = self.closed and self._users == 0
        if last:
            self._free()

    def close(self) -> None:
        """Calls in progress go on; the last of them gives it back."""
        if self.is_foreign:  # a thread that was not forked may hold the lock
            self.closed = True
            return
        with self._lock:
            self.closed = True
            unused = self._users == 0
        if unused:
            self._free()

    @property
    def is_foreign(self) -> bool:
        """Whether it belongs to the process that forked this one."""
        return self._born != _process[0]

    @property
    def last(self) -> Optional[c_void_p]:
        """The pointer for the end, when nobody closes it any more; None when it was given back, or belongs to another process."""
        return self._pointer if self._pointer and not self.is_foreign else None

    @property
    def busy(self) -> bool:
        """Whether a thread of this process is inside the library with it."""
        return self._users > 0 and not self.is_foreign

    def _free(self) -> None:
        try:
            pointer = self._unfreed.pop()
        except IndexError:
            return
        self._pointer = c_void_p()
        self._destroy(pointer)

    def __reduce__(self) -> Any:
        raise TypeError(f"a {self._what} cannot be copied or pickled: it belongs to this process")

    def __del__(self) -> None:
        if self._users == 0:
            self._free()


clients: WeakSet[Any] = WeakSet()


def _end() -> None:
    """Runs when only daemon threads are left: none of them may be inside the library later."""
    global _ending
    _ending = True

    for client in list(clients):
        client.cancel(at_end=True)
    ends = time.monotonic() + 1
    while _inside() and time.monotonic() < ends:
        time.sleep(0.005)


def _inside() -> bool:
    """Whether a thread is still inside the library."""
    try:
        return any(handle.busy for handle in _live)
    except RuntimeError:  # a thread made a handle meanwhile
        return True


atexit.register(_end)
