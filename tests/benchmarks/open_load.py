"""An open load generator: requests leave at their times, however slow the answers are.

`python -m tests.benchmarks.open_load URL CONNECTIONS RATE SECONDS BODIES [HEADER ...]` posts the lines of the file
BODIES in turn. A latency counts from the moment at which the request was due, also where it had to wait for one of the
connections, so that a server that stalls cannot hide it.
"""

import asyncio
import json
import sys
import time
from collections import deque
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from tests.benchmarks.http_load import LENGTH, STATUS


class Waiter(asyncio.Protocol):
    """One connection, which takes the next request that is due as soon as it is free."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.load.free.append(self)

    def ask(self, due: float, request: bytes) -> None:
        self.due = due
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self.buffer, 0, head)
        if len(self.buffer) < head + 4 + (int(length[1]) if length else 0):
            return
        status = int(STATUS.match(self.buffer)[1])  # type: ignore[index]
        self.buffer = b""
        assert self.due is not None
        self.load.done(self, status, time.perf_counter() - self.due)


class Load:
    """What is due, who is free, and what was measured."""

    def __init__(self) -> None:
        self.free: deque[Waiter] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.under_way = 0
        self.idle = asyncio.Event()

    def ask(self, due: float, request: bytes) -> None:
        self.under_way += 1
        self.idle.clear()
        if self.free:
            self.free.popleft().ask(due, request)
        else:
            self.waiting.append((due, request))

    def done(self, waiter: Waiter, status: int, latency: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies.append(latency)
        self.under_way -= 1
        if not self.under_way:
            self.idle.set()
        if self.waiting:
            waiter.ask(*self.waiting.popleft())
        else:
            self.free.append(waiter)


async def measure(url: str, connections: int, rate: float, seconds: float, requests: list[bytes]) -> dict[str, object]:
    """Ask at a rate for some seconds and return what came; the first second warms up and does not count."""
    parts = urlsplit(url)
    load = Load()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Waiter(load), parts.hostname or "", parts.port or 80)
    bodies = cycle(requests)
    began = time.perf_counter()
    counted = False
    for number in range(int(rate * (seconds + 1))):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if not counted and due - began >= 1:
            counted = True
            load.latencies.clear()
            load.statuses.clear()
        load.ask(due, next(bodies))
    await load.idle.wait()
    ordered = sorted(load.latencies)
    at = {name: ordered[int(len(ordered) * part)] * 1000 for name, part in (("p50", 0.5), ("p99", 0.99))}
    return {**at, "worst": ordered[-1] * 1000, "asked": len(ordered), "statuses": load.statuses}


def requests_for(url: str, bodies: list[bytes], headers: list[str]) -> list[bytes]:
    """Return each body as a POST."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json", *headers]
    head = "\r\n".join(lines)
    return [f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


if __name__ == "__main__":
    _, target, count, per_second, duration, file, *extra = sys.argv
    lines = Path(file).read_bytes().splitlines()
    made = requests_for(target, lines, extra)
    print(json.dumps(uvloop.run(measure(target, int(count), float(per_second), float(duration), made))))
