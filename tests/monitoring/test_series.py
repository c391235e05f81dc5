"""Counts are kept as things happen: they equal what is found by looking at everything, whatever happened in which order."""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, update
from sqlmodel import col, select

from services.monitoring.domain import accounts, personal
from services.monitoring.domain.coaching import guidance, talks
from services.monitoring.domain.conversations import inbound, promises
from services.monitoring.domain.figures import rebuilding
from services.monitoring.domain.posts import intake
from services.monitoring.domain.rules import compile_in_force
from services.monitoring.gauges import keep_counting
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.conversations import ConversationIn
from services.monitoring.schemas.guidance import GuidanceIn, PraiseIn
from services.monitoring.schemas.posts import DeletionIn
from services.monitoring.schemas.promises import ServicePromiseIn
from services.monitoring.tables import Finding, HourCount, Post, Tally, metadata
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database, Session
from shared.tasks import end
from tests.conftest import Templates
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    hire,
    person_id,
    post,
    signed_in,
    words_rule,
)
from tests.monitoring.serving import MonitoringService, refused

ROOT = Path(__file__).parents[2]
TEXTS = ("Hello there.", "This is rubbish!", "A secret, and rubbish!", "My order never came, I want my money back!")
RULES = [words_rule("no-rubbish", "tone", "rubbish"), words_rule("no-secrets", "tone", "secret")]
OWN = {"kind": "staff", "author": "@ana"}
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("own"), st.integers(0, 3), st.sampled_from(TEXTS)),
        st.tuples(st.just("mention"), st.integers(4, 6), st.sampled_from(TEXTS)),
        st.tuples(st.just("delete"), st.integers(0, 6)),
        st.tuples(st.just("guide")),
        st.tuples(st.just("praise")),
        st.tuples(st.just("thread"), st.integers(0, 2)),
        st.tuples(st.just("late")),
        st.tuples(st.just("erase")),
    ),
    min_size=5,
    max_size=25,
)


async def organise(db: Database) -> None:
    """Ana and a coach, two rules in force, and a promise of an answer within the hour."""
    await hire(db, 1, capacity=1)
    await db.write(add_person, 2, "Marketing")
    await db.write(bring_into_force, RULES)
    await compile_in_force(db)
    await db.write(
        accounts.register, AccountIn(network="mastodon", handle="@ana", kind="staff", employee_number="E-2"), KEY
    )
    body = ServicePromiseIn(first_answer_minutes=60, next_answer_minutes=60, holidays=[])
    await db.write(promises.put, "other", body, None)


def happen(session: Session, what: tuple[Any, ...], clock: ShiftedClock) -> None:
    """Let one thing happen."""
    kind, *which = what
    if kind in {"own", "mention"}:
        more = OWN if kind == "own" else {}
        intake.push(session, [post(str(which[0]), which[1], posted_at=clock.now(), **more)])
    elif kind == "delete":
        intake.push(session, [DeletionIn(network="mastodon", network_id=str(which[0]), deleted=True)])
    elif kind == "thread":
        message = {"network_id": f"m-{session.now.timestamp()}", "text": "Hello?"}
        thread = {"network": "email", "thread": f"t-{which[0]}", "customer": "kim", "messages": [message]}
        inbound.push(session, ConversationIn.model_validate(thread))
    elif kind == "late":
        promises.note_overdue(session)
    elif kind == "erase":
        personal.forget(session, person_id(2))
    else:
        coach(session, kind)


def coach(session: Session, kind: str) -> None:
    """Say something to Ana, if there is anything to say."""
    said = select(Finding.id).where(col(Finding.state) == "open") if kind == "guide" else select(Post.id)
    about = session.execute(said.where(col((Finding if kind == "guide" else Post).person) == person_id(2))).scalars()
    one = about.first()
    if one is not None and kind == "guide":
        guidance.give(session, one, GuidanceIn(message="Kinder, please."), signed_in(1, "monitoring:write"), None)
    elif one is not None:
        talks.praise(session, PraiseIn(post=one, message="Well said."), signed_in(1, "monitoring:write"))


async def rebuilt(db: Database) -> int:
    """Rebuild the counts, and return how many were wrong."""
    return (await db.write(rebuilding.correct, await db.read(rebuilding.compare))).corrected


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=happenings)
async def test_counts_that_were_kept_as_things_happened_equal_those_that_are_found_anew(
    what: list[tuple[Any, ...]], templates: Templates, tmp_path_factory: pytest.TempPathFactory, clock: ShiftedClock
) -> None:
    db = Database(templates.copy("sqlite", "monitoring", tmp_path_factory.mktemp("history")), clock)
    try:
        await organise(db)
        for one in what:
            clock.advance(timedelta(minutes=25))
            await db.write(happen, one, clock)
        assert await rebuilt(db) == 0
    finally:
        db.stop()


