"""What fails is tried again, held back, given up and sent once more; nothing that the log keeps is missing in the end."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain import event_log
from services.gateway.domain.webhooks.schedule import RETRIES, next_try
from shared.clock import ShiftedClock
from tests.conftest import Templates
from tests.evidence import evidence_of
from tests.gateway.telling import (
    Answer,
    Heard,
    Telling,
    receiving,
    settings_for,
    subjects,
    telling,
    until,
)
from tests.servers import NatsServer


def more_was_heard(gateway: Telling, before: int) -> bool:
    return len(gateway.receiver.heard) > before


async def states(gateway: Telling, hook: dict[str, Any]) -> list[str]:
    return [each["state"] for each in await gateway.deliveries(hook)]


async def tried(gateway: Telling, hook: dict[str, Any], times: int) -> bool:
    """Say whether the last delivery has been tried so often."""
    found = await gateway.deliveries(hook)
    return bool(found) and len(found[-1]["attempts"]) >= times


async def test_an_event_that_is_refused_is_tried_for_three_days_then_dead_and_sent_again_by_hand(
    gateway_on_both: Telling,
) -> None:
    gateway = gateway_on_both
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 500, b"Broken.")
    began = gateway.clock.now()
    [told] = await gateway.happen("person/1")
    for number in range(1, len(RETRIES) + 2):
        await gateway.eventually(partial(tried, gateway, hook, number))
        [delivery] = await gateway.deliveries(hook)
        if number <= len(RETRIES):
            assert (delivery["state"], len(delivery["attempts"])) == ("waiting", number)
            await gateway.pass_time(RETRIES[number - 1] * 1.1)
    assert timedelta(days=3) <= gateway.clock.now() - began <= timedelta(days=3.5)
    assert delivery["state"] == "dead"
    assert {(each["status"], each["answer"]) for each in delivery["attempts"]} == {(500, "Broken.")}
    assert {heard.id for heard in gateway.receiver.heard} == {told}

    del gateway.receiver.answers["/hook"]
    await gateway.ask("POST", f"{hook['id']}/deliveries/{delivery['id']}/retry")
    await gateway.eventually(lambda: all_delivered(gateway, hook, 1))
    assert gateway.receiver.heard[-1].id == told


async def all_delivered(gateway: Telling, hook: dict[str, Any], count: int) -> bool:
    return await states(gateway, hook) == ["delivered"] * count


async def test_an_endpoint_that_was_dead_for_three_days_catches_up_and_a_replay_leaves_nothing_out(
    gateway: Telling,
) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 502)
    since = gateway.clock.now().isoformat()
    told: list[str] = []
    for part in range(8):
        told += await gateway.happen(*(f"person/{part}-{number}" for number in range(10)))
        before = len(gateway.receiver.heard)
        await gateway.pass_time(timedelta(hours=9))
        await until(partial(more_was_heard, gateway, before))
    shown = await gateway.ask("GET", hook["id"])
    assert (shown["state"], shown["failing_since"] is not None) == ("active", True)
    assert shown["behind"] > 40, "an endpoint that is down is not asked with everything that happens"

    gateway.receiver.heard.clear()
    del gateway.receiver.answers["/hook"]
    await gateway.pass_time(timedelta(minutes=6))
    await until(lambda: {heard.id for heard in gateway.receiver.heard} == set(told))

    async def caught_up() -> bool:
        told_all = (await gateway.ask("GET", hook["id"]))["behind"] == 0
        return bool(told_all and not await gateway.deliveries(hook, state="waiting"))

    # What came of a message is noted a moment after it was heard; whoever is cut off between the two sends it again.
    await gateway.eventually(caught_up)
    gateway.receiver.heard.clear()
    begun = await gateway.ask("POST", f"{hook['id']}/replay", {"from": since, "types": ["training.person.*"]})
    assert begun["replay"]["left"] >= len(told)
    await until(lambda: len(gateway.receiver.heard) >= len(told))

    async def over() -> bool:
        return (await gateway.ask("GET", hook["id"]))["replay"] is None

    await gateway.eventually(over)
    assert sorted(heard.id for heard in gateway.receiver.heard) == sorted(told)


async def test_an_endpoint_with_nothing_but_failures_for_days_is_paused_and_resumed_from_where_it_stood(
    gateway: Telling,
) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 500)
    told = await gateway.happen(*subjects(20))
    await gateway.eventually(lambda: gateway.deliveries(hook))
    await gateway.pass_time(timedelta(days=5, minutes=10))

    async def paused() -> bool:
        return bool((await gateway.ask("GET", hook["id"]))["paused_because"] == "failing")

    await gateway.eventually(paused)
    assert [entry[0] for entry in await evidence_of(gateway.db, "webhook.paused.failing")] == [f"webhooks/{hook['id']}"]
    gateway.receiver.heard.clear()
    del gateway.receiver.answers["/hook"]
    told += await gateway.happen("person/later")
    await gateway.ask("POST", f"{hook['id']}/resumption")
    await until(lambda: {heard.id for heard in gateway.receiver.heard} == set(told))


async def test_an_endpoint_that_says_it_is_gone_is_paused_at_once(gateway: Telling) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 410)
    await gateway.happen("person/1")

    async def paused() -> bool:
        return bool((await gateway.ask("GET", hook["id"]))["paused_because"] == "gone")

    await gateway.eventually(paused)


async def test_one_event_that_is_refused_holds_up_no_other(gateway: Telling) -> None:
    hook = await gateway.webhook()

    async def refuse_one(heard: Heard) -> Answer:
        return (400 if heard.event["subject"] == "person/3" else 200), {}, b""

    gateway.receiver.answers["/hook"] = refuse_one
    await gateway.happen(*subjects(30))

    async def all_but_one() -> bool:
        return sorted(await states(gateway, hook)) == ["delivered"] * 29 + ["waiting"]

    await gateway.eventually(all_but_one)
    assert (await gateway.ask("GET", hook["id"]))["state"] == "active"


async def test_what_was_sent_and_not_written_down_is_sent_again_under_its_id(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> None:
    """The gateway is stopped between an endpoint's taking an event and its answer: to us as if it had been killed."""
    options = settings_for(tmp_path, nats.url, templates.copy("sqlite", "gateway", tmp_path))
    async with receiving() as receiver:
        receiver.hang("/hook")
        async with telling(options, clock, receiver) as gateway:
            await gateway.webhook()
            told = await gateway.happen(*subjects(3))
            await until(lambda: len(receiver.heard) == 3)
        del receiver.answers["/hook"]
        before = [heard.id for heard in receiver.heard]
        async with telling(options, clock, receiver) as gateway:
            await until(lambda: len(receiver.heard) == 6)

    assert sorted(before) == sorted(told) == sorted(heard.id for heard in receiver.heard[3:])


