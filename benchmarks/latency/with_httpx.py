"""What a Python program does without us: pages or gzipped files one after the other, with httpx. The
environment says which certificates and which version of HTTP (SSL_CERT_FILE, BENCH_HTTP)."""
import gzip
import os
import sys

import httpx


def pages(session, service, base):
    """The jobs, and the sum of what their ids begin with."""
    numbered = service == "spidra"
    session.headers.update({"x-api-key": "key"} if numbered else {"Authorization": "Bearer key"})
    url, name = (f"{base}/batch/scrape", "uuid") if numbered else (f"{base}/batch", "batch_id")
    parameters = {"page": 1, "limit": 50} if numbered else {"limit": 100}
    jobs = total = 0
    while True:
        response = session.get(url, params=parameters)
        response.raise_for_status()
        page = response.json()
        total += sum(int(job[name][:8], 16) for job in page["jobs"])
        jobs += len(page["jobs"])
        if not (parameters["page"] < page["pagination"]["totalPages"] if numbered else page["has_more"]):
            return jobs, total
        parameters |= {"page": parameters["page"] + 1} if numbered else {"cursor": page["next_cursor"]}


def parts(session, links):
    """The records and their bytes."""
    records = size = 0
    for link in links:
        response = session.get(link)
        response.raise_for_status()
        for line in gzip.decompress(response.content).splitlines():
            records += 1
            size += len(line)
    return records, size


version = os.environ["BENCH_HTTP"]
with httpx.Client(http1=version == "1.1", http2=version == "2") as session:
    print(*(parts(session, sys.argv[2:]) if sys.argv[1] == "parts" else pages(session, *sys.argv[1:])))
