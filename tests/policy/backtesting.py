"""Past posts to back-test on, a keeper of them, and what a back-test says in the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from services.monitoring.domain import accounts
from services.monitoring.domain.posts import past_posts, posts
from services.monitoring.schemas.posts import PostIn
from services.monitoring.settings import MonitoringSettings
from services.monitoring.tables import Account, Person
from shared.bus import Bus
from shared.db import Database, Session
from shared.ids import new_id
from shared.past_posts import PostServer
from shared.settings import Environment
from shared.tasks import end
from tests.policy.conftest import PolicyService
from tests.servers import NatsServer

IN_FORCE = """# Kindness {#kindness}
Be kind.

```rule
id: no-insults
severity: block
detect: {words: [idiot, fool]}
message: Please leave the insult out.
examples: {match: ["You fool"], pass: ["You genius"]}
```

```rule
id: no-shouting
severity: advise
detect: {words: [HELLO WORLD]}
message: Softer, please.
examples: {match: ["hello world"], pass: ["hello"]}
```
"""
DRAFT = """# Kindness {#kindness}
Be kind.

```rule
id: no-insults
severity: hold
detect: {words: [idiot, clown]}
message: Please leave the insult out.
examples: {match: ["You clown"], pass: ["You genius"]}
```

```rule
id: no-secrets
severity: block
detect: {words: [project heron]}
message: Not yet.
applies_to: {networks: [bluesky]}
examples: {match: ["project heron"], pass: ["heron"]}
```
"""
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass
class Kept:
    """The posts that the monitoring service keeps, and the server that answers for them."""

    db: Database
    settings: MonitoringSettings

    async def serve(self) -> None:
        """Begin to answer."""
        self.bus = Bus(self.settings, "monitoring")
        await self.bus.start()
        self.task = asyncio.create_task(PostServer(self.db, self.bus, past_posts.archive).run())

    async def stop(self) -> None:
        """Answer no more."""
        await end(self.task)
        await self.bus.stop()

    async def add(self, *texts: str, **changes: object) -> list[str]:
        """Take in posts of staff; returns their ids."""
        bodies = [
            PostIn.model_validate(
                {
                    "network": "mastodon",
                    "network_id": new_id(),
                    "kind": "staff",
                    "author": "@nobody",
                    "text": text,
                    "posted_at": MONDAY,
                    **changes,
                }
            )
            for text in texts
        ]
        return [answer.id or "" for answer in await self.db.write(posts.ingest, bodies)]

    async def register(self, handle: str, department: str) -> None:
        """Register the account of a person of a department."""

        def register(session: Session) -> None:
            person = new_id()
            session.add(Person(id=person, employee_number=handle, department=department, languages=[], active=True))
            session.flush()
            session.add(
                Account(
                    id=new_id(),
                    network="mastodon",
                    handle=handle,
                    handle_key=accounts.handle_key(handle),
                    claim_key=f"mastodon:{accounts.handle_key(handle)}",
                    proof="vouched",
                    kind="staff",
                    person=person,
                    created_at=session.now,
                )
            )

        await self.db.write(register)


@contextlib.asynccontextmanager
async def keeping(url: str, service: PolicyService, folder: Path, nats: NatsServer) -> AsyncIterator[Kept]:
    db = Database(url, service.clock)
    keeper = Kept(db, MonitoringSettings(environment=Environment.TEST, data_dir=folder, nats_url=nats.url))
    await keeper.serve()
    yield keeper
    await keeper.stop()
    db.stop()


async def ask(service: PolicyService, version: str, **body: object) -> str:
    answer = await service.client.post(f"{version}/backtests", json=body)
    assert answer.status_code == 202, answer.text
    location = answer.headers["Location"]
    assert location == f"/v1/backtests/{answer.json()['id']}"
    return location


async def ended(service: PolicyService, location: str, reader: httpx.AsyncClient | None = None) -> dict[str, Any]:
    answer = await (reader or service.client).get(location, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Preference-Applied"] == "wait=20"
    body: dict[str, Any] = answer.json()
    assert body["state"] not in {"queued", "running"}, body
    return body


def changes(of: dict[str, Any]) -> tuple[int, int, int]:
    return of["newly_flagged"], of["newly_cleared"], of["unchanged"]


def by_key(groups: Sequence[dict[str, Any]]) -> dict[str | None, tuple[int, int, int]]:
    return {group["key"]: changes(group) for group in groups}


async def both(service: PolicyService) -> str:
    await service.publish(IN_FORCE)
    return await service.write(DRAFT)
