"""Lists jobs, a page of the table at a time.

    python3 list.py crustdata [NAME=VALUE ...]         # the key is in CRUSTDATA_API_KEY
"""
import sys

import batchjobs

options = dict(setting.split("=", 1) for setting in sys.argv[2:])
with batchjobs.Client(sys.argv[1], **options) as client:
    count = 0
    for job in client.jobs():
        counts = job.counts
        created = job.created.isoformat(sep=" ", timespec="seconds") if job.created else "-"
        print(f"{job.id}  {job.phase:7}  {job.outcome:9}  {created}  {counts.succeeded} of {counts.total}")
        count += 1
print(f"{count} jobs")
