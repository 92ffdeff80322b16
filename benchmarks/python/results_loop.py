"""What a Python program does without us: "requests" or "httpx", gzip, and json for "dicts"."""
import gzip
import io
import json
import sys

form, library, *links = sys.argv[1:]


class Chunks(io.RawIOBase):
    """The pieces of a response as a file."""

    def __init__(self, pieces):
        self.pieces, self.left = pieces, b""

    def readable(self):
        return True

    def readinto(self, buffer):
        self.left = self.left or next(self.pieces, b"")
        piece, self.left = self.left[:len(buffer)], self.left[len(buffer):]
        buffer[:len(piece)] = piece
        return len(piece)


if library == "requests":
    import requests
    session = requests.Session()

    def opened(link):
        response = session.get(link, stream=True)
        response.raise_for_status()
        return response.raw
else:
    import httpx
    session = httpx.Client()

    def opened(link):
        response = session.send(session.build_request("GET", link), stream=True)
        response.raise_for_status()
        return io.BufferedReader(Chunks(response.iter_raw()), 1 << 16)

records = size = 0
for link in links:
    with gzip.GzipFile(fileobj=opened(link)) as lines:
        for line in lines:
            records += 1
            size += len(json.loads(line)) if form == "dicts" else len(line) - 1
session.close()
print(records, size)
