"""Records, batches, tokens, and saving."""

import io
import os
import random

import pytest
from conftest import SERVICES

import batchjobs


@pytest.mark.parametrize("service", SERVICES)
def test_records_are_the_service_s_bytes(simulator, connect, service):
    job = simulator.sample(service, "large")
    truth = simulator.truth(service, job)
    with connect(service).results(job) as results:
        records = list(results)
        assert [record.raw for record in records] == truth["records"]
        assert [record.index for record in records] == list(range(truth["count"]))
        assert (results.verdict, results.given, results.bytes_received > 0) == ("verified", truth["count"], True)
        assert results.job.id == job
    assert list(connect(service).job(job).results().raw()) == truth["records"]


def test_outcomes_and_keys(simulator, connect):
    job = simulator.sample("reach", "partial")
    truth = simulator.truth("reach", job)
    records = list(connect("reach").results(job))
    assert [str(record.outcome) for record in records] == truth["outcomes"]
    assert [record.key for record in records] == truth["keys"]
    assert records[0].outcome is batchjobs.RecordOutcome.FAILED and "Record(0, outcome='failed', key=" in repr(records[0])
    assert next(connect("crustdata").results(simulator.sample("crustdata", "succeeded"))).key is None


@pytest.mark.parametrize("service", SERVICES)
def test_a_token_in_the_middle_of_a_batch_is_exact(simulator, connect, service):
    """Whatever way the records before it were taken."""
    client, job = connect(service), simulator.sample(service, "large")
    truth = simulator.truth(service, job)["records"]
    dice = random.Random(7)
    for place in (0, 1, 2, len(truth) - 1, len(truth), *(dice.randrange(len(truth)) for _ in range(4))):
        results = client.results(job)
        walk, raws = iter(results), results.raw()
        taken = [next(raws) if dice.random() < 0.5 else next(dice.choice([results, walk])).raw for _ in range(place)]
        assert taken == truth[:place] and results.given == place
        token = results.token
        results.close()
        assert results.token == token and simulator.info["keys"][service] not in token
        assert list(client.results(job, resume=token).raw()) == truth[place:]


def test_a_resumed_stream_has_exact_tokens_too(simulator, connect):
    client, job = connect(), simulator.sample("crustdata", "large")
    truth, found, token = simulator.truth("crustdata", job)["records"], [], None
    while len(found) < len(truth):
        with client.results(job, resume=token) as results:
            assert results.token == (token or results.token)
            for record in results:
                assert record.index == len(found)
                found.append(record.raw)
                if len(found) % 617 == 0:
                    break
            token = results.token
    assert found == truth


def test_batches_and_what_is_left_of_one(simulator, connect):
    job = simulator.sample("crustdata", "large")
    truth = simulator.truth("crustdata", job)["records"]
    results = connect().results(job)
    found = [next(results).raw for _ in range(3)]
    for batch in results.batches():
        assert batch.first_index == len(found) and len(batch) == len(batch.outcomes) == len(batch.keys)
        assert batch.raws() == [record.raw for record in batch.records()]
        found += batch.raws()
    assert found == truth


def test_json(simulator, connect):
    simulator.content("crustdata", "succeeded", records=['{"a": [1, 2.5, "ü", null, 18446744073709551616]}', {"odd": "nan"}, '{"b": 1}'])
    first, second, third = connect().results(simulator.sample("crustdata", "succeeded"))
    assert first.json()["a"][:4] == [1, 2.5, "ü", None]
    assert "nan" in repr(second.json())  # also where orjson refuses it
    assert third.json() == {"b": 1}


def test_bytes_that_are_not_json(simulator, connect):
    simulator.content("crustdata", "succeeded", records=['{"a": 1}', "{nonsense", {"nest": 100000}, {"odd": "invalid_utf8"}])
    records = list(connect().results(simulator.sample("crustdata", "succeeded")))
    assert records[0].json() == {"a": 1}
    for index in (1, 2, 3):
        with pytest.raises(ValueError, match=f"record {index} is not JSON") as caught:
            records[index].json()
        assert type(caught.value) is batchjobs.DecodeError and caught.value.details["index"] == str(index)


def test_results_that_are_not_there(simulator, connect):
    client = connect()
    with pytest.raises(batchjobs.NotReadyError):
        client.results(simulator.sample("crustdata", "stuck_running"))
    assert list(client.results(simulator.sample("crustdata", "empty"))) == []
    with pytest.raises(batchjobs.ArgumentError, match=r"resume|token"):
        client.results(simulator.sample("crustdata", "succeeded"), resume="nonsense")
    other = next(iter(_opened(client, simulator.sample("crustdata", "large"))))
    with pytest.raises(batchjobs.ArgumentError):
        client.results(simulator.sample("crustdata", "succeeded"), resume=other)


