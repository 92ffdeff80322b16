"""The server of results larger than memory: it says the same thing again and again.

    python3 large.py MEMBERS BLOCKS

Prints its port and ends when its standard input does.

    /N/batch/...        crustdata: a finished job whose lines are MEMBERS times those of member(), in
                        N gzip parts; the job's id has to be records.ID
    /batch/scrape/...   spidra: a finished job whose items are BLOCKS times those of block()
"""
import contextlib
import gzip
import json
import random
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import records

MEMBER_SIZE = 8 << 20
BLOCK_ITEMS = 64
TIMES = {"startedAt": "2026-01-15T10:00:01Z", "finishedAt": "2026-01-15T10:00:02.500Z"}


def member():
    """8 MiB of lines that gzip makes twenty times smaller: a few records told again and again, each
    time with some other digits. The last one is filled up to the very size."""
    writer, dice = records.Writer(5), random.Random(5)
    known = [json.loads(writer.record(number)) for number in range(24)]
    lines, left = [], MEMBER_SIZE
    while True:
        record = known[len(lines) % len(known)]
        record["internal_id"], record["data"]["connections"] = dice.getrandbits(60), dice.getrandbits(40)
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        if left < 2 * len(line):
            return lines + [line[:-2] + b" " * (left - len(line)) + line[-2:]]
        lines.append(line)
        left -= len(line)


def block():
    """Items of some kilobytes each: a page's text, with what JSON has to escape in it."""
    writer = records.Writer(6)
    items = []
    for number in range(BLOCK_ITEMS):
        text = "\n\n".join(f'## "{writer.dice.choice(writer.names)}"\n{writer.dice.choice(writer.texts)}'
                           for _ in range(writer.dice.randrange(5, 40)))
        items.append(json.dumps({
            "uuid": f"item-{number}", "url": f"https://shop.example/{number}", "jobId": f"work-{number}",
            "status": "completed", "result": {"content": text, "links": ["https://shop.example/é"] * (number % 9)},
            "error": None, "creditsUsed": 2, **TIMES, "screenshotUrl": None}, separators=(",", ":")).encode())
    return items


def scrape_job(items, blocks):
    """What stands before the items, the items once, and what stands behind."""
    total = len(items) * blocks
    head = {"status": "completed", "totalUrls": total, "completedCount": total, "failedCount": 0}
    tail = {"createdAt": "2026-01-15T10:00:00Z", "finishedAt": "2026-01-15T10:01:30Z"}
    return (json.dumps(head).encode()[:-1] + b',"items":[', b",".join(items),
            b"]," + json.dumps(tail).encode()[1:])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path.startswith("/batch/scrape/"):
            head, items, tail = self.server.scrape
            self.answer("application/json", head, items, b"," + items, self.server.blocks, tail)
        elif "/batch/" in self.path:
            parts = int(self.path.split("/")[1])
            links = [f"http://{self.headers['Host']}/{parts}/part-{part}" for part in range(parts)]
            self.answer("application/json", records.job(links, self.server.lines * self.server.members))
        else:
            parts = int(self.path.split("/")[1])
            self.answer("application/gzip", b"", self.server.member, self.server.member, self.server.members // parts)

    def answer(self, kind, head, first=b"", again=b"", times=0, tail=b""):
        """`first`, then `again` until there are `times` of them; between `head` and `tail`."""
        length = len(head) + (len(first) + len(again) * (times - 1) if times else 0) + len(tail)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{length:x}"')
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # nobody has to take all of it
            self.wfile.write(head)
            for number in range(times):
                self.wfile.write(again if number else first)
            self.wfile.write(tail)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.members, server.blocks = map(int, sys.argv[1:])
    lines = member()
    server.lines, server.member = len(lines), gzip.compress(b"".join(lines), records.LEVEL, mtime=0)
    server.scrape = scrape_job(block(), server.blocks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
