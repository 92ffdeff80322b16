"""Reads a job's results with DuckDB, as they arrive, and with Polars.

    pip install 'batchjobs[pyarrow,polars]' duckdb
    python3 results.py crustdata ID [NAME=VALUE ...]
"""
import sys

import duckdb
import polars as pl

import batchjobs

options = dict(setting.split("=", 1) for setting in sys.argv[3:])
with batchjobs.Client(sys.argv[1], **options) as client:
    with client.results(sys.argv[2]) as results:
        records = results.to_arrow_reader()  # DuckDB finds it by its name
        sql = "select outcome, count(*) as records, round(avg(length(raw)), 1) as bytes from records group by outcome"
        print(duckdb.sql(sql))
        print(f"{results.given} records, {results.verdict}")
    frame = client.results(sys.argv[2]).to_polars()
    print(frame.group_by("outcome").agg(pl.len(), pl.col("raw").str.len_bytes().mean().round(1).alias("bytes")))
