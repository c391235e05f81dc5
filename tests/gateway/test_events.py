"""Everything that happens, as a stream that resumes exactly and as pages."""

import asyncio
from datetime import timedelta

import orjson

from services.gateway.domain import event_log
from tests.gateway.story import add_people, client_with, listening
from tests.platform import Platform

NDJSON = {"Accept": "application/x-ndjson"}


async def pages(platform: Platform, query: str = "", limit: int = 3) -> list[str]:
    """Read the log page by page and return the ids of the events."""
    found: list[str] = []
    cursor = "start"
    while True:
        answer = await platform.client.get(f"/v1/events?limit={limit}&after={cursor}{query}", headers=NDJSON)
        assert answer.status_code == 200, answer.text
        ids = [orjson.loads(line)["id"] for line in answer.text.splitlines()]
        if not ids:
            return found
        found += ids
        cursor = answer.headers["Next-Cursor"]


async def test_a_listener_hears_what_happens_in_the_order_it_was_told(platform: Platform) -> None:
    async with listening(platform.client, "?types=training.person") as listener:
        people = await add_people(platform, 5)
        heard = await listener.take(5)

    assert [told.type for told in heard] == ["training.person.changed.v1"] * 5
    assert [told.data["data"]["id"] for told in heard] == people
    assert heard[0].data["specversion"] == "1.0"
    assert heard[0].data["source"] == "/training"


async def test_a_reader_that_was_cut_off_resumes_without_loss_or_repeats(platform: Platform) -> None:
    people: list[str] = []
    heard: list[str] = []
    cursor = None
    async with listening(platform.client, "?types=training.person") as listener:
        people += await add_people(platform, 3)
        heard += [told.data["data"]["id"] for told in await listener.take(2)]
        cursor = listener.last_id
    for number in range(4, 8):
        body = {
            "employee_number": f"E-{number}",
            "name": "N",
            "email": f"e{number}@x.example",
            "department": "Care",
            "region": "EMEA",
        }
        people.append((await platform.client.post("/v1/people", json=body)).json()["id"])
    await platform.settle()
    async with listening(platform.client, "?types=training.person", cursor) as listener:
        heard += [told.data["data"]["id"] for told in await listener.take(5)]

    assert heard == people


async def test_pages_hold_each_event_once_and_end_where_the_stream_goes_on(platform: Platform) -> None:
    await add_people(platform, 7)
    await platform.settle()
    everything = await pages(platform, limit=1000)

    assert await pages(platform, limit=3) == everything
    assert len(everything) == len(set(everything)) >= 7
    last = await platform.client.get("/v1/events?limit=1000&after=start", headers=NDJSON)
    async with listening(platform.client, f"?after={last.headers['Next-Cursor']}") as listener:
        await platform.client.patch("/v1/people/E-1", json={"name": "Renamed"})
        assert (await listener.next()).data["data"]["name"] == "Renamed"


