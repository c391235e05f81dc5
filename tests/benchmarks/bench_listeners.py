"""The event stream with 1,000 listeners, and then with 1,000 more beside them who take nothing.

Everything runs in processes of its own on loopback. Run it with `python -m tests.benchmarks.bench_listeners`.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

import nats
import orjson

from shared.ids import new_id
from tests.benchmarks.bench_gateway import AUTHORIZATION, Places, everything
from tests.benchmarks.processes import ROOT
from tests.benchmarks.table import Row, print_table

LISTENERS = 1000
EVENTS_PER_SECOND = 50
SECONDS = 6.0
ROUNDS = 2
LARGEST = 64 * 1024
"""Bytes that somebody who takes nothing may cost; the server holds back at that much in a connection."""


@dataclass
class Heard:
    """What listeners got, in deliveries a second and milliseconds, and what each of them cost in bytes."""

    rate: float
    p50: float
    p99: float
    each: float


def resident(pid: int) -> int:
    """Return a process's memory in bytes, its share of what is shared."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise LookupError(pid)


async def tell_events(url: str, seconds: float) -> None:
    """Publish posts on the stream, evenly."""
    client = await nats.connect(url)
    end = time.monotonic() + seconds
    at = time.monotonic()
    while time.monotonic() < end:
        event, now = new_id(), datetime.now(UTC).isoformat()
        body = {
            "specversion": "1.0", "id": event, "source": "/monitoring", "type": "monitoring.post.received.v1",
            "subject": f"post/{event}", "time": now, "datacontenttype": "application/json", "aggregateversion": 1,
            "data": {"id": event, "network": "bluesky", "network_id": event, "kind": "mention", "author": "@bench", "text": "x" * 120, "posted_at": now},
        }  # fmt: skip
        await client.publish(f"monitoring.post.received.v1.{event}", orjson.dumps(body), headers={"Nats-Msg-Id": event})
        at += 1 / EVENTS_PER_SECOND
        await asyncio.sleep(max(0.0, at - time.monotonic()))
    await client.close()


@contextlib.contextmanager
def connected(places: Places, listeners: int, how: str = "") -> Iterator[subprocess.Popen[str]]:
    """Open so many streams from a process of its own; a line on its input makes it begin."""
    arguments = [
        *(sys.executable, "-m", "tests.benchmarks.sse_load", f"{places.gateway}/v1/events?types=monitoring"),
        *(str(listeners), str(SECONDS), how, AUTHORIZATION),
    ]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "connected\n"
        try:
            yield running
        finally:
            running.kill()


def listen(places: Places) -> Heard:
    """Let a thousand listeners hear every event for a while."""
    before = resident(places.gateway_pid)
    with connected(places, LISTENERS) as listeners:
        assert listeners.stdin is not None
        assert listeners.stdout is not None
        each = (resident(places.gateway_pid) - before) / LISTENERS
        listeners.stdin.write("go\n")
        listeners.stdin.flush()
        asyncio.run(tell_events(places.nats, SECONDS + 1))
        return Heard(**json.loads(listeners.stdout.readline()), each=each)


def beside_stalled(places: Places) -> Heard:
    """Let them hear beside as many who take nothing, for whom as many events wait already.

    `each` is all that the gateway takes then, for each of those who take nothing.
    """
    with connected(places, LISTENERS, "stalled"):
        asyncio.run(tell_events(places.nats, SECONDS))
        return replace(listen(places), each=resident(places.gateway_pid) / LISTENERS)


def run() -> list[Row]:
    """Measure both in turn, and take the better of each, so that a busy machine is not taken for slow clients."""
    with everything() as places:
        before = resident(places.gateway_pid)
        rounds = [(listen(places), beside_stalled(places)) for _ in range(ROUNDS)]
        alone, beside = (min(heard, key=attrgetter("p99")) for heard in zip(*rounds, strict=True))
    held = max(beside.each for _, beside in rounds) - before / LISTENERS
    # Only the first find the gateway as it started; later ones get what others gave back.
    each = rounds[0][0].each
    offered = LISTENERS * EVENTS_PER_SECOND
    return [
        Row("1,000 listeners, deliveries", alone.rate / offered, f"{offered:,}/s offered", ">= 0.8 (40k/s)", words(alone)),
        Row("memory of a listener", each / 20_480, "20 KB", "< 1", f"{each / 1024:.1f} KB"),
        Row("p99 beside 1,000 who take nothing", beside.p99 / alone.p99, f"without them, {alone.p99:.0f} ms", "<= 1.5", words(beside)),
        Row("memory of one who takes nothing", held / LARGEST, "64 KB", "< 1", f"{held / 1024:.1f} KB, all that the gateway grew by"),
    ]  # fmt: skip


def words(heard: Heard) -> str:
    """Say what was measured."""
    return f"{heard.rate:,.0f} deliveries/s, p50 {heard.p50:.0f} ms, p99 {heard.p99:.0f} ms"


if __name__ == "__main__":
    print_table(run())
