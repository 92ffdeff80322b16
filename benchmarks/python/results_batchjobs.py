"""This library from Python: every record as bytes, or with "dicts" as Python values."""
import sys

import batchjobs

records = size = 0
with batchjobs.Client("crustdata", "key", base_url=sys.argv[1]) as client, client.results(sys.argv[2]) as results:
    if sys.argv[3] == "dicts":
        for record in results:
            records += 1
            size += len(record.json())
    elif sys.argv[3] == "records":
        for record in results:
            records += 1
            size += len(record.raw)
    else:
        for raw in results.raw():
            records += 1
            size += len(raw)
print(records, size)
