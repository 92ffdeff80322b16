"""What a Python program does without us: "requests" or "httpx", and a loop over pages."""
import sys

from jobs import seen_document

base = sys.argv[1] + "/batch"
if sys.argv[2] == "requests":
    import requests
    session = requests.Session()
else:
    import httpx
    session = httpx.Client()
session.headers["Authorization"] = "Bearer key"
jobs = total = 0
parameters = {"limit": 100}
while True:
    response = session.get(base, params=parameters)
    response.raise_for_status()
    page = response.json()
    total += sum(map(seen_document, page["jobs"]))
    jobs += len(page["jobs"])
    if not page["has_more"]:
        break
    parameters["cursor"] = page["next_cursor"]
session.close()
print(jobs, total)
