"""A draft's rules tried on past posts, against those in force."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.monitoring.tables import Post
from services.policy import backtesting
from services.policy.domain import figures
from services.policy.settings import PolicySettings
from shared.bus import Bus
from shared.settings import Environment
from shared.tasks import end
from tests.conftest import Templates
from tests.policy.backtesting import IN_FORCE, MONDAY, Kept, ask, both, by_key, changes, ended, keeping
from tests.policy.conftest import PolicyService
from tests.servers import NatsServer


@pytest.fixture
async def kept(tmp_path: Path, nats: NatsServer, templates: Templates, service: PolicyService) -> AsyncIterator[Kept]:
    """What the monitoring service keeps, without the rest of it."""
    async with keeping(templates.copy("sqlite", "monitoring", tmp_path), service, tmp_path, nats) as keeper:
        yield keeper


async def test_a_backtest_says_what_a_draft_would_newly_flag_and_newly_clear(
    service: PolicyService, kept: Kept
) -> None:
    version = await both(service)
    await kept.add("you idiot", "you fool", "hello world, you clown", "a quiet day")
    await kept.add("project heron!", "Project Heron, you idiot", network="bluesky", posted_at=MONDAY + timedelta(7))
    await kept.add("what a clown", kind="mention")

    body = await ended(service, await ask(service, version), service.as_person("E-2", "team:read", "monitoring:read"))

    assert (body["state"], body["percent"], body["posts_done"], body["posts_total"]) == ("done", 100, 6, 6)
    assert (body["policy"], body["version"], body["against"], body["current"]) == ("social-media", 2, 1, True)
    found = body["figures"]
    # Newly: heron. Cleared: fool. As before: idiot, "hello world, you clown" (by another rule), heron + idiot.
    assert changes(found) == (1, 1, 3)
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert {name: (rule["change"], changes(rule)) for name, rule in rules.items()} == {
        "no-insults": ("changed", (1, 1, 2)),
        "no-secrets": ("added", (2, 0, 0)),
        "no-shouting": ("removed", (0, 1, 0)),
    }
    assert (rules["no-insults"]["severity_before"], rules["no-insults"]["severity"]) == ("block", "hold")
    assert by_key(found["networks"]) == {"mastodon": (0, 1, 2), "bluesky": (1, 0, 1)}
    assert by_key(found["weeks"]) == {"2026-W45": (0, 1, 2), "2026-W46": (1, 0, 1)}
    assert [group["posts"] for group in found["weeks"]] == [4, 2]
    assert by_key(rules["no-secrets"]["weeks"]) == {"2026-W46": (2, 0, 0)}
    (cleared,) = rules["no-insults"]["samples"]["newly_cleared"]
    assert cleared == {"network": "mastodon", "language": None, "text": "you fool", "span": {"start": 4, "end": 8}}
    assert "nobody" not in str(body)


async def test_a_backtest_looks_only_at_the_posts_it_is_asked_about(service: PolicyService, kept: Kept) -> None:
    version = await both(service)
    await kept.add("you clown", "you clown again", posted_at=MONDAY - timedelta(1))
    await kept.add("you clown", posted_at=MONDAY)
    await kept.add("you clown", "still a clown", network="bluesky", posted_at=MONDAY)
    await kept.add("you clown", kind="reply", posted_at=MONDAY)
    await kept.add("you clown", kind="mention", posted_at=MONDAY)
    await kept.add("you clown", posted_at=MONDAY + timedelta(hours=1))

    async def flagged(**body: object) -> int:
        result = await ended(service, await ask(service, version, **body))
        assert result["posts_total"] == result["figures"]["newly_flagged"]
        return int(result["posts_total"])

    assert await flagged() == 7
    assert await flagged(**{"from": MONDAY.isoformat(), "to": (MONDAY + timedelta(hours=1)).isoformat()}) == 4
    assert await flagged(networks=["bluesky"]) == 2
    assert await flagged(kinds=["reply", "mention"]) == 2


BESIDE = """# Kindness {#kindness}
```rule
id: say-what-it-shows
severity: hold
detect: {missing: alt_text}
message: Say what the picture shows.
examples: {match: [{text: Look, media: [{kind: image}]}], pass: [Look]}
```

