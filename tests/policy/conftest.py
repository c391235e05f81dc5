"""The policy service alone, over ASGI: real database, real broker, real tokens, a clock that the test moves."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from services.policy.app import create_app
from services.policy.handlers import keep_person
from services.policy.settings import PolicySettings
from shared.auth import TokenSigner, make_key
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Session
from shared.events.training import PersonChangedV1
from shared.ids import new_id
from shared.settings import Environment
from shared.tables import outbox
from tests.conftest import Templates
from tests.evidence import evidence_of
from tests.servers import NatsServer

ALL = frozenset({"policies:read", "policies:write", "team:read", "team:write", "people:read"})

POLICY = """---
title: Social media policy
locale: en
---
# Speak as yourself {#speak-as-yourself}
Say who you work for when you talk about our products.

```rule
id: disclose-employer
severity: hold
detect:
  disclosure: {of: ["Acme", "AcmePhone"], tags: ["#AcmeEmployee", "I work at Acme"]}
message: Say that you work here when you mention our products.
suggestion: Add #AcmeEmployee.
examples:
  match: ["The new AcmePhone is brilliant!"]
  pass: ["The new AcmePhone is brilliant! #AcmeEmployee"]
```

## Be kind
Nobody was ever *persuaded* by an insult.

```rule
id: no-insults
severity: block
detect:
  words: [idiot, idiots]
message: Please leave the insult out.
examples:
  match: ["Only an idiot would buy that"]
  pass: ["I would not buy that"]
```
"""


@dataclass
class PolicyService:
    """What a test holds: `client` is a key with all scopes of this service, `E-1` to `E-4` are staff."""

    app: FastAPI
    signer: TokenSigner
    clock: ShiftedClock
    people: dict[str, str] = field(default_factory=dict)

    def ask_as(self, principal: Principal) -> httpx.AsyncClient:
        """Return a client that asks as a principal."""
        headers = {"Shareload-Caller": self.signer.token(principal, "policy")}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://policy", headers=headers)

    @property
    def client(self) -> httpx.AsyncClient:
        """A key with all scopes."""
        return self.ask_as(Principal(id="key:test", scopes=ALL))

    def as_person(self, number: str, *scopes: str) -> httpx.AsyncClient:
        """Return a client that asks as a signed-in person."""
        person = self.people[number]
        own = frozenset({"self", "policies:read", *scopes})
        return self.ask_as(Principal(id=f"person:{person}", person=person, employee_number=number, scopes=own))

    async def hear_of(
        self,
        number: str,
        department: str = "Support",
        *,
        region: str = "EMEA",
        manager: str | None = None,
        active: bool = True,
    ) -> str:
        """Let the service hear of a person; returns their id."""
        person = self.people.setdefault(number, new_id())
        event = PersonChangedV1(
            id=person,
            employee_number=number,
            user_name=number.lower(),
            name=f"Person {number}",
            email=f"{number.lower()}@acme.example",
            department=department,
            region=region,
            manager=manager,
            languages=["en"],
            active=active,
        )
        await self.app.state.db.write(lambda session: keep_person(event, session))
        return person

    async def evidence(self, action: str) -> list[tuple[str, str | None, str | None]]:
        """Return of each entry for an action its subject, the hash of its content and the person it names."""
        return await evidence_of(self.app.state.db, action)

    async def write(self, source: str = POLICY, key: str = "social-media", author: str = "E-1") -> str:
        """Write a version of a policy, which is opened if it is not there; returns the version's path."""
        await self.client.post("/v1/policies", json={"key": key, "title": "A policy"})
        body = {"source": source, "change_note": "As discussed.", "employee_number": author}
        answer = await self.client.post(f"/v1/policies/{key}/versions", json=body)
        assert answer.status_code == 201, answer.text
        return f"/v1/policies/{key}/versions/{answer.json()['number']}"

    async def approve(self, version: str) -> None:
        """Have a version reviewed and approved."""
        assert (await self.client.post(f"{version}/review", json={})).status_code == 200
        answer = await self.client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-2"})
        assert answer.json()["state"] == "approved", answer.text

    async def publish(self, source: str = POLICY, key: str = "social-media") -> str:
        """Bring a version into force now; returns its path."""
        version = await self.write(source, key)
        await self.approve(version)
        answer = await self.client.post(f"{version}/publication", json={})
        assert answer.json()["state"] == "published", answer.text
        return version

    async def told(self, event_type: str) -> list[dict[str, object]]:
        """Return the data of all events of a type in the outbox, in the order in which they were told."""

        def read(session: Session) -> list[bytes]:
            statement = select(outbox.c.body).where(outbox.c.type == event_type).order_by(outbox.c.seq)
            return list(session.execute(statement).scalars())

        return [orjson.loads(body)["data"] for body in await self.app.state.db.read(read)]

    async def advance(self, by: timedelta) -> None:
        """Move the clock and run each timer once."""
        self.clock.advance(by)
        await self.app.state.backbone.tick()


async def serve(folder: Path, nats_url: str, database_url: str, clock: ShiftedClock) -> AsyncIterator[PolicyService]:
    """Run the service until the test is over, with four people known."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    settings = PolicySettings(
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
        service = PolicyService(app, TokenSigner(folder / "key.json"), clock)
        for number, department, region in (
            ("E-1", "Support", "EMEA"),
            ("E-2", "Communications", "EMEA"),
            ("E-3", "Support", "Americas"),
            ("E-4", "Communications", "Americas"),
        ):
            await service.hear_of(number, department, region=region)
        yield service


@pytest.fixture
async def service(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> AsyncIterator[PolicyService]:
    """The policy service on SQLite."""
    async for running in serve(tmp_path, nats.url, templates.copy("sqlite", "policy", tmp_path), clock):
        yield running


@pytest.fixture
async def service_on_both(
    tmp_path: Path, nats: NatsServer, database_url: Callable[[str], str], clock: ShiftedClock
) -> AsyncIterator[PolicyService]:
    """The policy service, once on each kind of database."""
    async for running in serve(tmp_path, nats.url, database_url("policy"), clock):
        yield running
