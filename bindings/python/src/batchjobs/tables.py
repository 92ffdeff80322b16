"""Jobs and records as tables of pyarrow, pandas and polars, each imported when it is asked for."""

from __future__ import annotations

import importlib
from array import array
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Sequence

from ._fields import Counts, Fields
from .errors import DecodeError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from ._stream import Batch

TEXTS = ("id", "provider", "kind", "status", "phase", "outcome", "error")
TIMES = ("created", "started", "finished", "updated")


def _needed(name: str, method: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{method}() needs {name}: pip install 'batchjobs[{name}]'") from error


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"{what} is not UTF-8 ({error.reason} at byte {error.start}) and cannot stand in a table") from error


class RecordTables:
    """Records as tables with the columns ``index``, ``key``, ``outcome`` and ``raw``.

    ``raw`` is the record's JSON as text, byte for byte: what it holds is for you to type, with
    ``pl.col("raw").str.json_decode(...)``, DuckDB's ``raw->>'$.name'`` or ``pandas.json_normalize``.
    """

    def batches(self) -> Iterator[Batch]:
        raise NotImplementedError

    def _texts(self) -> Iterator[Dict[str, Sequence[Any]]]:
        for batch in self.batches():
            first = batch.first_index
            indices = range(first, first + len(batch))
            yield {
                "index": indices,
                "key": batch.keys,
                "outcome": [str(outcome) for outcome in batch.outcomes],
                "raw": [_text(raw, f"record {index}") for index, raw in zip(indices, batch.raws())],
            }

    def to_arrow_reader(self) -> pyarrow.RecordBatchReader:
        """What is left, batch by batch as it arrives: for DuckDB, or a Parquet file larger than memory.

        duckdb.from_arrow(results.to_arrow_reader()).aggregate("count(*)")
        """
        pa = _needed("pyarrow", "to_arrow_reader")
        schema = pa.schema([("index", pa.int64()), ("key", pa.large_string()), ("outcome", pa.string()), ("raw", pa.large_string())])

        def batch_of(batch: Batch) -> Any:
            if not batch.data.isascii():
                for place, raw in enumerate(batch.raws(), batch.first_index):
                    _text(raw, f"record {place}")
            offsets = pa.py_buffer(array("q", batch.offsets))
            texts = pa.LargeStringArray.from_buffers(len(batch), offsets, pa.py_buffer(batch.data))
            indices = range(batch.first_index, batch.first_index + len(batch))
            outcomes = [str(outcome) for outcome in batch.outcomes]
            columns = [pa.array(indices, pa.int64()), pa.array(batch.keys, pa.large_string()), pa.array(outcomes, pa.string()), texts]
            return pa.record_batch(columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, map(batch_of, self.batches()))

    def to_arrow(self) -> pyarrow.Table:
        """What is left as one pyarrow Table. Errors: ImportError without pyarrow, and those of walking the results."""
        pa = _needed("pyarrow", "to_arrow")
        reader = self.to_arrow_reader()
        return pa.Table.from_batches(list(reader), schema=reader.schema)

    def to_pandas(self) -> pandas.DataFrame:
        """What is left as a pandas DataFrame. Errors: ImportError without pandas, and those of walking the results."""
        pd = _needed("pandas", "to_pandas")
        frames = [pd.DataFrame(columns) for columns in self._texts()]
        if not frames:
            frames = [pd.DataFrame(columns=["index", "key", "outcome", "raw"])]
        table: pandas.DataFrame = pd.concat(frames, ignore_index=True)
        return table

    def to_polars(self) -> polars.DataFrame:
        """What is left as a polars DataFrame. Errors: ImportError without polars, and those of walking the results."""
        pl = _needed("polars", "to_polars")
        schema = {"index": pl.Int64, "key": pl.String, "outcome": pl.String, "raw": pl.String}
        frames = [pl.DataFrame(columns, schema=schema) for columns in self._texts()]
        table: polars.DataFrame = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
        return table


class JobTables:
    """Jobs as tables: a column for each property of a job, each of its counts and times, and ``raw``, its JSON as text."""

    def _fields(self) -> Iterator[Fields]:
        raise NotImplementedError

    def _columns(self) -> Dict[str, List[Any]]:
        """Times are milliseconds since 1970."""
        columns: Dict[str, List[Any]] = {name: [] for name in (*TEXTS, *Counts._fields, *TIMES, "raw")}
        for part in self._fields():
            found: Dict[str, Iterable[Any]] = dict(zip(Counts._fields, zip(*part.counts)))
            for name in (*TEXTS, *TIMES):
                found[name] = getattr(part, name)
            found["phase"], found["outcome"] = map(str, part.phase), map(str, part.outcome)
            found["raw"] = [_text(raw, f"job {id}") for raw, id in zip(part.raw, part.id)]
            for name, values in found.items():
                columns[name].extend(values)
        return columns

    def to_arrow(self) -> pyarrow.Table:
        """What is left of the list as a pyarrow Table. Errors: ImportError without pyarrow, and those of walking the list."""
        pa = _needed("pyarrow", "to_arrow")
        kinds = {**dict.fromkeys(Counts._fields, pa.int64()), **dict.fromkeys(TIMES, pa.timestamp("ms", "UTC"))}
        return pa.table({name: pa.array(values, kinds.get(name, pa.string())) for name, values in self._columns().items()})

    def to_pandas(self) -> pandas.DataFrame:
        """What is left of the list as a pandas DataFrame. Errors: ImportError without pandas, and those of walking the list."""
        pd, np = _needed("pandas", "to_pandas"), _needed("numpy", "to_pandas")
        columns: Dict[str, Any] = dict(self._columns())
        for name in Counts._fields:
            columns[name] = pd.array(columns[name], dtype="Int64")
        for name in TIMES:
            # Not nanoseconds, which reach from 1677 to 2262: a service's zero may be the year 1.
            times = np.array([np.iinfo("int64").min if value is None else value for value in columns[name]], "int64")
            columns[name] = pd.Series(times.view("datetime64[ms]")).dt.tz_localize("UTC")
        table: pandas.DataFrame = pd.DataFrame(columns)
        return table

    def to_polars(self) -> polars.DataFrame:
        """What is left of the list as a polars DataFrame. Errors: ImportError without polars, and those of walking the list."""
        pl = _needed("polars", "to_polars")
        whole = {**dict.fromkeys(Counts._fields, pl.Int64), **dict.fromkeys(TIMES, pl.Int64)}
        columns = self._columns()
        frame = pl.DataFrame(columns, schema={name: whole.get(name, pl.String) for name in columns})
        table: polars.DataFrame = frame.with_columns(pl.col(*TIMES).cast(pl.Datetime("ms", "UTC")))
        return table
