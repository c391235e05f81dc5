"""How the load is shared, and what clients see of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlmodel import col, select

from services.monitoring.domain import accounts
from services.monitoring.domain.conversations import conversations, showing
from services.monitoring.domain.figures import fairness, load
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import availability
from services.monitoring.handlers import keep_work_moving
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.availability import AvailabilityIn
from services.monitoring.tables import Conversation
from shared.clock import ShiftedClock
from shared.context import Context, current
from shared.db import Database, Session
from shared.pages import PageQuery
from shared.problems import NotFound
from tests.monitoring.organisation import KEY, add_person, bring_into_force, hire, listed, post
from tests.platform import Platform

ALL = PageQuery(200, None)
rates = st.lists(st.floats(0, 1000), min_size=1, max_size=50)


@given(rates)
@example([1.7e-161, 1.7e-161])
def test_fairness_is_perfect_where_all_carry_the_same_and_bounded_everywhere(given_rates: list[float]) -> None:
    even = [1.0] * len(given_rates)
    assert (fairness.jain(even), fairness.gini(even)) == (1.0, 0.0)
    jain, gini = fairness.jain(given_rates), fairness.gini(given_rates)
    if jain is not None and gini is not None:
        assert 1 / len(given_rates) - 1e-4 <= jain <= 1.0001
        assert -1e-4 <= gini <= 1


@given(rates, st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_a_value_that_this_part_of_all_does_not_exceed(values: list[float], part: float) -> None:
    ordered = [round(value, 3) for value in sorted(values)]
    found = fairness.percentile(ordered, part)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= part * len(ordered)


async def test_the_report_says_who_carries_what_how_long_customers_wait_and_where_one_person_is_all_there_is(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1, languages=["en", "pt"], capacity=10)
    await hire(db, 2, capacity=10)
    await db.write(posts.ingest, [post("german", lang="de")])
    clock.advance(timedelta(hours=2))
    await db.write(posts.ingest, [post(str(number), posted_at=clock.now()) for number in range(6)])
    report = await db.read(load.report)
    assert [(one.employee_number, one.open, one.share, one.online_hours) for one in report.people] == [
        ("E-1", 3, 0.5, 1.99),
        ("E-2", 3, 0.5, 1.99),
    ]
    assert (report.jain, report.gini, report.queue) == (1.0, 0.0, 1)
    assert report.waits.p50 == 0.0
    assert report.waits.p95 == pytest.approx(7200, abs=10), "who still waits counts, too"
    assert [(one.skill, one.employee_number) for one in report.single_person] == [("language:pt", "E-1")]


async def test_a_key_limited_to_departments_reaches_nobody_else(db: Database) -> None:
    await hire(db, 1)
    await db.write(add_person, 2, "Sales")
    await db.write(
        accounts.register, AccountIn(network="mastodon", handle="ana", kind="staff", employee_number="E-1"), KEY
    )
    await db.write(posts.ingest, [post("1"), post("2", lang="de")])
    with_e1, queued = sorted(await listed(db), key=lambda one: one.state)
    limited = replace(KEY, departments=frozenset({"Sales"}))

    before = current.set(Context(caller=limited))
    assert [one.id for one in (await db.read(showing.listed, ALL, limited, showing.Filter())).items] == [queued.id]
    assert (await db.read(showing.listed, ALL, limited, showing.Filter())).items[0].why.passed_over == []
    assert (await db.read(accounts.listed, ALL, limited, None)).items == []
    report = await db.read(load.report)
    assert (report.people, report.single_person) == ([], [])
    for refused in (
        db.read(showing.detail, with_e1.id, limited),
        db.write(conversations.resolve, with_e1.id, limited, None),
        db.write(conversations.accept, with_e1.id, limited, None, None),
        db.read(availability.read, "E-1", limited),
        db.write(availability.put, "E-1", AvailabilityIn.model_validate({"languages": ["en"]}), limited, None),
        db.write(
            accounts.register, AccountIn(network="mastodon", handle="b", kind="staff", employee_number="E-1"), limited
        ),
        db.write(accounts.register, AccountIn(network="mastodon", handle="b", kind="brand"), limited),
    ):
        with pytest.raises(NotFound):
            await refused

    current.set(Context(caller=replace(KEY, departments=frozenset({"Support"}))))
    assert [one.employee_number for one in (await db.read(load.report)).people] == ["E-1"]
    current.reset(before)


async def test_sixty_conversations_are_shared_evenly_among_those_who_are_online_alike(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, *range(1, 7), capacity=3, weekly_minutes=2000)
    for number in range(60):
        await db.write(posts.ingest, [post(str(number), posted_at=clock.now())])
        (given_to,) = await db.write(resolve_all)
        assert given_to
        clock.advance(timedelta(minutes=1))
        await db.write(keep_work_moving)
    report = await db.read(load.report)
    assert {one.handled for one in report.people} == {10}


def resolve_all(session: Session) -> list[str | None]:
    given = session.execute(select(Conversation.id).where(col(Conversation.state) == "assigned")).scalars().all()
    return [conversations.resolve(session, one, KEY, None).assignee for one in given]


async def conversation_with_e1(platform: Platform) -> str:
    """Return the path of a conversation that was given to E-1."""
    db = platform.running["monitoring"].app.state.db
    await db.write(bring_into_force, [])
    await hire(db, 1)
    thread = {
        "network": "email",
        "thread": "t-1",
        "customer": "kim@x.example",
        "messages": [{"network_id": "m-1", "text": "Hi?"}],
    }
    conversation = (await platform.services["monitoring"].post("/v1/conversations", json=thread)).json()
    assert conversation["assignee"] == "E-1"
    return f"/v1/conversations/{conversation['id']}"


async def test_a_reply_is_sent_once_and_waits_in_a_visible_queue_until_its_delivery_is_reported(
    platform: Platform,
) -> None:
    path = await conversation_with_e1(platform)
    client = platform.services["monitoring"]
    read = await client.get(path)
    assert (await client.get(path, headers={"If-None-Match": read.headers["ETag"]})).status_code == 304
    assert (await client.post(f"{path}/acceptance", json={}, headers={"If-Match": '"999"'})).status_code == 412
    reply = await client.post(f"{path}/reply", json={"text": "Hello!"}, headers={"Idempotency-Key": "r-1"})
    again = await client.post(f"{path}/reply", json={"text": "Hello!"}, headers={"Idempotency-Key": "r-1"})
    assert (reply.status_code, again.json()) == (201, reply.json())

    waiting = (await client.get("/v1/replies", params={"status": "approved"})).json()["items"]
    assert [one["id"] for one in waiting] == [reply.json()["id"]]
    delivered = {"status": "delivered", "network_id": "sent-1"}
    report = await client.post(f"/v1/replies/{waiting[0]['id']}/delivery", json=delivered)
    assert report.json()["status"] == "delivered"
    assert (await client.get("/v1/replies", params={"status": "approved"})).json()["items"] == []
    assert (await client.get("/v1/load")).json()["people"][0]["handled"] == 1


async def test_pauses_accounts_and_availability_come_and_go_through_the_api(platform: Platform) -> None:
    path = await conversation_with_e1(platform)
    client = platform.services["monitoring"]
    pause = (await client.post("/v1/pauses", json={"scope": "all", "reason": "Outage."})).json()
    refused = await client.post(f"{path}/reply", json={"text": "Hello!"})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "paused")
    assert (await client.delete(f"/v1/pauses/{pause['id']}")).status_code == 204
    assert (await client.post(f"{path}/reply", json={"text": "Hello!"})).status_code == 201

    account = (
        await client.post("/v1/accounts", json={"network": "mastodon", "handle": "@harbour", "kind": "brand"})
    ).json()
    assert (await client.delete(f"/v1/accounts/{account['id']}")).status_code == 204
    assert (await client.get("/v1/accounts")).json()["items"] == []
    assert (await client.get("/v1/availability/E-1")).json()["open"] == 0
    assert (await client.get("/v1/availability/E-9")).status_code == 404
