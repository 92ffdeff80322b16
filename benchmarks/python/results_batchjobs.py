"""This library from Python: every record as bytes ("raw"), as an object ("records"), or as Python values ("dicts";
"orjson": read by that, as where it is installed)."""
import sys

import batchjobs

form, base, job = sys.argv[1:]
if form == "dicts":
    sys.modules["orjson"] = None
records = size = 0
with batchjobs.Client("crustdata", "key", base_url=base) as client, client.results(job) as results:
    if form in ("dicts", "orjson"):
        for record in results:
            records += 1
            size += len(record.json())
    elif form == "records":
        for record in results:
            records += 1
            size += len(record.raw)
    else:
        for raw in results.raw():
            records += 1
            size += len(raw)
print(records, size)