async def test_when_events_may_be_missing_an_endpoint_is_told_to_load_the_snapshots_and_goes_on(
    gateway: Telling,
) -> None:
    await gateway.webhook()
    await gateway.happen("person/1")
    await until(lambda: len(gateway.receiver.heard) == 1)
    await gateway.db.write(event_log.start_epoch)
    await gateway.happen("person/2")
    await until(lambda: len(gateway.receiver.heard) == 3)

    types = {heard.event["type"]: heard.event for heard in gateway.receiver.heard[1:]}
    assert set(types) == {"gateway.events.resync.v1", "training.person.changed.v1"}
    assert types["gateway.events.resync.v1"]["data"]["reason"] == "epoch"
    assert "/v1/people" in types["gateway.events.resync.v1"]["data"]["snapshots"]


async def test_one_that_was_paused_for_longer_than_the_log_reaches_is_told_so(gateway: Telling) -> None:
    hook = await gateway.webhook()
    await gateway.ask("POST", f"{hook['id']}/pause")
    await gateway.happen("person/1")
    gateway.clock.advance(timedelta(days=31))
    await gateway.app.state.backbone.tick()
    # The ring of what is new still has it; a process that starts then has not.
    hub = gateway.app.state.doors.hub
    hub.open(hub.epoch, hub.position)
    await gateway.ask("POST", f"{hook['id']}/resumption")
    await gateway.happen("person/2")
    await until(lambda: len(gateway.receiver.heard) >= 2)

    assert {heard.event["data"].get("reason", heard.event["subject"]) for heard in gateway.receiver.heard} == {
        "cursor",
        "person/2",
    }


async def test_what_an_endpoint_asks_for_with_retry_after_is_kept_to(gateway: Telling) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 429, retry_after="3600")
    await gateway.happen("person/1")
    await gateway.eventually(lambda: gateway.deliveries(hook))
    [delivery] = await gateway.deliveries(hook)

    assert delivery["next_at"] > (gateway.clock.now() + timedelta(minutes=58)).isoformat()


async def test_deliveries_are_kept_for_thirty_days_and_what_was_answered_goes_with_an_erasure(
    gateway: Telling,
) -> None:
    from services.gateway.domain.webhooks.deliveries import forget_answers

    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 200, b"Welcome, Ada Zanzibar!")
    await gateway.happen("person/ada", "person/bo")
    await gateway.eventually(lambda: all_delivered(gateway, hook, 2))
    await gateway.db.write(forget_answers, ["person/ada"])
    answered = {each["subject"]: each["attempts"][0]["answer"] for each in await gateway.deliveries(hook)}
    assert answered == {"person/ada": None, "person/bo": "Welcome, Ada Zanzibar!"}

    gateway.clock.advance(timedelta(days=31))
    await gateway.app.state.backbone.tick()
    assert await gateway.deliveries(hook) == []


async def test_a_leavers_endpoints_wait_for_somebody_who_is_here(gateway: Telling) -> None:
    from services.gateway.domain import people
    from services.gateway.domain.webhooks import endpoints
    from services.gateway.schemas.webhooks import WebhookIn
    from shared.context import Principal

    maker = Principal("person:p-1", "p-1", "E-1", frozenset({"self", "events:read", "admin:write"}))
    body = WebhookIn(name="x", url=f"{gateway.receiver.url}/x")
    made = await gateway.db.write(endpoints.create, body, maker, gateway.sender.terms)
    await gateway.db.write(people.end_access, "p-1")

    shown = await gateway.ask("GET", made.id)
    assert (shown["state"], shown["paused_because"]) == ("paused", "maker_left")


@settings(max_examples=50)
@given(st.integers(1, 20), st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=400)))
def test_a_further_try_is_never_in_the_past_nor_more_than_a_day_away(tries: int, asked: timedelta | None) -> None:
    now = ShiftedClock().now()
    at = next_try(tries, now, asked)
    assert (at is None) == (tries > len(RETRIES))
    assert at is None or now < at <= now + timedelta(days=1)


async def test_two_processes_tell_an_endpoint_once(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> None:
    options = settings_for(tmp_path, nats.url, templates.copy("sqlite", "gateway", tmp_path))
    async with (
        receiving() as receiver,
        telling(options, clock, receiver) as first,
        telling(options, clock, receiver) as second,
    ):
        await second.webhook()
        told = await first.happen(*subjects(20))
        await until(lambda: len(receiver.heard) >= 20)
        assert sorted(heard.id for heard in receiver.heard) == sorted(told)
