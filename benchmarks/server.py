"""The server that is slow, busy or silent on purpose, the same for all who are compared.

    python3 server.py PAGES SMALL

Prints its port and ends when its standard input does. The first segment of the path says how it
behaves, so that a base URL chooses:

    /after/MS/SET/...   a canned page of that folder of PAGES, after so many milliseconds; /parts-N/batch/...
                        instead of SET is a finished job of N parts, all the file in SMALL
    /down/...           503, with a wait of 1 ms, and counted under the last segment of the path
    /busy/...           503, with a wait of 60 s
    /mute/...           never answers
    /stall/...          half an answer, then nothing
    /counts             what was counted, and begins anew
"""
import asyncio
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import records

counts = {}


def answer(status, body, *headers):
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


DOWN = b'{"error":{"type":"internal_error","message":"Overloaded.","metadata":[]}}'
HALF = answer("200 OK", b'{"batch_id":"any","status":"completed",' + b" " * 4096)[:-2048]


def load(folder):
    """Whole answers by set, service, and cursor or page number: serving them costs no reading."""
    return {(*path.parts[-3:-1], path.stem): answer("200 OK", path.read_bytes())
            for path in folder.glob("*/*/*.json")}


class Connection(asyncio.Protocol):
    def __init__(self, loop, pages, part, count):
        self.loop, self.pages, self.part, self.count = loop, pages, part, count
        self.pending = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, _, self.pending = self.pending.partition(b"\r\n\r\n")
            self.answer(urlsplit(head.split(b" ", 2)[1].decode()), head)

    def late(self, path, query, head):
        """What /after/MS/... answers."""
        name, _, rest = path.split("/", 3)[3].partition("/")
        if not name.startswith("parts-"):
            if "page" in query:
                return self.pages[name, "spidra", query["page"][0]]
            return self.pages[name, "crustdata", query.get("cursor", ["first"])[0]]
        if not rest.startswith("batch/"):
            return self.part
        # nginx says where it was asked, and that is where the parts are too.
        front = re.search(rb"^X-Front: (.*?)\r?$", head, re.MULTILINE).group(1).decode()
        count = int(name.partition("-")[2])
        links = [front + path.partition("batch/")[0] + str(number) for number in range(count)]
        return answer("200 OK", records.job(links, count * self.count))

    def answer(self, target, head):
        how, _, rest = target.path[1:].partition("/")
        if how == "after":
            found = self.late(target.path, parse_qs(target.query), head)
            self.loop.call_later(int(rest.partition("/")[0]) / 1000, self.transport.write, found)
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
    pages, folder = load(Path(sys.argv[1])), Path(sys.argv[2])
    part = answer("200 OK", (folder / records.SMALL).read_bytes(), 'ETag: "small"')
    count = int((folder / "count").read_text())
    server = await loop.create_server(lambda: Connection(loop, pages, part, count), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
