"""This library from Python."""
import sys

import batchjobs

from jobs import seen

jobs = total = 0
with batchjobs.Client("crustdata", "key", base_url=sys.argv[1]) as client:
    for job in client.jobs(page_size=100):
        counts = job.counts
        total += seen(job.id, job.phase, job.created, job.finished, counts.total, counts.succeeded, counts.results)
        jobs += 1
print(jobs, total)