```rule
id: no-pitch-at-first
severity: advise
detect: {first_contact_pitch: {words: [discount]}}
message: First get to know each other.
examples: {match: [A discount], pass: [{text: A discount, first_contact: false}]}
```
"""


async def test_a_backtest_knows_what_stood_beside_a_post_and_who_had_met_before(
    service: PolicyService, kept: Kept
) -> None:
    await service.publish(IN_FORCE)
    version = await service.write(BESIDE)
    picture, described = {"kind": "image"}, {"kind": "image", "alt_text": "A tent in the rain"}
    await kept.add("look", media=[described, picture])
    await kept.add("look here", media=[described])
    await kept.add("do you sell tents?", kind="mention", author="@camper", network_id="question")
    await kept.add("A discount for you", kind="reply", in_reply_to="question")
    await kept.add("Here is the discount", kind="reply", in_reply_to="question", posted_at=MONDAY + timedelta(hours=1))
    await kept.add("A discount for nobody we know of", kind="reply", in_reply_to="elsewhere")

    reader = service.as_person("E-2", "team:read", "monitoring:read")
    found = (await ended(service, await ask(service, version), reader))["figures"]

    flagged = {rule["rule"]: rule["samples"]["newly_flagged"] for rule in found["rules"] if rule["newly_flagged"]}
    assert {rule: [each["text"] for each in samples] for rule, samples in flagged.items()} == {
        "say-what-it-shows": ["look"],
        "no-pitch-at-first": ["A discount for you"],
    }


async def test_departments_with_few_people_are_merged_until_no_subtraction_shows_them(
    service: PolicyService, kept: Kept
) -> None:
    version = await both(service)
    # Known already: two people in Support and two in Communications.
    for department, people in (("Legal", 3), ("Sales", 9), ("Stores", 20), ("Care", 8)):
        for number in range(people):
            await service.hear_of(f"{department}-{number}", department)
    for department in ("Legal", "Sales", "Stores", "Care", "Dissolved"):
        await kept.register(f"@{department}", department)
        await kept.add(f"the {department} clown", "a quiet day", author=f"@{department}")
    await kept.add("an unknown clown")

    found = (await ended(service, await ask(service, version)))["figures"]

    # Seven people in Legal, Support and Communications are too few; so the smallest of the others is with them.
    expected = {"Sales": (1, 0, 0), "Stores": (1, 0, 0), "other": (3, 0, 0), None: (1, 0, 0)}
    assert by_key(found["departments"]) == expected
    assert by_key(found["rules"][0]["departments"]) == expected

    rows = await service.app.state.db.read(
        lambda session: str(session.connection().exec_driver_sql("SELECT figures FROM backtests").all())
    )
    assert "Legal" not in rows
    assert "Dissolved" not in rows


async def test_samples_show_no_text_to_who_may_not_read_posts_or_when_the_post_is_gone(
    service: PolicyService, kept: Kept
) -> None:
    version = await both(service)
    gone, *_ = await kept.add(*(f"clown number {number}" for number in range(9)))
    location = await ask(service, version, samples=20)

    def texts(body: dict[str, Any]) -> set[str | None]:
        (rule,) = [rule for rule in body["figures"]["rules"] if rule["rule"] == "no-insults"]
        return {sample["text"] for sample in rule["samples"]["newly_flagged"]}

    await ended(service, location)
    assert texts((await service.client.get(location)).json()) == {None}

    reader = service.as_person("E-1", "team:read", "monitoring:read")
    assert texts((await reader.get(location)).json()) == {f"clown number {number}" for number in range(9)}

    await kept.db.write(lambda session: session.delete(session.get_one(Post, gone)))
    assert texts((await reader.get(location)).json()) == {None} | {f"clown number {n}" for n in range(1, 9)}


@pytest.mark.usefixtures("kept")
async def test_a_backtest_is_only_for_those_who_see_drafts_of_all_departments(service: PolicyService) -> None:
    version = await both(service)
    location = await ask(service, version)
    await ended(service, location)

    employee = service.as_person("E-3")
    assert (await employee.get(location)).status_code == 404
    assert (await employee.get(f"{location}/events")).status_code == 404
    assert (await employee.post(f"{version}/backtests", json={})).status_code == 403
    assert (await employee.get(f"{version}/backtests")).status_code == 404
    reviewer = service.as_person("E-2", "team:read")
    assert (await reviewer.get(location)).status_code == 200
    assert [each["id"] for each in (await reviewer.get(f"{version}/backtests")).json()["items"]] == [location[-36:]]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few posts take as long as many, so that a test can act while they are read."""
    monkeypatch.setattr("shared.past_posts.PAGE_POSTS", 5)
    monkeypatch.setattr(figures, "BREATH", 0.02)
    monkeypatch.setattr(backtesting, "SAVED_EVERY", 0.0)


