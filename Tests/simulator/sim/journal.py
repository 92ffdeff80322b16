"""Every request the simulator has seen, for tests that assert on what a client sent."""
from __future__ import annotations

import threading
from typing import Any, Dict, List

from .http1 import Request

Entry = Dict[str, Any]


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: List[Entry] = []
        self._counters: Dict[str, int] = {}

    def add(self, service: str, operation: str, request: Request) -> Entry:
        entry: Entry = {
            "service": service, "operation": operation, "method": request.method,
            "target": request.target, "headers": [list(pair) for pair in request.headers],
            "connection": request.connection, "status": None,
        }
        with self._lock:
            entry["number"] = len(self._entries) + 1
            self._entries.append(entry)
        return entry

    def count(self, name: str) -> None:
        with self._lock:
            self._counters[name] = self._counters.get(name, 0) + 1

    def report(self) -> Dict[str, Any]:
        with self._lock:
            return {"count": len(self._entries), "counters": dict(self._counters),
                    "requests": list(self._entries)}

    def clear(self) -> None:
        with self._lock:
            self._entries = []
            self._counters = {}
