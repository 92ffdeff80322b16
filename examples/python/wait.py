"""Waits for jobs with a bar, where tqdm is installed, and says how each ended. Ctrl-C ends it; the jobs go on.

    python3 wait.py crustdata ID[,ID...] [NAME=VALUE ...]
"""
import sys

import batchjobs

options = dict(setting.split("=", 1) for setting in sys.argv[3:])
with batchjobs.Client(sys.argv[1], **options) as client:
    failed = 0
    for found in client.wait(sys.argv[2].split(","), timeout=3600, progress=True, return_exceptions=True):
        if isinstance(found, batchjobs.BatchJobsError):
            print(f"{found.job_id}: {found}")
            failed += 1
        else:
            print(f"{found.id}: {found.outcome}")
sys.exit(1 if failed else 0)
