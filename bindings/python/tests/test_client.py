"""Clients, options, lists and jobs."""

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone

import pytest
from conftest import LISTING, SERVICES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batchjobs


@pytest.mark.parametrize("service", LISTING)
def test_a_list_holds_all_jobs_in_order(simulator, connect, service):
    assert [job.id for job in connect(service).jobs()] == simulator.truth_ids(service)


@pytest.mark.parametrize("service", LISTING)
def test_a_page_says_of_a_job_what_the_job_says(connect, service):
    client = connect(service)
    listed = next(client.jobs(status="done"))
    asked = client.job(listed.id)
    for name in ("id", "provider", "kind", "status", "phase", "outcome", "error", "created", "started", "finished", "updated"):
        assert getattr(listed, name) == getattr(asked, name), name
    assert listed.done and listed.phase == "done" and isinstance(listed.phase, batchjobs.Phase)


@pytest.mark.parametrize("service", LISTING)
def test_jobs_outlive_their_list(connect, service):
    """What a job holds is copied when it is first read, which may be long after its page has gone."""
    with connect(service) as client, client.jobs(page_size=20) as listing:
        jobs = list(listing)
    with connect(service) as client:
        read = [(job, copy.copy(job)) for job in client.jobs(page_size=20)]
    for kept, (job, copied) in zip(reversed(jobs), reversed(read)):
        assert kept == job == copied and kept.field("") == job.field("")


def test_a_job_reads_well(simulator, connect):
    job = connect().job(simulator.sample("crustdata", "succeeded"))
    document = json.loads(job.raw)
    assert job.created == datetime.fromisoformat(document["created_at"].replace("Z", "+00:00")).replace(microsecond=job.created.microsecond)
    assert job.created.tzinfo is timezone.utc
    assert job.counts.results == document["result_count"] and job.counts.processed is None
    assert job.field("/result_count") == document["result_count"]
    assert job.field("") == document
    assert job.field("/nothing", None) is None
    with pytest.raises(KeyError, match="/nothing"):
        job.field("/nothing")
    with pytest.raises(ValueError, match="JSON pointer"):
        job.field("result_count")
    assert repr(job).startswith(f"Job({job.id!r}, provider='crustdata', phase='done', outcome='succeeded'")
    assert f"{job.phase} {job.outcome!s}" == "done succeeded"


def test_a_job_never_changes_and_can_be_copied(simulator, connect):
    job = connect("spidra").job(simulator.sample("spidra", "succeeded"))
    with pytest.raises(AttributeError):
        job.id = "other"
    assert job.refresh() == job and len({job, job.refresh()}) == 1
    stored = pickle.loads(pickle.dumps(job))
    assert stored == job == copy.copy(job)
    assert simulator.info["keys"]["spidra"].encode() not in pickle.dumps(job)
    with pytest.raises(batchjobs.StateError, match="has no client"):
        stored.refresh()
    assert copy.copy(job).refresh() == copy.deepcopy([job])[0].refresh() == job  # a copy can still ask


def test_what_holds_a_connection_is_not_copied(simulator, connect):
    client = connect()
    for thing in (client, client.jobs(), client.results(simulator.sample("crustdata", "succeeded"))):
        for way in (copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="client cannot be copied or pickled"):
                way(thing)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(page_size=st.integers(1, 120), prefetch=st.integers(0, 3), service=st.sampled_from(LISTING), stop=st.integers(0, 5))
def test_any_split_into_pages_gives_the_same_jobs(simulator, connect, page_size, prefetch, service, stop):
    """Also when the list is left behind a page and taken up by its cursor."""
    client, found, cursor = connect(service, page_size=max(page_size, 9), prefetch=prefetch), [], None
    for number, page in enumerate(client.jobs().pages()):
        found += [job.id for job in page]
        cursor = page.next_cursor
        if number == stop:
            break
    if cursor is not None:
        found += [job.id for job in client.jobs(cursor=cursor)]
    assert found == simulator.truth_ids(service)


def test_pages_show_their_cursor_and_bytes(connect):
    pages = list(connect().jobs(page_size=100).pages())
    assert [len(page) for page in pages] == [100, 100, 30]
    assert [page.next_cursor is None for page in pages] == [False, False, True]
    assert json.loads(pages[0].raw)["jobs"][7]["batch_id"] == pages[0][7].id == pages[0].jobs[7].id


def test_filters_and_bounds(connect):
    client = connect()
    failed = list(client.jobs(status="failed"))
    assert failed and {job.outcome for job in failed} == {batchjobs.Outcome.FAILED}
    assert len(list(client.jobs(max_items=7))) == 7