async def test_a_rebuild_puts_right_what_is_wrong_on_both_databases(db_on_both: Database, clock: ShiftedClock) -> None:
    await organise(db_on_both)
    for one in (("own", 1, TEXTS[2]), ("mention", 4, TEXTS[3]), ("guide",), ("thread", 1)):
        await db_on_both.write(happen, one, clock)

    def spoil(session: Session) -> list[list[Any]]:
        before = kept(session)
        session.execute(delete(Tally).where(col(Tally.rule) == "no-secrets"))
        session.execute(update(HourCount).where(col(HourCount.metric) == "guidance").values(amount=7))
        return before

    def kept(session: Session) -> list[list[Any]]:
        rows = [session.execute(sa.select(metadata.tables[one])).all() for one in ("tallies", "hour_counts")]
        return [sorted(map(tuple, one)) for one in rows]

    before = await db_on_both.write(spoil)
    assert await rebuilt(db_on_both) == 2
    assert await db_on_both.read(kept) == before

    await db_on_both.write(spoil)
    wrong = await db_on_both.read(rebuilding.compare)
    for meanwhile in (("own", 2, TEXTS[2]), ("mention", 5, TEXTS[3]), ("delete", 1), ("guide",)):
        await db_on_both.write(happen, meanwhile, clock)
    assert (await db_on_both.write(rebuilding.correct, wrong)).corrected == 2
    assert await rebuilt(db_on_both) == 0, "what happened between finding and mending is counted once"
    with pytest.raises(rebuilding.RebuiltMeanwhile):
        await db_on_both.write(rebuilding.correct, wrong)


async def points(service: MonitoringService, metric: str, **params: str) -> list[tuple[str | None, int]]:
    """Return the groups and values of a series."""
    answer = await service.get("/v1/summary/series", metric=metric, **params)
    return [(one["key"], one["value"]) for one in answer["items"]]


async def test_a_series_counts_by_hour_or_day_and_an_edit_is_no_second_post(service: MonitoringService) -> None:
    await organise(service.db)
    clock = service.clock
    await service.db.write(happen, ("own", 1, TEXTS[1]), clock)
    await service.db.write(happen, ("mention", 4, TEXTS[3]), clock)
    await service.advance(timedelta(hours=1))
    await service.db.write(happen, ("own", 1, TEXTS[0]), clock)
    await service.db.write(happen, ("mention", 4, TEXTS[0]), clock)
    await service.db.write(happen, ("delete", 4), clock)
    assert await points(service, "conversations") == [(None, 1)]
    assert await points(service, "overdue", by="kind", step="day") == [("complaint", 1)]
    assert sum(value for _, value in await points(service, "triage", by="kind")) == 1
    assert await points(service, "deletions", by="kind") == [("mention", 1)]
    assert await points(service, "posts", by="kind", step="day") == [("mention", 1), ("staff", 1)]
    assert await points(service, "posts", by="department", step="day") == [(None, 1)], "two people are too few to show"


async def test_a_series_refuses_what_it_does_not_count(service: MonitoringService) -> None:
    ask = service.client.get
    by = await ask("/v1/summary/series", params={"metric": "replies", "by": "department"})
    assert refused(by) == (422, "invalid")
    long = {"metric": "posts", "from": "2020-01-01T00:00:00Z"}
    assert refused(await ask("/v1/summary/series", params=long)) == (422, "invalid")
    limited = Principal("key:support", scopes=KEY.scopes, departments=frozenset({"Support"}))
    answer = await service.ask_as(limited).get("/v1/summary/series", params={"metric": "replies"})
    assert refused(answer) == (403, "not-by-department")


async def test_only_an_administrator_rebuilds_the_counts(service: MonitoringService) -> None:
    assert refused(await service.client.post("/v1/summary/rebuilds")) == (403, "forbidden")
    admin = Principal("key:admin", scopes=KEY.scopes | {"admin:write"})
    answer = await service.ask_as(admin).post("/v1/summary/rebuilds")
    assert (answer.status_code, answer.json()["corrected"]) == (201, 0)


async def test_prometheus_sees_what_waits(service: MonitoringService) -> None:
    await service.push("t-1")
    registry = CollectorRegistry()
    counting = asyncio.create_task(keep_counting(service.db, registry))
    async with asyncio.timeout(60):
        while registry.get_sample_value("shareload_waiting", {"what": "conversations"}) != 1:
            await service.client.get("/metrics")
    await end(counting)


async def test_the_shipped_dashboard_asks_only_for_what_there_is(service: MonitoringService) -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/shareload.json").read_text())
    metrics = (await service.client.get("/metrics")).text
    asked = [target for panel in dashboard["panels"] for target in panel["targets"]]
    for params in [one["url_options"]["params"] for one in asked if "url_options" in one]:
        query = {one["key"]: one["value"] for one in params if "$" not in one["value"]}
        assert (await service.client.get("/v1/summary/series", params=query)).status_code == 200, query
    names = {name for one in asked for name in re.findall(r"shareload_\w+", one.get("expr", ""))}
    assert len(names) > 3
    assert [name for name in names if f"# TYPE {name.removesuffix('_total')}" not in metrics] == []
