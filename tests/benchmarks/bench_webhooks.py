"""Webhooks: 1,000 events to 100 endpoints, of which 20 take what they are sent and never answer.

The gateway runs in this process, the endpoints in one of their own, on loopback. Run it with
`python -m tests.benchmarks.bench_webhooks`.
"""

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from datetime import datetime
from pathlib import Path

import orjson
import uvloop

from shared.clock import ShiftedClock
from tests.benchmarks.processes import ROOT
from tests.benchmarks.table import Row, print_table
from tests.gateway.telling import Receiver, Telling, settings_for, subjects, telling
from tests.servers import NatsServer

EVENTS = 1000
AT_ONCE = 10
PER_SECOND = 20
HEALTHY, HANGING = 80, 20
ROUNDS = 2
PATIENCE = 120.0


class Endpoint(asyncio.Protocol):
    """One connection to an endpoint: below /hang nothing is answered; else it is noted how late an event came."""

    delays: list[float] = []  # noqa: RUF012  of all connections together

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole message."""
        assert self._transport is not None
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or head.startswith(b"POST /hang"):
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
        if len(rest) >= length:
            self._received = rest[length:]
            told = datetime.fromisoformat(orjson.loads(rest[:length])["time"])
            self.delays.append(time.time() - told.timestamp())
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def receive() -> None:
    """Serve all endpoints; say where, and at the end what was heard."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Endpoint, "127.0.0.1", 0, backlog=1000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    wanted = int(await asyncio.to_thread(sys.stdin.readline))
    end = loop.time() + PATIENCE
    while len(Endpoint.delays) < wanted and loop.time() < end:  # noqa: ASYNC110  nothing tells the end of a storm
        await asyncio.sleep(0.05)
    sys.stdout.write(json.dumps(sorted(Endpoint.delays)) + "\n")


async def tell(gateway: Telling) -> float:
    """Tell all events evenly, and return how many seconds that took."""
    began = time.monotonic()
    for number in range(EVENTS // AT_ONCE):
        await gateway.happen(*subjects(AT_ONCE), department="Care", name="x" * 200)
        await asyncio.sleep(max(0.0, began + (number + 1) * AT_ONCE / PER_SECOND - time.monotonic()))
    return time.monotonic() - began


async def storm(folder: Path, nats_url: str, hanging: int) -> tuple[list[float], float]:
    """Tell all endpoints; return the healthy ones' delays in seconds, and deliveries a second of processor time."""
    url = f"sqlite:///{folder / 'gateway.db'}"
    arguments = [sys.executable, "-m", "tests.benchmarks.bench_webhooks", "receive"]
    endpoints = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=2**26)
    assert endpoints.stdin is not None
    assert endpoints.stdout is not None
    try:
        receiver = Receiver(f"http://127.0.0.1:{int(await endpoints.stdout.readline())}")
        async with telling(settings_for(folder, nats_url, url), ShiftedClock(), receiver) as gateway:
            for number in range(HEALTHY):
                await gateway.webhook(f"/{number}")
            for number in range(hanging):
                await gateway.webhook(f"/hang/{number}")
            used = time.process_time()
            await tell(gateway)
            endpoints.stdin.write(b"%d\n" % (EVENTS * HEALTHY))
            delays: list[float] = orjson.loads(await endpoints.stdout.readline())
            return delays, len(delays) / (time.process_time() - used)
    finally:
        endpoints.kill()
        await endpoints.wait()


def measure(hanging: int) -> tuple[list[float], float]:
    """Run one storm on a store and a broker of its own."""
    with tempfile.TemporaryDirectory() as name:
        nats = NatsServer(Path(name) / "nats")
        nats.start()
        try:
            return uvloop.run(storm(Path(name), nats.url, hanging))
        finally:
            nats.kill()


def late(delays: list[float]) -> float:
    """Return the delay that one in a hundred exceeds."""
    return delays[int(len(delays) * 0.99)]


def run() -> list[Row]:
    """Tell the healthy ones alone and beside those that hang, in turn, and take the better of each."""
    rounds = [(measure(0), measure(HANGING)) for _ in range(ROUNDS)]
    alone, beside = (min((delays for delays, _ in each), key=late) for each in zip(*rounds, strict=True))
    rate = max(rate for _, (_, rate) in rounds)
    p99 = [late(delays) * 1000 for delays in (alone, beside)]
    arrived = len(beside) / (EVENTS * HEALTHY)
    said = f"p50 {beside[len(beside) // 2] * 1000:.0f} ms, p99 {p99[1]:.0f} ms, {arrived:.1%} arrived"
    return [
        Row("webhooks beside 20 that hang, p99", p99[1] / p99[0], f"without them, {p99[0]:.0f} ms", "<= 1.5", said),
        Row("webhooks delivered", rate / 1000, "1,000 a CPU second", ">= 1", f"{rate:,.0f} a CPU second, signed and logged"),
    ]  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["receive"]:
        asyncio.run(receive())
    else:
        print_table(run())