async def follow(client: httpx.AsyncClient, location: str) -> list[tuple[str, dict[str, Any]]]:
    events = []
    async with client.stream("GET", f"{location}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                events.append((fields["event"], httpx.Response(200, content=fields["data"]).json()))
                fields = {}
    return events


async def reached(service: PolicyService, location: str, percent: float) -> None:
    """Wait until so much is done; over ASGI a stream comes only when it has ended."""
    async with asyncio.timeout(20):
        while True:
            if (await service.client.get(location)).json()["percent"] >= percent:
                return
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("small_pages")
async def test_progress_can_be_watched_to_the_end(service: PolicyService, kept: Kept) -> None:
    version = await both(service)
    await kept.add(*(f"clown {number}" for number in range(200)))

    events = await follow(service.client, await ask(service, version))

    percentages = [event["percent"] for _, event in events]
    assert percentages == sorted(percentages)
    assert len({each for each in percentages if 0 < each < 100}) >= 2
    assert events[-1][0] == events[-1][1]["state"] == "done"
    assert changes(events[-1][1]) == (200, 0, 0)
    assert any(event["eta"] for name, event in events if name == "running")


@pytest.mark.usefixtures("small_pages")
async def test_a_cancelled_backtest_stops_and_keeps_what_it_counted(service: PolicyService, kept: Kept) -> None:
    version = await both(service)
    await kept.add(*(f"clown {number}" for number in range(400)))
    location = await ask(service, version)
    waiting = await ask(service, version)
    await reached(service, location, 5)

    cancelled = await service.client.post(f"{location}/cancellation", json={})
    assert cancelled.json()["state"] == "cancelled"
    assert (await service.client.post(f"{waiting}/cancellation")).json()["state"] == "cancelled"
    assert (await service.client.post(f"{location}/cancellation")).status_code == 409

    first = (await service.client.get(location)).json()
    assert 0 < first["posts_done"] < 400
    assert first["figures"]["newly_flagged"] == first["posts_done"]
    assert first["figures"]["departments"] == []
    # The next one runs, so the cancelled one has let go.
    last = await ended(service, await ask(service, version, networks=["bluesky"]))
    assert (last["state"], last["posts_total"]) == ("done", 0)
    assert (await service.client.get(location)).json() == first
    told = await service.told("policy.backtest.finished.v1")
    assert [event["state"] for event in told] == ["cancelled", "cancelled", "done"]


@pytest.mark.usefixtures("small_pages")
async def test_a_backtest_that_broke_off_goes_on_where_it_was(
    service: PolicyService, kept: Kept, tmp_path: Path, nats: NatsServer
) -> None:
    version = await both(service)
    await kept.add(*(f"clown {number}" for number in range(300)))
    location = await ask(service, version)
    await reached(service, location, 20)
    await service.app.state.backbone.stop()
    broken_off = (await service.client.get(location)).json()
    assert broken_off["state"] == "running"
    assert 60 <= broken_off["posts_done"] < 300
    await kept.add("a clown who came later")

    bus = Bus(PolicySettings(environment=Environment.TEST, data_dir=tmp_path, nats_url=nats.url), "policy")
    await bus.start()
    again = asyncio.create_task(backtesting.run_backtests(service.app.state.db, bus))
    body = await ended(service, location)
    await end(again)
    await bus.stop()

    assert (body["state"], body["posts_done"], body["started_at"]) == ("done", 300, broken_off["started_at"])
    assert changes(body["figures"]) == (300, 0, 0)
    assert [week["posts"] for week in body["figures"]["weeks"]] == [300]


async def test_a_backtest_waits_for_the_keeper_of_posts_and_fails_clearly_when_it_stays_away(
    service: PolicyService, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtesting, "AGAIN", 0.05)
    version = await both(service)
    await kept.add("you clown")
    await kept.stop()
    location = await ask(service, version)
    first = await service.client.get(location, headers={"Prefer": "wait=1"})
    assert (first.json()["state"], "Preference-Applied" in first.headers) == ("running", False)

    await kept.serve()
    assert changes((await ended(service, location))["figures"]) == (1, 0, 0)

    await kept.stop()
    monkeypatch.setattr(backtesting, "PATIENCE", 0.2)
    body = await ended(service, await ask(service, version))
    assert body["state"] == "failed"
    assert body["failure"].startswith("The monitoring service did not answer")


async def test_a_backtest_runs_on_both_kinds_of_database(
    service_on_both: PolicyService, database_url: Callable[[str], str], tmp_path: Path, nats: NatsServer
) -> None:
    version = await both(service_on_both)
    async with keeping(database_url("monitoring"), service_on_both, tmp_path, nats) as keeper:
        await keeper.add("you fool", "you clown", "a quiet day", "a fool and a clown")
        body = await ended(service_on_both, await ask(service_on_both, version, **{"from": MONDAY.isoformat()}))
    assert (body["state"], body["posts_done"]) == ("done", 4)
    assert changes(body["figures"]) == (1, 1, 1)


async def test_what_would_only_be_advised_on_is_counted_apart(service: PolicyService, kept: Kept) -> None:
    version = await both(service)
    await kept.add("our wages are too low, said the clown", "what a clown", "our wages are too low, you idiot")

    found = (await ended(service, await ask(service, version)))["figures"]

    assert (changes(found), found["protected"]) == ((2, 0, 1), 1)
    assert {rule["rule"]: rule["protected"] for rule in found["rules"]} == {
        "no-insults": 1,
        "no-secrets": 0,
        "no-shouting": 0,
    }