def test_a_list_goes_on_after_an_error(simulator, connect):
    jobs = connect(max_attempts=1, prefetch=0).jobs()
    found = [next(jobs).id]
    simulator.fault("crustdata", "list", "status", status=503)
    with pytest.raises(batchjobs.ServerError):
        for job in jobs:
            found.append(job.id)
    assert len(found) == 100
    found += [job.id for job in jobs]
    assert found == simulator.truth_ids("crustdata")


def test_a_closed_client_says_so_and_may_be_closed_twice(connect):
    client = connect()
    jobs = client.jobs()
    next(jobs)
    client.close()
    client.close()
    for call in (lambda: client.job("x"), lambda: client.jobs(), lambda: client.results("x"), lambda: client.wait(["x"]), client.cancel):
        with pytest.raises(batchjobs.StateError, match="this client is closed"):
            call()
    assert repr(client) == "Client('crustdata', closed)"
    assert len(list(jobs)) == 229  # what was opened before goes on
    jobs = connect().jobs()
    next(jobs)
    jobs.close()
    with pytest.raises(batchjobs.StateError, match="this list of jobs is closed"):
        next(jobs)


def test_the_key_of_the_environment(simulator, monkeypatch):
    with pytest.raises(batchjobs.ArgumentError, match="REACH_API_TOKEN"):
        batchjobs.Client("reach")
    monkeypatch.setenv("REACH_API_TOKEN", simulator.info["keys"]["reach"])
    with batchjobs.Client("reach", base_url=simulator.info["reach"]) as client:
        assert next(client.jobs()).provider == "reach"


def test_proxies_and_certificates_of_the_environment(arguments, monkeypatch, tmp_path):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with batchjobs.Client(**arguments("crustdata", max_attempts=1, allow_http=True)) as client, pytest.raises(batchjobs.APIConnectionError):
        client.job("x")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with batchjobs.Client(**arguments("crustdata", allow_http=True)) as client, pytest.raises(batchjobs.NotFoundError):
        client.job("x")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(batchjobs.ArgumentError, match="ca_file"):
        batchjobs.Client(**arguments("crustdata"))
    batchjobs.Client(**arguments("crustdata", ca_dir=str(tmp_path))).close()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"page_sise": 3}, batchjobs.ArgumentError, "did you mean page_size"),
        ({"timeout_ms": 3}, batchjobs.ArgumentError, r"did you mean timeout \(in seconds\)"),
        ({"page_size": "3"}, TypeError, "page_size must be an int, not str"),
        ({"page_size": True}, TypeError, "page_size must be an int"),
        ({"page_size": 0}, batchjobs.ArgumentError, "page_size"),
        ({"timeout": "3"}, TypeError, "timeout must be seconds or a timedelta"),
        ({"timeout": float("nan")}, batchjobs.ArgumentError, "timeout must be a number"),
        ({"timeout": -1}, batchjobs.ArgumentError, "timeout_ms"),
        ({"timeout": 1e308}, batchjobs.ArgumentError, "timeout_ms.*86400000"),
        ({"timeout": 10**5000}, batchjobs.ArgumentError, "timeout_ms.*86400000"),
        ({"page_size": -(10**5000)}, batchjobs.ArgumentError, "page_size.*1000"),
        ({"headers": 0}, TypeError, "headers must be a mapping"),
        ({"headers": {5: "v"}}, TypeError, "header's name must be a str"),
        ({"allow_http": "yes"}, TypeError, "allow_http must be True or False"),
        ({"headers": "X: y"}, TypeError, "headers must be a mapping"),
        ({"headers": {"X": "a\nb"}}, batchjobs.ArgumentError, "header"),
        ({"user_agent": "a\0b"}, batchjobs.ArgumentError, "NUL"),
        ({"user_agent": "\ud800"}, batchjobs.ArgumentError, "surrogate"),
        ({"project": "p"}, batchjobs.ArgumentError, "project"),
        ({"http_version": "3"}, batchjobs.ArgumentError, "http_version"),
        ({"token_provider": "text"}, TypeError, "token_provider"),
    ],
)
def test_wrong_options(arguments, options, error, words):
    with pytest.raises(error, match=words):
        batchjobs.Client(**arguments("crustdata", **options))


