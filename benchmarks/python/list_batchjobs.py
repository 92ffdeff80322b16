"""This library from Python; a number behind the address ends the list after so many jobs."""
import sys

import batchjobs

from jobs import seen

most = int(sys.argv[2]) if len(sys.argv) > 2 else None
jobs = total = 0
with batchjobs.Client("crustdata", "key", base_url=sys.argv[1]) as client:
    for job in client.jobs(page_size=100, max_items=most):
        counts = job.counts
        total += seen(job.id, job.phase, job.created, job.finished, counts.total, counts.succeeded, counts.results)
        jobs += 1
print(jobs, total)
