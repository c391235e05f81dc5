"""The training service alone, over ASGI: real database, real broker, real tokens, a clock that the test moves."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from services.training.app import create_app
from services.training.settings import TrainingSettings
from shared.auth import TokenSigner, make_key
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database, Session
from shared.settings import Environment
from shared.tables import outbox
from tests.conftest import Templates
from tests.servers import NatsServer
from tests.training.organisation import acknowledge, bring_into_force

AREAS = ("people", "training", "certificates")
ALL = frozenset(f"{area}:{right}" for area in AREAS for right in ("read", "write"))

QUESTIONS = [
    {
        "key": f"q{number}",
        "kind": "single",
        "text": f"What do you do in situation {number}?",
        "options": [
            {"text": f"right {number}", "correct": True, "feedback": f"Well done, {number}."},
            {"text": f"wrong {number}", "feedback": f"Look at lesson {number} again."},
            {"text": f"worse {number}"},
        ],
    }
    for number in range(12)
]
MODULES = [
    {"kind": "lesson", "key": "listen", "title": "Listen first", "minutes": 5, "markdown": "Read the whole thread."},
    {"kind": "quiz", "key": "quiz", "title": "Quiz", "draw": 4, "pass_mark": 0.75, "questions": QUESTIONS},
]


@dataclass
class TrainingService:
    """What a test holds: `client` is a key with all scopes of this service."""

    app: FastAPI
    signer: TokenSigner
    clock: ShiftedClock

    def ask_as(self, principal: Principal) -> httpx.AsyncClient:
        """Return a client that asks as a principal."""
        headers = {"Shareload-Caller": self.signer.token(principal, "training")}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://training", headers=headers)

    @property
    def client(self) -> httpx.AsyncClient:
        """A key with all scopes."""
        return self.ask_as(Principal(id="key:test", scopes=ALL))

    @property
    def db(self) -> Database:
        """The service's database."""
        database: Database = self.app.state.db
        return database

    async def as_person(self, number: str, *scopes: str) -> httpx.AsyncClient:
        """Return a client that asks as a signed-in person."""
        person = (await self.get(f"/v1/people/{number}"))["id"]
        own = frozenset({"self", *scopes})
        return self.ask_as(Principal(id=f"person:{person}", person=person, employee_number=number, scopes=own))

    async def get(self, path: str, **query: Any) -> Any:
        """Read something that must be there."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        """Do something that must work."""
        answer = await self.client.post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def add_person(self, number: str, **facts: Any) -> str:
        """Add a person and return their id."""
        person = {"employee_number": number, "name": f"Person {number}", "department": "Support", "region": "EMEA"}
        made = await self.post("/v1/people", {**person, "email": f"{number.lower()}@x.example", **facts})
        return str(made["id"])

    async def add_course(self, key: str = "answering") -> None:
        """Write a course of one lesson and one quiz."""
        await self.post("/v1/courses", {"key": key, "title": "Answering customers"})
        await self.post(f"/v1/courses/{key}/versions", {"modules": MODULES})

    async def define(self, key: str = "responder", **parts: Any) -> None:
        """Define a certification of a year, by default of one course and one policy."""
        asked = parts or {"courses": ["answering"], "policies": ["social-media"]}
        await self.post("/v1/certifications", {"key": key, "title": key.title(), **asked})

    async def complete(self, number: str, course: str = "answering", *, days_ago: float = 0) -> None:
        """Report that a person completed a course elsewhere."""
        at = (self.clock.now() - timedelta(days=days_ago)).isoformat()
        await self.post(
            "/v1/completions", {"employee_number": number, "course": course, "completed_at": at, "source": "lms"}
        )

    async def hear_of_version(self, version: int = 1, *, material: bool = True, policy: str = "social-media") -> None:
        """Let the service hear that a version of a policy is in force."""
        await self.db.write(bring_into_force, version, material=material, policy=policy)

    async def hear_of_acknowledgement(self, person: str, version: int = 1, policy: str = "social-media") -> None:
        """Let the service hear that a person accepted a version."""
        await self.db.write(acknowledge, person, version=version, policy=policy)

    async def certify(self, number: str) -> str:
        """Let a person earn `responder` now; returns the certificate's id."""
        await self.complete(number)
        await self.hear_of_acknowledgement((await self.get(f"/v1/people/{number}"))["id"])
        (certificate,) = (await self.get("/v1/certificates", employee_number=number))["items"]
        return str(certificate["id"])

    async def status(self, number: str, certification: str = "responder", **more: Any) -> Any:
        """Return a person's status."""
        asked = {"employee_numbers": [number], "certification": certification, **more}
        return (await self.post("/v1/certificate-statuses", asked))["items"][0]

    async def changes(self, number: str | None = None) -> list[Any]:
        """Return the change feed, of one person if named."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while page := await self.get("/v1/certificate-changes", **cursor):
            if not page["items"]:
                break
            items += page["items"]
            cursor = {"cursor": page["next_cursor"]}
        return [item for item in items if number in {None, item["employee_number"]}]

    async def told(self, event_type: str) -> list[Any]:
        """Return the data of all events of a type in the outbox, in the order in which they were told."""

        def read(session: Session) -> list[bytes]:
            return list(
                session.execute(
                    select(outbox.c.body).where(outbox.c.type == event_type).order_by(outbox.c.seq)
                ).scalars()
            )

        return [orjson.loads(body)["data"] for body in await self.db.read(read)]

    async def advance(self, by: timedelta = timedelta()) -> None:
        """Move the clock and run each timer once."""
        self.clock.advance(by)
        await self.app.state.backbone.tick()


@contextlib.asynccontextmanager
async def serve(folder: Path, nats_url: str, database_url: str, clock: ShiftedClock) -> AsyncIterator[TrainingService]:
    """Run the service until the test is over."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    settings = TrainingSettings(
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
        yield TrainingService(app, TokenSigner(folder / "key.json"), clock)


@pytest.fixture
async def service(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> AsyncIterator[TrainingService]:
    """The training service on SQLite, with one course, one tier and the policy it asks for."""
    async with serve(tmp_path, nats.url, templates.copy("sqlite", "training", tmp_path), clock) as running:
        await running.add_course()
        await running.define()
        await running.hear_of_version()
        yield running


HOST = "https://alderfjord.example"


def opened(service: TrainingService) -> TrainingService:
    """Let a service issue badges under a host's name."""
    told = service.app.state.settings
    told.public_url, told.organisation, told.badge_suspension = HOST, "Alderfjord", True
    return service


@pytest.fixture
def badges(service: TrainingService) -> TrainingService:
    """The service under a public address, with a suspension list."""
    return opened(service)


@pytest.fixture
def open_sqlite(templates: Templates, tmp_path: Path, clock: ShiftedClock) -> Iterator[Database]:
    """An empty database, for many examples."""
    db = Database(templates.copy("sqlite", "training", tmp_path), clock)
    yield db
    db.stop()
