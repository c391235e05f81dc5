"""What is kept for its time, what is held, and what supervisors are handed."""

import asyncio
import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import orjson
import pytest
from sqlmodel import col, select

from services.monitoring.domain.autonomy import changes
from services.monitoring.domain.keeping import holds, retention
from services.monitoring.schemas.autonomy import AutonomyChangeIn
from services.monitoring.schemas.keeping import LegalHoldIn
from services.monitoring.tables import AutonomyChange, Conversation, Finding, Guidance, Message, Post
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database, Session
from shared.erasure import GONE
from tests.monitoring.organisation import KEY, add_person, hire, signed_in
from tests.monitoring.serving import MonitoringService, refused
from tests.monitoring.test_series import ROOT, TEXTS, happen, organise, rebuilt

ADMIN = Principal("key:admin", scopes=KEY.scopes | {"admin:read", "admin:write"})
LONG = timedelta(days=4 * 365)


async def live(db: Database, clock: ShiftedClock) -> None:
    """Ana posts and is guided, a customer writes twice."""
    await organise(db)
    for one in (("own", 1, TEXTS[1]), ("guide",), ("mention", 4, TEXTS[3]), ("thread", 1), ("praise",)):
        await db.write(happen, one, clock)

    def resolve(session: Session) -> None:
        for one in session.execute(select(Conversation)).scalars():
            one.state, one.open_key, one.resolved_at = "resolved", None, session.now
            one.assignee = one.assignment = None
        for finding in session.execute(select(Finding)).scalars():
            finding.state, finding.claimed_at = "closed", None

    await db.write(resolve)


def words(session: Session) -> dict[str, list[str]]:
    """Return all words that are kept, by table."""
    columns = {"posts": Post.text, "guidance": Guidance.message, "messages": Message.text}
    return {name: sorted(session.execute(select(col(column))).scalars()) for name, column in columns.items()}


async def test_words_and_names_go_after_their_time_and_the_counts_stay(
    db_on_both: Database, clock: ShiftedClock
) -> None:
    await live(db_on_both, clock)
    kept = await db_on_both.read(words)
    await db_on_both.write(retention.forget_old)
    assert await db_on_both.read(words) == kept, "nothing is due yet"
    clock.advance(LONG)
    await db_on_both.write(retention.forget_old)
    assert await db_on_both.read(words) == {"posts": [GONE, GONE], "guidance": [GONE, GONE], "messages": []}

    def named(session: Session) -> list[str | None]:
        return [
            *session.execute(select(Post.person)).scalars(),
            *session.execute(select(Finding.person)).scalars(),
            *session.execute(select(Guidance.person)).scalars(),
        ]

    assert set(await db_on_both.read(named)) == {None}
    assert await rebuilt(db_on_both) == 0
    await db_on_both.write(happen, ("own", 1, TEXTS[1]), clock)
    assert (await db_on_both.read(words))["posts"] == [GONE, GONE], "what comes in again is still known"


@pytest.mark.parametrize("scope", ["person", "network", "conversation"])
async def test_nothing_that_is_held_is_forgotten(db: Database, clock: ShiftedClock, scope: Any) -> None:
    await live(db, clock)

    def subject(session: Session) -> str:
        found: list[str] = list(
            session.execute(select(Conversation.id).where(col(Conversation.network) == "email")).scalars()
        )
        return {"person": "E-2", "network": "mastodon", "conversation": found[0]}[scope]

    await db.write(holds.place, LegalHoldIn(scope=scope, subject=await db.read(subject), reason="A claim."), ADMIN)
    kept = await db.read(words)
    clock.advance(LONG)
    await db.write(retention.forget_old)
    left = await db.read(words)
    found = (TEXTS[1] in left["posts"], left["guidance"] == kept["guidance"], "Hello?" in left["messages"])
    assert found == ((False, False, True) if scope == "conversation" else (True, True, False))


async def test_who_said_how_far_somebody_is_trusted_goes_but_not_what_was_said_last_and_not_what_is_held(
    db: Database, clock: ShiftedClock
) -> None:
    for number in (1, 2):
        await db.write(add_person, number)
    said: list[tuple[str, Literal["sampled", "trusted", "draft_only"]]] = [
        ("mastodon", "sampled"),
        ("mastodon", "trusted"),
        ("bluesky", "sampled"),
        ("bluesky", "draft_only"),
    ]
    for network, level in said:
        change = AutonomyChangeIn(network=network, level=level, reason=f"{network}: {level}")
        await db.write(changes.set_level, "E-1", change, signed_in(2, "monitoring:write"), None)

    def reasons(session: Session) -> list[str]:
        return list(session.execute(select(AutonomyChange.reason).order_by(col(AutonomyChange.id))).scalars())

    await db.write(holds.place, LegalHoldIn(scope="network", subject="bluesky", reason="A claim."), ADMIN)
    await db.write(retention.forget_old)
    assert len(await db.read(reasons)) == len(said), "nothing is due yet"
    clock.advance(LONG)
    await db.write(retention.forget_old)
    assert await db.read(reasons) == ["mastodon: trusted", "bluesky: sampled", "bluesky: draft_only"]


