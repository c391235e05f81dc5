"""The platform as processes that a test kills: a broker, four services one by one as containers run them.

Ports are taken from below the range that the kernel gives to outgoing connections, so that nobody else has a
port while its owner is dead.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nats
import orjson
from nats.js.api import DeliverPolicy

from services import SERVICES
from shared.auth import TokenSigner, make_key
from shared.bus import STREAM, Bus
from shared.context import Principal
from shared.settings import ServiceSettings
from tests.servers import LOOPBACK, NatsServer

ROOT = Path(__file__).parents[2]
KEY = "sl_test_" + "f" * 43
READY_WITHIN = 60.0
LOOK = 0.02

DatabaseFor = Callable[[str], str]


def steady_port() -> int:
    """Return a free port of loopback that no outgoing connection is given while its owner is away."""
    while True:
        port = random.randint(12_000, 31_000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                listener.bind(("127.0.0.1", port))
                return port


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, within: float = READY_WITHIN) -> None:
    """Look every few milliseconds until a condition holds; raises TimeoutError that says what did not come."""
    end = time.monotonic() + within
    while True:
        holds = condition()
        if await holds if isinstance(holds, Awaitable) else holds:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {within:.0f} s")
        await asyncio.sleep(LOOK)


class Nursery:
    """Has all services imported, and starts them by fork; see `nursery.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._read() == b"ready"

    def start(self, name: str, environment: dict[str, str], log: Path) -> int:
        """Fork a service and return its process id."""
        pid = self._ask({"start": name, "environment": environment, "log": str(log)})
        assert pid is not None
        return pid

    def ended(self, pid: int) -> int | None:
        """Return a service's exit status, negative for a signal, or None while it lives; asked once after the end."""
        return self._ask({"ended": pid})

    def close(self) -> None:
        """End, and with it whatever still lives of its children."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, order: dict[str, Any]) -> int | None:
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(order) + b"\n")
        self._process.stdin.flush()
        answer: int | None = orjson.loads(self._read())
        return answer

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass
class Site:
    """What the processes of one platform are told: where everything is."""

    folder: Path
    broker: NatsServer
    database_urls: Mapping[str, str]
    ports: dict[str, int] = field(default_factory=lambda: {name: steady_port() for name in SERVICES})
    also: dict[str, str] = field(default_factory=dict)
    """What else services are told from their next start on, by name without `SHARELOAD_`."""

    def __post_init__(self) -> None:
        key = make_key()
        (self.folder / "signing-key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
        (self.folder / "token-keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service is told."""
        shared = {
            "ENVIRONMENT": "test",
            "DATA_DIR": str(self.folder),
            "NATS_URL": self.broker.url,
            "TOKEN_KEYS": str(self.folder / "token-keys.json"),
            "CLOCK_FILE": str(self.folder / "clock"),
            "DATABASE_URL": self.database_urls[name],
            "GATEWAY_SIGNING_KEY": str(self.folder / "signing-key.json"),
            "GATEWAY_BOOTSTRAP_KEY": KEY,
            "PUBLIC_URL": self.url("gateway"),
            f"{name.upper()}_PORT": str(self.ports[name]),
            **{f"GATEWAY_{service.upper()}_URL": self.url(service) for service in SERVICES if service != "gateway"},
        }
        own = {key: value for key, value in os.environ.items() if not key.startswith("SHARELOAD_")}
        return own | {f"SHARELOAD_{key}": value for key, value in (shared | self.also).items()}

    def url(self, name: str) -> str:
        """Return where a service is reached."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def client(self) -> httpx.AsyncClient:
        """Return a client of the gateway with all rights."""
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.AsyncClient(base_url=self.url("gateway"), headers=headers, timeout=30, verify=LOOPBACK)

    def client_of(self, name: str, *scopes: str) -> httpx.AsyncClient:
        """Return a client straight at a service, with a token that the gateway would give somebody with these rights."""
        principal = Principal(id="key:operator", scopes=frozenset(scopes))
        token = TokenSigner(self.folder / "signing-key.json").token(principal, name)
        headers = {"Shareload-Caller": token}
        return httpx.AsyncClient(base_url=self.url(name), headers=headers, timeout=30, verify=LOOPBACK)


@dataclass(kw_only=True)
class Fleet(Site):
    """Four services as processes, each of which can be killed, started again, or started so that it will die."""

    nursery: Nursery
    pids: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)

    def start(self, name: str, fault: str = "") -> None:
        """Start a service; `fault` says where it shall die."""
        environment = self.environment(name) | ({"SHARELOAD_FAULT": fault} if fault else {})
        self.pids[name] = self.nursery.start(name, environment, self.folder / f"{name}.log")

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a process; the kernel keeps what one that was killed had written."""
        os.kill(self.pids[name], how)

    def status(self, name: str) -> int | None:
        """Return how a service's last process ended, negative for a signal, or None while it lives."""
        pid = self.pids[name]
        if pid not in self.statuses:
            status = self.nursery.ended(pid)
            if status is None:
                return None
            self.statuses[pid] = status
        return self.statuses[pid]

    async def gone(self, name: str, within: float = READY_WITHIN) -> int:
        """Wait until a service's process has ended; return how."""
        await until(lambda: self.status(name) is not None, f"the end of {name}", within)
        return self.statuses[self.pids[name]]

    async def state(self, name: str) -> dict[str, Any]:
        """Return what a service says of itself; empty while it does not answer."""
        with contextlib.suppress(httpx.TransportError):
            async with httpx.AsyncClient(timeout=5, verify=LOOPBACK) as client:
                state: dict[str, Any] = (await client.get(f"{self.url(name)}/readyz")).json()
                return state
        return {}

    async def ready(self, *names: str) -> None:
        """Wait until services are ready; raises when one dies on the way."""
        end = time.monotonic() + READY_WITHIN
        for name in names or SERVICES:
            while (await self.state(name)).get("status") != "ready":
                if self.status(name) is not None or time.monotonic() > end:
                    raise AssertionError(f"{name} is not ready:\n{self.last_words(name)}")
                await asyncio.sleep(LOOK)

    async def settled(self, within: float) -> float:
        """Wait until every event is published and handled everywhere; return how many seconds it took."""
        began = time.monotonic()
        calm = 0
        while calm < 2:
            states = {name: await self.state(name) for name in SERVICES}
            calm = calm + 1 if all(is_calm(state) for state in states.values()) else 0
            if time.monotonic() - began > within:
                raise TimeoutError(f"not settled within {within:.0f} s: {states}")
            await asyncio.sleep(LOOK)
        return time.monotonic() - began

    def last_words(self, name: str) -> str:
        """Return the end of a service's log."""
        log = self.folder / f"{name}.log"
        return log.read_bytes()[-4000:].decode(errors="replace") if log.exists() else ""

    def kill_all(self) -> None:
        """Leave nothing behind, whatever happened."""
        for name in self.pids:
            if self.status(name) is None:
                self.kill(name)

    async def stop(self) -> None:
        """End all that runs, in order."""
        living = [name for name in self.pids if self.status(name) is None]
        for name in living:
            self.kill(name, signal.SIGTERM)
        for name in living:
            await self.gone(name, within=15)


def is_calm(state: dict[str, Any]) -> bool:
    """Say whether a service has nothing left to tell or to handle."""
    return (
        state.get("status") == "ready"
        and state["broker"] == "up"
        and not state["outbox_waiting"]
        and not state["consumer_lag"]
    )


@contextlib.asynccontextmanager
async def run_fleet(nursery: Nursery, folder: Path, database_for: DatabaseFor) -> AsyncIterator[Fleet]:
    """Run broker and services for one test, in a folder that is there."""
    broker = NatsServer(folder / "nats", port=steady_port())
    fleet = Fleet(folder, broker, {name: database_for(name) for name in SERVICES}, nursery=nursery)
    try:
        broker.start()
        for name in SERVICES:
            fleet.start(name)
        await fleet.ready()
        yield fleet
        await fleet.stop()
    finally:
        fleet.kill_all()
        broker.stop()


@contextlib.asynccontextmanager
async def bus_to(url: str) -> AsyncIterator[Bus]:
    """Connect to a broker as a test that looks on."""
    bus = Bus(ServiceSettings(nats_url=url), "onlooker")
    await bus.start()
    try:
        async with asyncio.timeout(10):
            await bus.wait_connected()
        yield bus
    finally:
        await bus.stop()


async def read_stream(url: str) -> list[tuple[str, bytes]]:
    """Return id and body of each message on the stream, in order, repeats included."""
    client = await nats.connect(url.split(","))
    try:
        js = client.jetstream()
        waiting = (await js.stream_info(STREAM)).state.messages
        messages: list[tuple[str, bytes]] = []
        if not waiting:
            return messages
        subscription = await js.subscribe(">", stream=STREAM, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL)
        while len(messages) < waiting:
            message = await subscription.next_msg(timeout=10)
            messages.append(((message.headers or {})["Nats-Msg-Id"], message.data))
        return messages
    finally:
        await client.close()