def _opened(client, job):
    with client.results(job) as results:
        next(results)
        yield results.token


def test_a_cut_stream_gives_what_came_and_an_error_each_time(simulator, connect):
    job = simulator.sample("crustdata", "large")
    simulator.fault("storage", "results", "status", status=404, path="part-003", times=-1)
    results, found = connect(max_attempts=1).results(job), []
    with pytest.raises(batchjobs.BatchJobsError) as caught:
        for record in results:
            found.append(record.raw)
    assert found == simulator.truth("crustdata", job)["records"][: len(found)] and found
    with pytest.raises(type(caught.value)):
        next(results)
    assert results.verdict != "verified"
    simulator.control("DELETE", "/faults")
    rest = list(connect().results(job, resume=results.token).raw())
    assert found + rest == simulator.truth("crustdata", job)["records"]


def test_closed_results(simulator, connect):
    results = connect().results(simulator.sample("crustdata", "large"))
    walk = iter(results)
    next(walk)
    results.close()
    results.close()
    for call in (lambda: next(results), lambda: next(walk), lambda: results.verdict, lambda: results.save_to(1), lambda: results.job):
        with pytest.raises(batchjobs.StateError, match="this stream of results is closed"):
            call()


@pytest.mark.parametrize("service", SERVICES)
def test_save(simulator, connect, tmp_path, service):
    job, path = simulator.sample(service, "large"), tmp_path / "results.jsonl"
    told = []
    connect(service).job(job).save(path, progress=lambda *state: told.append(state))
    truth = simulator.truth(service, job)["records"]
    assert path.read_bytes() == b"".join(raw + b"\n" for raw in truth)
    assert told[-1][2] == len(truth) and told[-1][0] > 0
    with pytest.raises(batchjobs.ArgumentError, match="overwrite"):
        connect(service).save(job, path)
    connect(service).save(job, os.fsencode(path).decode(), overwrite=True)


def test_save_gzip_and_a_path_that_is_wrong(simulator, connect, tmp_path):
    import gzip

    job = simulator.sample("crustdata", "large")
    connect().save(job, tmp_path / "results.gz", format="gzip")
    assert gzip.decompress((tmp_path / "results.gz").read_bytes()).splitlines() == simulator.truth("crustdata", job)["records"]
    with pytest.raises(batchjobs.ArgumentError, match="NUL"):
        connect().save(job, "a\0b")
    with pytest.raises(batchjobs.ArgumentError, match="save_format"):
        connect().save(job, tmp_path / "x", format="zip")


def test_save_goes_on_after_an_exception_of_the_progress(simulator, connect, tmp_path):
    class Enough(Exception):
        pass

    def stop(*_):
        raise Enough

    job, path = simulator.sample("crustdata", "large"), tmp_path / "results.jsonl"
    with pytest.raises(Enough):
        connect().save(job, path, progress=stop)
    if not path.exists():
        connect().save(job, path)
    assert path.read_bytes() == b"".join(raw + b"\n" for raw in simulator.truth("crustdata", job)["records"])


def test_save_to_a_file_takes_what_is_left(simulator, connect, tmp_path):
    job = simulator.sample("crustdata", "large")
    truth = simulator.truth("crustdata", job)["records"]
    with connect().results(job) as results, open(tmp_path / "rest", "wb") as out:
        out.write(b"head\n")
        for _ in range(10):
            next(results)
        results.save_to(out)
        with pytest.raises(io.UnsupportedOperation):
            results.save_to(io.BytesIO())
        for wrong in (True, None, str(tmp_path / "x")):
            with pytest.raises(TypeError, match="an open binary file or a descriptor"):
                results.save_to(wrong)
        with pytest.raises(TypeError, match="progress must be"):
            results.save_to(out, progress=5)
    assert (tmp_path / "rest").read_bytes() == b"head\n" + b"".join(raw + b"\n" for raw in truth[10:])


def test_progress_of_results(simulator, connect):
    told = []
    job = simulator.sample("crustdata", "large")
    assert len(list(connect().results(job, progress=lambda *state: told.append(state)))) == 5000
    assert told[-1] == (told[-1][1], told[-1][1], 5000) and told == sorted(told, key=lambda state: state[0])


def test_a_bar_where_tqdm_is_installed(simulator, connect, capsys):
    pytest.importorskip("tqdm")
    list(connect().results(simulator.sample("crustdata", "large"), progress=True))
    connect().job(simulator.sample("crustdata", "succeeded")).wait(progress=True)
    said = capsys.readouterr().err
    assert "5000 records" in said and "done" in said