async def test_types_are_chosen_by_name_prefix_or_glob(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.client.post("/v1/api-keys", json={"name": "x", "scopes": ["people:read"]})
    await platform.settle()

    assert len(await pages(platform, "&types=training.person.changed.v1")) == 2
    assert len(await pages(platform, "&types=training")) == 2
    assert len(await pages(platform, "&types=*.key.*,training.person.")) == 3
    assert await pages(platform, "&types=train") == []


async def test_a_reader_sees_of_an_event_what_their_scopes_allow(platform: Platform) -> None:
    watcher = await client_with(platform, "events:read")
    staff = await client_with(platform, "events:read", "people:read")
    await add_people(platform, 1)
    post = {"network": "bluesky", "network_id": "1", "kind": "mention", "author": "@someone", "text": "Where is it?"}
    await platform.client.post("/v1/posts", json=post | {"posted_at": platform.clock.now().isoformat()})
    await platform.settle()

    async def fields(client: object, event_type: str) -> set[str]:
        answer = await client.get(f"/v1/events?after=start&types={event_type}", headers=NDJSON)  # type: ignore[attr-defined]
        return set(orjson.loads(answer.text.splitlines()[0])["data"])

    person = "training.person.changed.v1"
    assert {"name", "email", "employee_number"} & await fields(watcher, person) == set()
    assert {"id", "department"} <= await fields(watcher, person)
    assert {"name", "email", "employee_number"} <= await fields(staff, person)
    assert "text" not in await fields(staff, "monitoring.post.received.v1")
    assert "text" in await fields(platform.client, "monitoring.post.received.v1")


async def test_a_key_limited_to_departments_cannot_listen_to_all(platform: Platform) -> None:
    limited = await client_with(platform, "events:read", departments=["Care"])

    assert (await limited.get("/v1/events")).status_code == 403


async def test_a_cursor_that_the_log_no_longer_reaches_gets_one_resync(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.settle()
    first = await platform.client.get("/v1/events?limit=1&after=start", headers=NDJSON)
    old = first.headers["Next-Cursor"]
    await platform.advance(timedelta(days=31))

    gone = await platform.client.get(f"/v1/events?after={old}", headers=NDJSON)
    assert (gone.status_code, gone.json()["type"].rsplit("/", 1)[1]) == (410, "cursor-gone")
    async with listening(platform.client, cursor=old) as listener:
        resync = await listener.next()
        assert (resync.type, resync.data["cursor"]) == ("resync", resync.cursor)
        assert "/v1/certificates" in resync.data["snapshots"]
        await platform.client.patch("/v1/people/E-1", json={"name": "Renamed"})
        assert (await listener.next()).data["data"]["name"] == "Renamed"


async def test_when_events_may_be_missing_every_reader_is_told(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    async with listening(platform.client) as listener:
        await platform.running["gateway"].app.state.db.write(event_log.start_epoch)
        assert (await listener.next()).type == "resync"
        await platform.client.patch("/v1/people/E-1", json={"name": "Renamed"})
        after = await listener.next()
        assert after.data["data"]["name"] == "Renamed"
    async with listening(platform.client, cursor=after.cursor) as listener:
        await platform.client.patch("/v1/people/E-1", json={"name": "Again"})
        assert (await listener.next()).data["data"]["name"] == "Again"


async def test_a_cursor_that_nobody_gave_is_answered_with_resync(platform: Platform) -> None:
    for cursor in ("nonsense", "ÿ", event_log.Cursor("00000000", 5)):
        answer = await platform.client.get("/v1/events", params={"after": str(cursor)}, headers=NDJSON)
        assert answer.status_code == 410, cursor


async def test_the_stream_of_a_revoked_key_ends(platform: Platform) -> None:
    key = (await platform.client.post("/v1/api-keys", json={"name": "x", "scopes": ["events:read"]})).json()
    client = await platform.client_for(headers={"Authorization": f"Bearer {key['key']}"})
    async with listening(client, "?types=training") as listener:
        await platform.client.delete(f"/v1/api-keys/{key['id']}")
        hub = platform.running["gateway"].app.state.doors.hub
        hub.beat_once()
        assert await listener.ended()


async def test_a_thousand_events_reach_a_slow_reader_through_the_log(platform: Platform) -> None:
    lines = "employee_number,name,email,department,region,manager,languages\n" + "".join(
        f"E-{n},Person {n},e{n}@harbour.example,Care,EMEA,,en\n" for n in range(1, 1001)
    )
    async with listening(platform.client, "?types=training.person") as listener:
        await platform.client.post("/v1/people/imports", content=lines, headers={"Content-Type": "text/csv"})
        await platform.settle()
        hub = platform.running["gateway"].app.state.doors.hub
        hub.open(hub.epoch, hub.position)
        heard = [(await listener.next()).data["data"]["employee_number"] for _ in range(1000)]

    assert sorted(heard) == sorted(f"E-{n}" for n in range(1, 1001))


async def test_the_gateways_own_log_survives_its_restart(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.settle()
    before = await pages(platform, limit=1000)
    await platform.stop_service("gateway")
    await platform.start_service("gateway")
    await asyncio.wait_for(platform.settle(), 20)

    assert await pages(platform, limit=1000) == before
