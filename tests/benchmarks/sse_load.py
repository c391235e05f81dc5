"""Many listeners on one event stream, in one process that only counts.

`python -m tests.benchmarks.sse_load URL CLIENTS SECONDS HEADER` prints "connected", waits for a line on its standard
input, then prints deliveries a second and the latency from the event's `time` to its arrival.
"""

import asyncio
import json
import re
import sys
import time
from datetime import datetime
from urllib.parse import urlsplit

import uvloop

TIME = re.compile(rb'"time":"([^"]+)"')
SAMPLED = 20
"""Every so-manyth client also takes the time: all of them would measure the clock."""


class Ear(asyncio.Protocol):
    """One listener."""

    def __init__(self, request: bytes, total: list[int], latencies: list[float], *, timed: bool) -> None:
        self.request = request
        self.total = total
        self.latencies = latencies
        self.timed = timed
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            assert data.startswith(b"HTTP/1.1 200"), data[:200]
            self.open.set_result(None)
        self.total[0] += data.count(b"\nevent: ")
        if self.timed:
            now = time.time()
            self.latencies += [now - datetime.fromisoformat(told.decode()).timestamp() for told in TIME.findall(data)]


async def measure(url: str, clients: int, seconds: float, headers: list[str]) -> dict[str, float]:
    """Open all listeners, then count for some seconds."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", *headers]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    total, latencies = [0], list[float]()
    loop = asyncio.get_running_loop()
    for number in range(clients):
        timed = number % SAMPLED == 0
        _, ear = await loop.create_connection(
            lambda timed=timed: Ear(request, total, latencies, timed=timed),  # type: ignore[misc]
            parts.hostname or "",
            parts.port or 80,
        )
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
    _, target, count, duration, *extra = sys.argv
    print(json.dumps(uvloop.run(measure(target, int(count), float(duration), extra))), flush=True)