@pytest.mark.parametrize("key", [b"my-secret-key", "my-secret-key\0", "my-secret-key\ud800", "my-secret-key\n"])
def test_no_error_shows_a_key(key):
    for options in ({"api_key": key}, {"api_key": "k", "headers": {"Authorization": key}}, {"api_key": "k", "proxy": key}):
        with pytest.raises((TypeError, ValueError)) as caught:
            batchjobs.Client("crustdata", **options)
        assert "secret" not in str(caught.value)


def test_wrong_arguments(connect):
    with pytest.raises(batchjobs.ArgumentError, match="known are crustdata"):
        batchjobs.Client("nobody", "key")
    with pytest.raises(TypeError, match="provider must be a str"):
        batchjobs.Client(7)
    client = connect()
    for id in (7, None, b"bytes"):
        with pytest.raises(TypeError, match="named by its id"):
            client.job(id)
    for id in ("", ".", "a\0b", "\udc80"):
        with pytest.raises(batchjobs.ArgumentError):
            client.job(id)
    with pytest.raises(TypeError, match="list of ids"):
        client.wait("one-id")
    with pytest.raises(batchjobs.ArgumentError, match="cursor"):
        next(client.jobs(cursor="bj1.damaged"))
    with pytest.raises(ValueError, match="operation must be one of"):
        client.supports("delete")
    with pytest.raises(TypeError, match="progress"):
        client.results("x", progress="yes")


def test_times_are_seconds(simulator, connect):
    simulator.fault("crustdata", "get", "delay", seconds=5, times=-1)
    for timeout in (0.2, timedelta(milliseconds=200)):
        with pytest.raises(TimeoutError, match=r"timeout_ms \(200\)") as caught:
            connect(timeout=timeout).job("x")
        assert caught.value.details["option"] == "timeout_ms" and caught.value.retryable


def test_headers_are_sent(simulator, connect):
    next(connect(headers={"X-Test": "ü"}).jobs(headers={"X-Call": "1"}))
    sent = {name.lower(): value for name, value in simulator.control("GET", "/requests")["requests"][0]["headers"]}
    assert "x-test" in sent and sent["x-call"] == "1"


def test_what_a_service_can_do(connect):
    assert connect("crustdata").supports("list") and not connect("veryfront").supports("list")
    with pytest.raises(batchjobs.UnsupportedError):
        connect("veryfront").jobs()


@pytest.mark.parametrize("service", SERVICES)
def test_an_error_tells_all(simulator, connect, service):
    simulator.fault(service, "get", "status", status=429, retry_in=100)
    with pytest.raises(batchjobs.RateLimitError) as caught:
        connect(service, timeout=20, max_attempts=1 if service in ("reach", "veryfront") else 4).job(simulator.sample(service, "succeeded"))
    error = caught.value
    assert (error.status, error.status_code, error.provider, error.retryable) == ("BJ_E_RATE_LIMITED", 429, service, True)
    assert error.retry_after is None or 90 <= error.retry_after <= 100
    assert (error.retry_after is None) == (service in ("reach", "veryfront")) and error.job_id == simulator.sample(service, "succeeded")
    assert error.url.startswith("http://127.0.0.1") and str(error) == error.message and "429" in error.message
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and again.__dict__ == error.__dict__


def test_errors_have_the_right_classes(simulator, connect, tmp_path):
    with pytest.raises(batchjobs.AuthenticationError):
        connect(api_key="wrong").job("x")
    with pytest.raises(ConnectionError) as caught:
        connect(base_url="http://127.0.0.1:1", max_attempts=1).job("x")
    assert type(caught.value) is batchjobs.ConnectError
    with pytest.raises(batchjobs.ProtocolError) as caught:
        simulator.fault("crustdata", "list", "mutate", pointer="/jobs/3/status", value=7)
        next(connect().jobs())
    assert caught.value.details["path"] == "/jobs/3/status"
    with pytest.raises(OSError) as caught:
        connect().save(simulator.sample("crustdata", "succeeded"), tmp_path / "no" / "folder")
    assert type(caught.value) is batchjobs.FileError and caught.value.errno == 2
    assert pickle.loads(pickle.dumps(caught.value)).errno == copy.copy(caught.value).errno == 2
    for pointer in (5, None):
        with pytest.raises(TypeError, match="JSON pointer is a str"):
            next(connect().jobs()).field(pointer)
    for kind in vars(batchjobs.errors).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, batchjobs.BatchJobsError)


def test_every_status_of_the_header_has_a_class():
    from batchjobs import _header, errors

    assert set(errors.BY_STATUS) == set(_header.STATUSES.values())
    assert type(errors.make("-99", "of a later version")) is batchjobs.BatchJobsError
