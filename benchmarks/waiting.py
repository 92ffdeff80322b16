"""A service with jobs that run for a while, and a count of what is asked of it.

    python3 waiting.py JOBS SECONDS

Prints its port and ends when its standard input does. Crustdata's list and jobs: job i of JOBS ends
i/JOBS of SECONDS after the first request, and as far as that its count grows. /counts tells the
requests so far and the most in one round, and begins anew, time included. A round ends where
nobody asks for RESTS seconds.
"""
import asyncio
import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

PAGE, UNITS, RESTS = 100, 100, 0.15


class Service:
    def __init__(self, jobs, seconds):
        self.jobs, self.seconds = jobs, seconds
        self.forget()

    def forget(self):
        self.began = None
        self.rounds, self.last = [], 0.0

    def note(self):
        """A request more, in this round or in a new one."""
        now = time.time()
        if self.began is None:
            self.began = now
        if not self.rounds or now - self.last > RESTS:
            self.rounds.append(0)
        self.rounds[-1] += 1
        self.last = now

    def row(self, number):
        lasts = (number + 1) / self.jobs * self.seconds
        share = min((time.time() - self.began) / lasts, 1)
        done = int(UNITS * share)
        return {"batch_id": f"job-{number}", "status": "completed" if share == 1 else "processing", "entity": "company",
                "action": "enrich", "identifier_count": UNITS, "result_count": done, "entities_requested": UNITS,
                "entities_fulfilled": done, "created_at": None, "completed_at": None,
                "ends_at_ms": int((self.began + lasts) * 1000)}

    def answer(self, target):
        """The status line and the document."""
        if target.path == "/counts":
            found = {"requests": sum(self.rounds), "rounds": len(self.rounds), "most": max(self.rounds, default=0)}
            self.forget()
            return "200 OK", found
        self.note()
        if target.path == "/batch":
            query = parse_qs(target.query)
            first = int(query.get("cursor", ["0"])[0])
            end = min(first + PAGE, self.jobs)
            return "200 OK", {"jobs": [self.row(number) for number in range(first, end)],
                              "next_cursor": str(end) if end < self.jobs else None, "has_more": end < self.jobs}
        return "200 OK", self.row(int(target.path.rpartition("-")[2]))


class Connection(asyncio.Protocol):
    def __init__(self, service):
        self.service, self.pending = service, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, _, self.pending = self.pending.partition(b"\r\n\r\n")
            status, document = self.service.answer(urlsplit(head.split(b" ", 2)[1].decode()))
            body = json.dumps(document, separators=(",", ":")).encode()
            lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
            self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)


async def main(jobs, seconds):
    loop = asyncio.get_running_loop()
    service = Service(int(jobs), float(seconds))
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
