"""Jobs and records as tables; each test needs its library, and says so where that is missing."""

import json
import sys

import pytest

import batchjobs


@pytest.mark.parametrize("kind", ["arrow", "pandas", "polars"])
def test_records(simulator, connect, kind):
    pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind))
    job = simulator.sample("reach", "large")
    truth = simulator.truth("reach", job)
    results = connect("reach").results(job)
    next(results)
    table = getattr(results, f"to_{kind}")()
    columns = {name: table[name].to_pylist() if kind == "arrow" else table[name].to_list() for name in ("index", "key", "outcome", "raw")}
    assert columns["index"] == list(range(1, truth["count"]))
    assert [raw.encode() for raw in columns["raw"]] == truth["records"][1:]
    assert columns["key"] == truth["keys"][1:] and columns["outcome"] == truth["outcomes"][1:]
    empty = getattr(results, f"to_{kind}")()
    assert len(empty) == 0


@pytest.mark.parametrize("kind", ["arrow", "pandas", "polars"])
def test_jobs(simulator, connect, kind):
    pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind))
    rest = connect().jobs()
    next(rest)
    table = getattr(rest, f"to_{kind}")()
    jobs = list(connect().jobs())[1:]

    def column(name):
        return table[name].to_pylist() if kind == "arrow" else table[name].to_list()

    assert column("id") == [job.id for job in jobs] and column("phase") == [job.phase for job in jobs]
    assert column("total") == [job.counts.total for job in jobs]
    missing = [value is None or value != value for value in column("finished")]  # pandas has a word of its own for none
    assert missing == [job.finished is None for job in jobs] and any(missing)
    assert [value for value, none in zip(column("finished"), missing) if not none] == [job.finished for job in jobs if job.finished]
    assert [json.loads(raw)["batch_id"] for raw in column("raw")] == column("id")


def test_a_reader_streams(simulator, connect):
    pa = pytest.importorskip("pyarrow")
    results = connect().results(simulator.sample("crustdata", "large"))
    reader = results.to_arrow_reader()
    first = reader.read_next_batch()
    first.validate(full=True)
    assert 0 < len(first) == results.given
    assert len(first) + sum(len(batch) for batch in reader) == 5000
    assert pa.types.is_large_string(reader.schema.field("raw").type)


def test_text_that_is_none(simulator, connect):
    pytest.importorskip("pyarrow")
    simulator.content("crustdata", "succeeded", records=['{"a": 1}', {"odd": "invalid_utf8"}])
    with pytest.raises(batchjobs.DecodeError, match="record 1 is not UTF-8"):
        connect().results(simulator.sample("crustdata", "succeeded")).to_arrow()


def test_a_library_that_is_missing_is_named(simulator, connect, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_pandas\(\) needs pandas: pip install 'batchjobs\[pandas\]'"):
        connect().jobs().to_pandas()


@pytest.mark.parametrize("kind", ["arrow", "pandas", "polars"])
def test_a_time_before_all_times(simulator, connect, kind):
    """What some services say where they have none."""
    pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind))
    simulator.fault("crustdata", "list", "mutate", pointer="/jobs/0/created_at", value="0001-01-01T00:00:00Z")
    table = getattr(connect().jobs(max_items=2), f"to_{kind}")()
    assert str(table["created"][0]).startswith("0001-01-01")
