"""What a Python program does without us: requests and gzip."""
import gzip
import sys

import requests

records = size = 0
with requests.Session() as session:
    for url in sys.argv[1:]:
        with session.get(url, stream=True) as response:
            response.raise_for_status()
            with gzip.GzipFile(fileobj=response.raw) as lines:
                for line in lines:
                    records += 1
                    size += len(line)
print(records, size - records)
