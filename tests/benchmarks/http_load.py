"""A small load generator: keep-alive connections that each ask again as soon as they are answered.

`python -m tests.benchmarks.http_load URL CONNECTIONS SECONDS [BODY] [HEADER ...]` prints answers a second and
latencies. With a body, a JSON object, it posts: `NUMBER` in it becomes another number each time. Where the environment
names the server's process in `SERVER_PID`, it prints the processor time that an answer took that process, too, which
says more than answers a second where client, server and database share two cores.
"""

import asyncio
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STATUS = re.compile(rb"HTTP/1.1 (\d+)")
NUMBER = b"NUMBER"


class Asker(asyncio.Protocol):
    """One connection; counts answers of known length."""

    def __init__(
        self, request: bytes, numbers: Iterator[int], statuses: dict[int, int], latencies: list[float]
    ) -> None:
        self.request = request
        self.numbers = numbers if NUMBER in request else None
        self.statuses = statuses
        self.latencies = latencies
        self.buffer = b""
        self.sent = 0.0
        self.like = (0, b"", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        request = self.request
        if self.numbers is not None:
            request = request.replace(NUMBER, b"%d" % next(self.numbers))
        self.sent = time.perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        size, start, status = self.like
        if len(data) == size and data.startswith(start) and not self.buffer:
            # As long as the answer before and with its status: no need to read it, and this process keeps up.
            self.count(status)
            return
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        status = int(STATUS.match(self.buffer)[1])  # type: ignore[index]
        length = LENGTH.search(self.buffer, 0, head)
        size = head + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < size:
            return
        self.like = (size, self.buffer[:12], status)
        self.buffer = self.buffer[size:]
        self.count(status)

    def count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies.append(time.perf_counter() - self.sent)
        self.ask()


def request_for(url: str, extra: list[str], number: int) -> bytes:
    """Return what to send: a GET, or a POST where a body is among what was given. Numbers are as long as `number`."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    body = next((one for one in extra if one.startswith("{")), "")
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    if body:
        size = len(body.replace(NUMBER.decode(), str(number)).encode())
        lines += ["Content-Type: application/json", f"Content-Length: {size}"]
    lines += [one for one in extra if one != body]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def measure(url: str, connections: int, seconds: float, extra: list[str]) -> dict[str, object]:
    """Ask for some seconds and return what came."""
    parts = urlsplit(url)
    # From the clock, so that no run meets the numbers of another; all of one length.
    first = time.time_ns() // 1000
    numbers = itertools.count(first)
    request = request_for(url, extra, first)
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(
            lambda: Asker(request, numbers, statuses, latencies), parts.hostname or "", parts.port or 80
        )
    await asyncio.sleep(0.3)
    statuses.clear()
    latencies.clear()
    began, used = time.perf_counter(), processor_time()
    await asyncio.sleep(seconds)
    took, used = time.perf_counter() - began, processor_time() - used
    ordered = sorted(latencies) or [0.0]
    return {
        "rate": len(latencies) / took,
        "p50": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1000,
        "processor": used / max(len(latencies), 1) * 1e6,
        "statuses": statuses,
    }


def processor_time() -> float:
    """Return the seconds of processor time that the server has used, or 0 where none is named."""
    pid = os.environ.get("SERVER_PID")
    if pid is None:
        return 0.0
    times = psutil.Process(int(pid)).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    _, target, count, duration, *extra = sys.argv
    print(json.dumps(uvloop.run(measure(target, int(count), float(duration), extra))))
