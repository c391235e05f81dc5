"""The gateway alone, over ASGI, with endpoints of a test's own that it tells of events: real database, real broker."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from services.gateway.app import create_app
from services.gateway.connectors.sender import Sender
from services.gateway.domain import event_log
from services.gateway.settings import GatewaySettings
from shared.auth import make_key
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.base import Envelope
from shared.ids import new_id
from shared.settings import Environment

KEY = "sl_test_" + "k" * 43
WITHIN = 20.0
PERSON = "training.person.changed.v1"
POST = "monitoring.post.received.v1"


@dataclass
class Heard:
    """One message as an endpoint got it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        event: dict[str, Any] = orjson.loads(self.body)
        return event


Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[Heard], Awaitable[Answer]]


@dataclass
class Receiver:
    """Endpoints by their path; each takes what it gets with 204 unless `answers` says otherwise."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, Answering] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        heard = Heard(scope["path"], {name.decode(): value.decode() for name, value in scope["headers"]}, body)
        self.heard.append(heard)
        answering = self.answers.get(heard.path)
        status, headers, content = await answering(heard) if answering else (204, {}, b"")
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": content})

    def at(self, path: str) -> list[Heard]:
        """Return what one endpoint heard."""
        return [heard for heard in self.heard if heard.path == path]

    def answer(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Let an endpoint answer everything alike."""

        async def always(_heard: Heard) -> Answer:
            return status, {name.replace("_", "-"): value for name, value in headers.items()}, body

        self.answers[path] = always

    def hang(self, path: str) -> None:
        """Let an endpoint take everything and never answer."""

        async def never(_heard: Heard) -> Answer:
            await asyncio.Event().wait()
            raise AssertionError

        self.answers[path] = never


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Serve endpoints on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(receiver, log_config=None, lifespan="off", timeout_graceful_shutdown=0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield receiver
    finally:
        server.should_exit = True
        await task


async def until(true: Callable[[], object], within: float = WITHIN) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110  what it waits for is told by nothing
            await asyncio.sleep(0.005)


@dataclass
class Telling:
    """What a test holds: a client of the gateway, and endpoints to tell."""

    app: FastAPI
    client: httpx.AsyncClient
    receiver: Receiver
    clock: ShiftedClock

    @property
    def db(self) -> Database:
        """The gateway's database."""
        database: Database = self.app.state.db
        return database

    @property
    def sender(self) -> Sender:
        """What tells the endpoints."""
        sender: Sender = self.app.state.webhooks
        return sender

    async def webhook(self, path: str = "/hook", **body: Any) -> dict[str, Any]:
        """Set up an endpoint and return what was answered, its secret included."""
        asked = {"name": path.strip("/"), "url": f"{self.receiver.url}{path}", "types": ["training"], **body}
        answer = await self.client.post("/v1/webhooks", json=asked)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Ask something below /v1/webhooks; the answer must be a success."""
        answer = await self.client.request(method, f"/v1/webhooks/{path}", json=body, **options)
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    async def deliveries(self, webhook: dict[str, Any], **params: str) -> list[dict[str, Any]]:
        """Return the newest deliveries of an endpoint, in the order in which they were taken up."""
        page = await self.ask("GET", f"{webhook['id']}/deliveries", params={"limit": "200", **params})
        return list(reversed(page["items"]))

    async def happen(self, *subjects: str, event_type: str = PERSON, **data: Any) -> list[str]:
        """Let something be told of each subject, and return the ids of the events."""
        ids = [new_id() for _ in subjects]

        def append(session: Session) -> None:
            for event_id, subject in zip(ids, subjects, strict=True):
                kind, _, name = subject.partition("/")
                event_log.append(
                    session,
                    Envelope(
                        id=event_id,
                        source=f"/{event_type.partition('.')[0]}",
                        type=event_type,
                        subject=f"{kind}/{name}",
                        time=session.now,
                        data={"id": name, **data},
                    ),
                )

        await self.db.write(append)
        return ids

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass, and what is due be looked at."""
        self.clock.advance(by)
        self.sender.wake()

    async def eventually(self, true: Callable[[], Awaitable[object]], within: float = WITHIN) -> None:
        """Wait until what is asked for is true."""
        async with asyncio.timeout(within):
            while not await true():  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)


def settings_for(folder: Path, nats_url: str, database_url: str) -> GatewaySettings:
    """Return settings of a gateway whose webhooks may lead to loopback."""
    if not (folder / "key.json").exists():
        (folder / "key.json").write_bytes(orjson.dumps(make_key().as_dict(private=True)))
    return GatewaySettings(
        environment=Environment.TEST,
        data_dir=folder,
        nats_url=nats_url,
        database_url=database_url,
        log_level="error",
        signing_key=folder / "key.json",
        bootstrap_key=SecretStr(KEY),
        webhooks_also=(IPv4Network("127.0.0.0/8"),),
    )


@contextlib.asynccontextmanager
async def telling(settings: GatewaySettings, clock: ShiftedClock, receiver: Receiver) -> AsyncIterator[Telling]:
    """Run the gateway."""
    app = create_app(settings)
    app.state.clock = clock
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers, timeout=60) as client,
    ):
        yield Telling(app, client, receiver, clock)


def subjects(count: int) -> Sequence[str]:
    """Return as many people as subjects."""
    return [f"person/{number}" for number in range(count)]
