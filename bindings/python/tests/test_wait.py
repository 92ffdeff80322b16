"""Waiting for one job and for many."""

import time

import pytest
from conftest import LISTING, SERVICES

import batchjobs


@pytest.mark.parametrize("service", SERVICES)
def test_a_job_that_is_done(simulator, connect, service):
    client = connect(service)
    job = client.job(simulator.sample(service, "succeeded")).wait(timeout=30)
    assert job.done and job.outcome == "succeeded"


@pytest.fixture
def moving(running):
    running.control("PUT", "/settings", {"busy": [1.0, 1.5, 2.0]})
    yield
    running.control("PUT", "/settings", {"busy": []})


def test_a_wait_that_takes_too_long(simulator, connect):
    job = connect().job(simulator.sample("crustdata", "stuck_running"))
    for wait in (lambda: job.wait(timeout=0.3), lambda: connect().wait([job], timeout=0.3), lambda: job.wait(0.3, progress=lambda _: None)):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="still runs") as caught:
            wait()
        assert time.monotonic() - began < 3
        assert caught.value.details["phase"] == "running" and caught.value.job_id == job.id


@pytest.mark.parametrize("service", LISTING)
def test_many_jobs_keep_their_places(simulator, connect, service):
    client = connect(service)
    wanted = [job.id for job in client.jobs(status="done", max_items=40)] * 2
    events = []
    found = client.wait([wanted[0], client.job(wanted[1]), *wanted[2:]], timeout=60, progress=events.append)
    assert [job.id for job in found] == wanted and all(job.done for job in found)
    assert sorted(event.index for event in events if event.final) == list(range(len(wanted)))
    assert client.wait([]) == []


def test_one_job_s_error_is_not_another_s(simulator, connect):
    good = simulator.sample("crustdata", "succeeded")
    client = connect(poll_min=0.05)
    first, second, third = client.wait([good, "nobody", good], return_exceptions=True)
    assert isinstance(second, batchjobs.NotFoundError) and second.job_id == "nobody" and first.id == third.id == good
    with pytest.raises(batchjobs.NotFoundError):
        client.wait([good, "nobody"])
    for event in client.events(["nobody"]):
        assert (event.index, event.id, event.job, event.final) == (0, "nobody", None, True)
        assert "NotFoundError" in repr(event)


def test_progress_shows_the_job(simulator, connect):
    told = []
    connect().job(simulator.sample("crustdata", "succeeded")).wait(progress=told.append)
    assert told and told[-1].done and isinstance(told[-1], batchjobs.Job)

    def stop(_):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        connect().job(simulator.sample("crustdata", "succeeded")).wait(progress=stop)


def test_closed_events(simulator, connect):
    events = connect().events([simulator.sample("crustdata", "stuck_running")])
    events.close()
    with pytest.raises(batchjobs.StateError, match="this wait is closed"):
        next(events)
