"""Copies a job's records into a file, and goes on where it was after a crash or a kill.

Beside the file stand the file's length and the token of that place. What was written behind it
before a kill is cut off, so that no record is missing and none comes twice.

    python3 resume.py crustdata ID FILE [NAME=VALUE ...]
"""
import os
import sys

import batchjobs

EVERY = 1000
service, job, path = sys.argv[1:4]
options = dict(setting.split("=", 1) for setting in sys.argv[4:])


def keep(token: str, length: int) -> None:
    """The place reached, on the disk before the old one goes."""
    with open(path + ".place.new", "w") as place:
        place.write(f"{length} {token}")
        place.flush()
        os.fsync(place.fileno())
    os.replace(path + ".place.new", path + ".place")


length, token = 0, None
if os.path.exists(path + ".place"):
    with open(path + ".place") as place:
        length, token = place.read().split()
        length = int(length)
with batchjobs.Client(service, **options) as client, open(path, "ab") as out, client.results(job, resume=token) as results:
    out.truncate(length)
    out.seek(length)
    before = results.given
    for record in results:
        out.write(record.raw + b"\n")
        if (record.index + 1) % EVERY == 0:
            out.flush()
            os.fsync(out.fileno())
            keep(results.token, out.tell())
    print(f"{results.given} records, {before} of them from before, {results.verdict}")
