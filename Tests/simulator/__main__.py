"""Command line of the simulator: start it, print the ready line, wait for the end."""
from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import sys
import threading
from pathlib import Path
from typing import Any, List, Optional

from sim.world import Options, World

FIVE_DAYS = 5 * 24 * 3600


def parse(arguments: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="Simulates four batch-job services.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=120, help="jobs per service")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="first of eight ports, 0 for any free ones")
    parser.add_argument("--ready", metavar="FILE", help="also write the ready line to this file")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve all but control over TLS")
    parser.add_argument("--time-scale", type=float, default=1.0, help="speed of running jobs, 0 stops them")
    parser.add_argument("--link-ttl", type=int, default=FIVE_DAYS, help="life of signed links in seconds")
    parser.add_argument("--large-records", type=int, default=5000, help="size of Crustdata's large job")
    parser.add_argument("--large-repeat", type=int, default=1,
                        help="how often each part of Crustdata's large job holds its records")
    parser.add_argument("--large-items", type=int, help="items of Spidra's large job")
    parser.add_argument("--item-bytes", type=int, default=20000, help="size of each of these items")
    parser.add_argument("--stdin-guard", action="store_true", help="exit when stdin, a pipe, ends")
    return parser.parse_args(arguments)


def announce(line: str, path: Optional[str]) -> None:
    if path is not None:
        target = Path(path)
        draft = target.with_name(target.name + f".{os.getpid()}")
        draft.write_text(line + "\n")
        os.replace(draft, target)
    print(line, flush=True)


def guard_stdin(ended: threading.Event) -> None:
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def watch() -> None:
        while os.read(0, 4096):
            pass
        ended.set()

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    choice = parse()
    ended = threading.Event()

    def stop(number: int, frame: Any) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    world = World(Options(choice.seed, choice.jobs, choice.host, choice.port,
                          tuple(choice.tls) if choice.tls else None, choice.time_scale,
                          choice.link_ttl, choice.large_records, choice.large_repeat, choice.large_items,
                          choice.item_bytes))
    world.start()
    announce(json.dumps(world.describe()), choice.ready)
    if choice.stdin_guard:
        guard_stdin(ended)
    ended.wait()
    world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
