"""The server that is slow, busy or silent on purpose, the same for all who are compared.

    python3 server.py PAGES DELAY_MS

Prints its port and ends when its standard input does. The first segment of the path says how it
behaves, so that a base URL chooses:

    /late/...   a canned page from PAGES, after DELAY_MS
    /down/...   503, with a wait of 1 ms, and counted under the last segment of the path
    /busy/...   503, with a wait of 60 s
    /mute/...   never answers
    /stall/...  half an answer, then nothing
    /counts     what was counted, and begins anew
"""
import asyncio
import json
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

counts = {}


def answer(status, body, *headers):
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


DOWN = b'{"error":{"type":"internal_error","message":"Overloaded.","metadata":[]}}'
HALF = answer("200 OK", b'{"batch_id":"any","status":"completed",' + b" " * 4096)[:-2048]


def load(folder):
    """Whole answers by service and by cursor or page number: serving them costs no reading."""
    return {(path.parent.name, path.stem): answer("200 OK", path.read_bytes())
            for path in folder.glob("*/*.json")}


class Connection(asyncio.Protocol):
    def __init__(self, loop, pages, delay):
        self.loop, self.pages, self.delay = loop, pages, delay
        self.pending = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, _, self.pending = self.pending.partition(b"\r\n\r\n")
            self.answer(urlsplit(head.split(b" ", 2)[1].decode()))

    def answer(self, target):
        how, _, rest = target.path[1:].partition("/")
        if how == "late":
            query = parse_qs(target.query)
            key = ("spidra", query["page"][0]) if "page" in query else ("crustdata", query.get("cursor", ["first"])[0])
            self.loop.call_later(self.delay, self.transport.write, self.pages[key])
        elif how == "down":
            name = rest.rpartition("/")[2]
            counts[name] = counts.get(name, 0) + 1
            self.transport.write(answer("503 Service Unavailable", DOWN, "Retry-After-Ms: 1"))
        elif how == "busy":
            self.transport.write(answer("503 Service Unavailable", DOWN, "Retry-After: 60"))
        elif how == "stall":
            self.transport.write(HALF)
        elif how == "counts":
            self.transport.write(answer("200 OK", json.dumps(counts).encode()))
            counts.clear()


async def main():
    loop = asyncio.get_running_loop()
    pages, delay = load(Path(sys.argv[1])), int(sys.argv[2]) / 1000
    server = await loop.create_server(lambda: Connection(loop, pages, delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
