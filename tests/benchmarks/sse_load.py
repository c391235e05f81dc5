"""Many listeners on one event stream, in one process that only counts.

`python -m tests.benchmarks.sse_load URL CLIENTS SECONDS HOW HEADER` prints "connected", waits for a line on its standard
input, then prints deliveries a second and the latency from the event's `time` to its arrival. Who is `stalled` reads
the head of the answer and nothing more, until the process ends.
"""

import asyncio
import json
import re
import socket
import sys
import time
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

import uvloop

TIME = re.compile(rb'"time":"([^"]+)"')
SAMPLED = 20
"""Every so-manyth client also takes the time: all of them would measure the clock."""


class Ear(asyncio.Protocol):
    """One listener."""

    def __init__(self, request: bytes, total: list[int], latencies: list[float], *, timed: bool, stalled: bool) -> None:
        self.request = request
        self.total = total
        self.latencies = latencies
        self.timed = timed
        self.stalled = stalled
        self.transport: asyncio.Transport | None = None
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            assert data.startswith(b"HTTP/1.1 200"), data[:200]
            self.open.set_result(None)
            if self.stalled and self.transport is not None:
                self.transport.pause_reading()
        self.total[0] += data.count(b"\nevent: ")
        if self.timed:
            now = time.time()
            self.latencies += [now - datetime.fromisoformat(told.decode()).timestamp() for told in TIME.findall(data)]


def connect(host: str, port: int, how: str) -> socket.socket:
    """Connect; a stalled one takes as little as it can before anything is held back at the other end."""
    made = socket.socket()
    if how == "stalled":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect((host, port))
    made.setblocking(False)
    return made


async def measure(url: str, clients: int, seconds: float, how: str, headers: list[str]) -> dict[str, float]:
    """Open all listeners, then count for some seconds."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", *headers]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    total, latencies = [0], list[float]()
    ears = list[Ear]()
    """The loop itself forgets connections that it does not read from, and they close."""
    loop = asyncio.get_running_loop()
    for number in range(clients):
        ear = Ear(request, total, latencies, timed=number % SAMPLED == 0, stalled=how == "stalled")
        ears.append(ear)
        await loop.create_connection(lambda ear=ear: ear, sock=connect(parts.hostname or "", parts.port or 80, how))  # type: ignore[misc]
        await ear.open
    print("connected", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    total[0] = 0
    latencies.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    ordered = sorted(latencies) or [0.0]
    return {
        "rate": total[0] / (time.perf_counter() - began),
        "p50": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1000,
    }


if __name__ == "__main__":
    _, target, count, duration, manner, *extra = sys.argv
    print(json.dumps(uvloop.run(measure(target, int(count), float(duration), manner, extra))), flush=True)
