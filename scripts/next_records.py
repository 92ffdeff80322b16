"""Writes the next ten records of a job and keeps the place behind them, as examples/c/resume.c does, but through
the Python package: so that a place goes from one language to another.

    python3 next_records.py crustdata ID PLACE [NAME=VALUE ...]
"""
import itertools
import os
import sys
from pathlib import Path

import batchjobs

service, job, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
options = dict(setting.split("=", 1) for setting in sys.argv[4:])
token = place.read_text() if place.exists() else None
with batchjobs.Client(service, api_key=os.environ["BATCHJOBS_API_KEY"], **options) as client, client.results(job, resume=token) as results:
    for record in itertools.islice(results, 10):
        sys.stdout.buffer.write(record.raw + b"\n")
    place.write_text(results.token)