async def administrators(service: MonitoringService) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Return two people who administer."""
    for number in (8, 9):
        await service.db.write(add_person, number)
    return service.as_person(8, "admin:read", "admin:write"), service.as_person(9, "admin:read", "admin:write")


async def test_two_people_lift_a_hold_and_neither_of_them_is_a_key(service: MonitoringService) -> None:
    one, other = await administrators(service)
    body = {"scope": "network", "subject": "mastodon", "reason": "A claim."}
    hold = (await one.post("/v1/legal-holds", json=body)).json()
    assert (hold["placed_by"], hold["lifted_at"]) == ("E-8", None)
    there = f"/v1/legal-holds/{hold['id']}"
    assert refused(await one.post(f"{there}/release/confirmation")) == (409, "release-not-asked")
    why = {"reason": "It was withdrawn."}
    assert refused(await service.ask_as(ADMIN).post(f"{there}/release", json=why)) == (403, "two-people-lift")
    await one.post(f"{there}/release", json=why)
    assert refused(await one.post(f"{there}/release/confirmation")) == (403, "two-people-lift")
    assert (await service.db.read(holds.held)).networks == {"mastodon"}
    lifted = (await other.post(f"{there}/release/confirmation")).json()
    assert (lifted["release_asked_by"], lifted["lifted_by"]) == ("E-8", "E-9")
    assert not await service.db.read(holds.held)
    assert refused(await one.post(f"{there}/release", json=why)) == (409, "hold-lifted")
    listed = (await one.get("/v1/legal-holds")).json()["items"]
    assert [item["id"] for item in listed] == [hold["id"]]
    assert (await one.get("/v1/legal-holds", params={"in_force": True})).json()["items"] == []


async def test_a_hold_is_placed_only_on_what_is_there_and_only_by_an_administrator(service: MonitoringService) -> None:
    body = {"scope": "person", "subject": "E-404", "reason": "A claim."}
    assert refused(await service.client.post("/v1/legal-holds", json=body)) == (403, "forbidden")
    admin = service.ask_as(ADMIN)
    assert refused(await admin.post("/v1/legal-holds", json=body)) == (404, "unknown-person")
    missing = {**body, "scope": "conversation"}
    assert refused(await admin.post("/v1/legal-holds", json=missing)) == (404, "not-found")


async def answer(service: MonitoringService, thread: str, text: str) -> None:
    """Let E-1 answer a customer."""
    one = await service.push(thread)
    await service.post(f"/v1/conversations/{one['id']}/reply", {"employee_number": "E-1", "text": text})


async def prove(service: MonitoringService, export: dict[str, Any], content: bytes, folder: Path) -> None:
    """Have the guide's script find an export whole, and not one in which a word was changed."""
    await service.db.write(service.app.state.sealer.seal)
    proof = (await service.ask_as(ADMIN).get(f"/internal/evidence/{export['evidence']}")).json()
    (folder / "export.json").write_bytes(orjson.dumps(export))
    (folder / "proof.json").write_bytes(orjson.dumps(proof))
    script = [sys.executable, ROOT / "docs/verify_supervision.py", "export.json", "proof.json", proof["public_key"]]
    for text, said in (
        (content, "Valid: 3 lines"),
        (content.replace(b"Answer 1", b"Answer 7"), "00001.ndjson was changed"),
    ):
        (folder / "00001.ndjson").write_bytes(text)
        found = await asyncio.to_thread(subprocess.run, script, cwd=folder, capture_output=True, text=True, check=False)
        assert said in found.stdout + found.stderr


async def test_an_export_says_what_was_said_by_whom_and_proves_it(service: MonitoringService, tmp_path: Path) -> None:
    await hire(service.db, 1, capacity=5)
    began = service.clock.now()
    for number in range(3):
        await answer(service, f"t-{number}", f"Answer {number}.")
    await service.advance(timedelta(seconds=2))
    admin = service.ask_as(ADMIN)
    body = {"from": began.isoformat(), "to": (service.clock.now() + timedelta(days=1)).isoformat()}
    asked = (await admin.post("/v1/supervision-exports", json=body)).json()
    assert (asked["state"], asked["manifest"]) == ("running", None)
    there = f"/v1/supervision-exports/{asked['id']}"
    assert refused(await admin.get(f"{there}/files/00001.ndjson")) == (404, "not-found")
    for _ in range(2):
        await service.advance(timedelta(seconds=10))
    ready = (await admin.get(there)).json()
    assert (ready["state"], ready["lines"]) == ("ready", 3)
    [file] = ready["manifest"]["files"]
    got = await admin.get(f"{there}/files/{file['name']}")
    assert (hashlib.sha256(got.content).hexdigest(), len(got.content)) == (file["sha256"], file["bytes"])
    lines = [httpx.Response(200, content=line).json() for line in got.content.splitlines()]
    assert [(line["employee_number"], line["text"]) for line in lines] == [("E-1", f"Answer {n}.") for n in range(3)]
    await prove(service, ready, got.content, tmp_path)
    limited = Principal("key:support", scopes=ADMIN.scopes, departments=frozenset({"Support"}))
    assert refused(await service.ask_as(limited).get(there)) == (403, "whole-organisation")
