"""The monitoring service alone, over ASGI: real database, real broker, real tokens, a clock that the test moves."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from sqlalchemy import select

from services.monitoring.app import create_app
from services.monitoring.domain.rules import compile_in_force
from services.monitoring.settings import MonitoringSettings
from shared.auth import TokenSigner, make_key
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database, Session
from shared.events.policy import RuleText
from shared.settings import Environment
from shared.tables import outbox
from tests.monitoring.organisation import KEY, bring_into_force, signed_in


@dataclass
class MonitoringService:
    """What a test holds: `client` is a key with all scopes of this service."""

    app: FastAPI
    signer: TokenSigner
    clock: ShiftedClock

    @property
    def db(self) -> Database:
        """The service's database, for what comes by events."""
        database: Database = self.app.state.db
        return database

    def ask_as(self, principal: Principal) -> httpx.AsyncClient:
        """Return a client that asks as a principal."""
        headers = {"Shareload-Caller": self.signer.token(principal, "monitoring")}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://monitoring", headers=headers)

    @property
    def client(self) -> httpx.AsyncClient:
        """A key with all scopes."""
        return self.ask_as(KEY)

    def as_person(self, number: int, *scopes: str) -> httpx.AsyncClient:
        """Return a client that asks as person E-<number>, who signed in."""
        return self.ask_as(signed_in(number, *scopes))

    async def push(self, thread: str = "t-1", text: str = "Where is it?", **changes: Any) -> dict[str, Any]:
        """Push a customer's message in, as an inbox tool does; returns the conversation."""
        message = {"network_id": f"{thread}-{text}", "text": text}
        body = {"network": "email", "thread": thread, "customer": "kim@x.example", "messages": [message], **changes}
        return await self.post("/v1/conversations", body)

    async def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """Post as the key; the answer must be a success."""
        answer = await self.client.post(path, json=body or {}, **options)
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Read as the key; the answer must be a success."""
        answer = await self.client.get(path, params=params)
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def bring_into_force(self, rules: Sequence[RuleText], version: int = 1) -> None:
        """Let a version with these rules come into force, and be compiled as it is before its event is handled."""
        await self.db.write(bring_into_force, rules, version)
        await compile_in_force(self.db)

    async def told(self, event_type: str) -> list[dict[str, Any]]:
        """Return the data of all events of a type, in the order in which they were told."""

        def read(session: Session) -> list[bytes]:
            statement = select(outbox.c.body).where(outbox.c.type == event_type).order_by(outbox.c.seq)
            return list(session.execute(statement).scalars())

        return [orjson.loads(body)["data"] for body in await self.db.read(read)]

    async def advance(self, by: timedelta) -> None:
        """Move the clock and run each timer once."""
        self.clock.advance(by)
        await self.app.state.backbone.tick()


@contextlib.asynccontextmanager
async def serve(
    folder: Path, nats_url: str, database_url: str, clock: ShiftedClock
) -> AsyncIterator[MonitoringService]:
    """Run the service."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    settings = MonitoringSettings(
        environment=Environment.TEST,
        data_dir=folder,
        nats_url=nats_url,
        token_keys=folder / "keys.json",
        database_url=database_url,
        log_level="error",
    )
    app = create_app(settings)
    app.state.clock = clock
    async with app.router.lifespan_context(app):
        yield MonitoringService(app, TokenSigner(folder / "key.json"), clock)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the kind of a refusal."""
    assert answer.is_error, answer.text
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]
