"""The whole platform in a test's own event loop: four services over real HTTP, a real broker, real databases."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from services.gateway import app as gateway
from services.gateway.domain import event_log
from services.gateway.settings import GatewaySettings
from services.monitoring import app as monitoring
from services.monitoring.domain.posts import judging
from services.monitoring.settings import MonitoringSettings
from services.policy import app as policy
from services.policy.settings import PolicySettings
from services.training import app as training
from services.training.settings import TrainingSettings
from shared.auth import TokenSigner, make_key
from shared.backbone import Backbone
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.draining import DrainingProtocol, DrainingServer
from tests.servers import LOOPBACK

SERVICES = ("policy", "training", "monitoring")
AREAS = ("policies", "team", "people", "certificates", "training", "monitoring", "conversations", "events", "admin")
SCOPES = frozenset(f"{area}:{right}" for area in AREAS for right in ("read", "write")) | {"internal"}
KEY = "sl_test_" + "k" * 43
SETTLED_WITHIN = 30.0

DatabaseFor = Callable[[str], str]


@dataclass
class Running:
    """One service of the platform, serving on a port of loopback."""

    app: FastAPI
    url: str
    server: uvicorn.Server
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """Answer what is under way, then end."""
        self.server.should_exit = True
        await self.task


@dataclass
class Platform:
    """What a test holds: `client` asks the gateway with a key of all scopes, `services[name]` asks a service itself."""

    folder: Path
    nats_url: str
    database_for: DatabaseFor
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    running: dict[str, Running] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    services: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _clients: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def start(self) -> None:
        """Start all services and wait until each is ready."""
        self._write_secrets()
        for name in SERVICES:
            await self.start_service(name)
        await self.start_service("gateway")
        self.client = await self.client_for(headers={"Authorization": f"Bearer {KEY}"})
        signer = TokenSigner(self.folder / "gateway-key.json")
        for name in SERVICES:
            headers = {"Shareload-Caller": signer.token(Principal(id="key:test", scopes=SCOPES), name)}
            client = httpx.AsyncClient(base_url=self.running[name].url, headers=headers, timeout=30, verify=LOOPBACK)
            self.services[name] = await self._clients.enter_async_context(client)

    def _write_secrets(self) -> None:
        key = make_key()
        (self.folder / "gateway-key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
        (self.folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
        (self.folder / "logins.json").write_text("{}")

    async def start_service(self, name: str) -> None:
        """Start one service, on a new port or, after `stop_service`, on the one it had."""
        # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        before = self.running.get(name)
        listener.bind(("127.0.0.1", int(before.url.rsplit(":", 1)[1]) if before else 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = self._create(name, url)
        app.state.clock = self.clock
        server = DrainingServer(
            app, uvicorn.Config(app, http=DrainingProtocol, log_config=None, lifespan="on", timeout_graceful_shutdown=2)
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            if task.done():
                await task
                raise RuntimeError(f"{name} ended at its start")
            await asyncio.sleep(0.005)
        self.running[name] = Running(app, url, server, task)

    def _create(self, name: str, url: str) -> FastAPI:
        shared: dict[str, Any] = {
            "environment": "test",
            "data_dir": self.folder,
            "nats_url": self.nats_url,
            "token_keys": self.folder / "keys.json",
            "database_url": self._database(name),
            "log_level": "error",
        }
        if name == "policy":
            return policy.create_app(PolicySettings(**shared))
        if name == "training":
            return training.create_app(TrainingSettings(**shared))
        if name == "monitoring":
            return monitoring.create_app(MonitoringSettings(**shared))
        urls: dict[str, Any] = {f"{service}_url": self.running[service].url for service in SERVICES}
        return gateway.create_app(
            GatewaySettings(
                **shared,
                **urls,
                signing_key=self.folder / "gateway-key.json",
                bootstrap_key=SecretStr(KEY),
                logins_file=self.folder / "logins.json",
                public_url=url,
            )
        )

    def _database(self, name: str) -> str:
        """Return a service's database, the same one after a restart."""
        if name not in self.databases:
            self.databases[name] = self.database_for(name)
        return self.databases[name]

    async def stop_service(self, name: str) -> None:
        """Stop one service in order; its database and port stay its own."""
        await self.running[name].stop()

    async def stop(self) -> None:
        """Stop everything, the gateway first."""
        await self._clients.aclose()
        for name in ("gateway", *SERVICES):
            if name in self.running:
                await self.running[name].stop()

    async def client_for(self, **options: Any) -> httpx.AsyncClient:
        """Return a client of the gateway that is closed with the platform."""
        client = httpx.AsyncClient(base_url=self.running["gateway"].url, timeout=30, verify=LOOPBACK, **options)
        return await self._clients.enter_async_context(client)

    async def as_person(self, employee_number: str, role: str = "employee") -> httpx.AsyncClient:
        """Return a client that has signed in as a person with a role."""
        logins = json.loads((self.folder / "logins.json").read_text())
        logins[role] = {"user": employee_number, "password": f"pass-{employee_number}"}
        (self.folder / "logins.json").write_text(json.dumps(logins))
        client = await self.client_for(headers={"Origin": self.running["gateway"].url})
        form = {"user": employee_number, "password": f"pass-{employee_number}"}
        answer = await client.post("/sign-in", data=form)
        assert answer.status_code in {200, 303}, answer.text
        return client

    @property
    def backbones(self) -> list[Backbone]:
        """The event backbone of each running service."""
        return [running.app.state.backbone for running in self.running.values() if not running.task.done()]

    async def settle(self) -> None:
        """Wait until every event told is published and handled by all, and so is what that told."""
        end = asyncio.get_running_loop().time() + SETTLED_WITHIN
        calm = 0
        while calm < 2:
            calm = calm + 1 if await self._is_settled() else 0
            if asyncio.get_running_loop().time() > end:
                states = {name: await running.app.state.backbone.state() for name, running in self.running.items()}
                raise TimeoutError(f"not settled: {states}")
            await asyncio.sleep(0.01)

    async def _is_settled(self) -> bool:
        """Ask one after the other, and nobody else once one has something to do: whoever asks takes its time."""
        for backbone in self.backbones:
            if not await backbone.settled():
                return False
        return await self._all_is_judged() and await self._all_is_read()

    async def _all_is_read(self) -> bool:
        """Say whether what the gateway keeps in memory has followed its log of events to the end."""
        running = self.running.get("gateway")
        if running is None or running.task.done():
            return True
        state = running.app.state
        extent = await state.db.read(event_log.extent)
        return (state.doors.tail.epoch, state.doors.tail.position) == (extent.epoch, extent.newest)

    async def _all_is_judged(self) -> bool:
        """Say whether no post waits for rules that are being compiled."""
        running = self.running.get("monitoring")
        return running is None or running.task.done() or not await running.app.state.db.read(judging.any_due)

    async def advance(self, by: timedelta) -> None:
        """Move the clock, run every timer once and settle."""
        self.clock.advance(by)
        for backbone in self.backbones:
            await backbone.tick()
        await self.settle()


@contextlib.asynccontextmanager
async def run_platform(folder: Path, nats_url: str, database_for: DatabaseFor) -> AsyncIterator[Platform]:
    """Run a platform for one test."""
    platform = Platform(folder, nats_url, database_for)
    try:
        await platform.start()
        yield platform
    finally:
        await platform.stop()
