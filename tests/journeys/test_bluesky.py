"""Bluesky for real: what is written on a network of our own comes in once, and what we answer stands there once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from services.monitoring.connectors.bluesky import ANEW, OUTDATED
from services.monitoring.connectors.replies import Replies
from services.monitoring.domain.conversations import replies, reply_lists
from services.monitoring.domain.sources import runs, sources
from services.monitoring.schemas.conversations import ReplyIn, ReplyOut
from services.monitoring.schemas.posts import PostOut
from services.monitoring.schemas.sources import SourcePauseIn
from services.monitoring.settings import MonitoringSettings
from services.monitoring.tables import Source
from shared.bus import Bus
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.pages import PageQuery
from shared.tasks import end
from tests.bluesky.line import Line, line_to
from tests.bluesky.network import PASSWORD, Member, Network, rkey_of, running
from tests.conftest import Templates
from tests.journeys.test_the_loop import be_online, certify, define_responder, import_people, ok, publish
from tests.monitoring.organisation import KEY, hire, only
from tests.monitoring.reading import Desk, desk
from tests.platform import Platform

WITHIN = 15.0
Written = dict[str, Any]
T = TypeVar("T")


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with running() as network:
        yield network


@pytest.fixture
def from_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the platform's sources be on this machine."""
    monkeypatch.setenv("SHARELOAD_MONITORING_FETCH_ALSO", '["127.0.0.0/8", "::1/128"]')


@pytest.fixture
async def line(network: Network) -> AsyncIterator[Line]:
    async with line_to(network.pds) as line:
        yield line


@pytest.fixture
def db(templates: Templates, tmp_path: Path, clock: ShiftedClock) -> Iterator[Database]:
    database = Database(templates.copy("sqlite", "monitoring", tmp_path), clock)
    yield database
    database.stop()


@pytest.fixture
async def reading(db: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(db, tmp_path) as made:
        await made.call_the_brand("Harbourline")
        yield made


def source(network: Network, line: Line, **more: str) -> dict[str, Any]:
    return {
        "kind": "bluesky",
        "form": "firehose",
        "stream": line.url.replace("http:", "ws:"),
        "server": line.url,
        "directory": network.plc,
        **more,
    }


async def kept(reading: Desk, post: Written, text: str | None = None) -> PostOut:
    """Wait until a post is kept, with a text if one is named."""
    async with asyncio.timeout(WITHIN):
        while True:
            for one in await reading.posts():
                if one.network_id == post["uri"] and text in (None, one.text):
                    return one
            await asyncio.sleep(0.02)


async def seen(look: Callable[[], Awaitable[T]], true: Callable[[T], object]) -> T:
    """Look until something is true of what is seen, and return that."""
    async with asyncio.timeout(WITHIN):
        while not true(found := await look()):  # noqa: ASYNC110  what is waited for is in a database, which tells nobody
            await asyncio.sleep(0.02)
        return found


async def opened(reading: Desk, config: dict[str, Any]) -> str:
    """Set up a source and wait until its stream is open."""
    made = await reading.add(config)
    await reading.until(made.id, lambda one: one.health == "well")
    return made.id


async def at_once(reading: Desk, source: str) -> None:
    """Have a source read on at once, which otherwise waits a moment after its line was cut."""
    await reading.db.write(runs.ask, source)
    reading.runner.wake()


async def test_nothing_is_lost_or_doubled_when_the_line_is_cut_in_the_middle(
    network: Network, line: Line, reading: Desk
) -> None:
    ana, brand = network.join("ana"), network.join("harbourline")
    await reading.register_brand("bluesky", "@Harbourline.test")
    made = await opened(reading, source(network, line))
    await kept(reading, brand.post("Good morning"))
    for number in range(12):
        ana.post(f"Harbourline, are you there? {number}")
        ana.post(f"Nothing about anybody {number}")
        if number == 5:
            line.cut()
            await at_once(reading, made)
    last = brand.post("Good night")

    await kept(reading, last)
    posts = await reading.posts()
    mentions = [(one.text, one.author) for one in posts if one.kind == "mention"]
    assert mentions == [(f"Harbourline, are you there? {number}", "@ana.test") for number in range(12)]
    assert [(one.text, one.author) for one in posts if one.kind == "staff"] == [
        ("Good morning", "@Harbourline.test"), ("Good night", "@Harbourline.test"),
    ]  # fmt: skip
    counted = await reading.see(made)
    assert (counted.health, counted.kept, counted.dropped) == ("well", 14, 12)


async def test_an_edit_and_a_deletion_on_the_network_are_followed(network: Network, line: Line, reading: Desk) -> None:
    bob = network.join("bob")
    await opened(reading, source(network, line))
    late = bob.post("Harbourline is late", langs=["en-GB"])
    first = await kept(reading, late)
    assert (first.lang, first.url) == ("en-GB", f"https://bsky.app/profile/{bob.did}/post/{rkey_of(late)}")
    bob.edit(late, "It came")
    assert (await kept(reading, late, "It came")).id == first.id

    bob.delete(late)
    gone = await seen(lambda: kept(reading, late), lambda one: one.deleted_at)
    assert gone.id == first.id


async def test_a_place_that_is_no_longer_in_the_stream_is_said_and_reading_goes_on(
    network: Network, line: Line, reading: Desk
) -> None:
    cara = network.join("cara")
    made = await opened(reading, source(network, line))
    await kept(reading, cara.post("Harbourline 1"))

    await halt(reading, made)
    cara.post("This may be missing")
    network.remember(0)
    try:
        await go_on(reading, made)
        told = await reading.until(made, lambda one: one.last_error is not None)
        await kept(reading, cara.post("Harbourline 2"))
    finally:
        network.remember(86_400_000)
    assert (told.health, told.last_error) == ("well", OUTDATED)

    # A server that was set up anew counts from the start: it does not know our place yet.
    await halt(reading, made)
    await reading.db.write(move_cursor, made, "1000000")
    await go_on(reading, made)
    await reading.until(made, lambda one: one.last_error == ANEW)
    await kept(reading, cara.post("Harbourline 3"))
    texts = [one.text for one in await reading.posts() if one.author == "@cara.test"]
    assert texts == ["Harbourline 1", "Harbourline 2", "Harbourline 3"]


async def halt(reading: Desk, source: str) -> None:
    """Pause a source, and wait until nobody reads it any more."""
    await reading.db.write(sources.pause, source, SourcePauseIn(), reading.runner.safe, None)
    reading.runner.wake()
    await seen(lambda: reading.db.read(runs.listed, source, PageQuery(1, None)), lambda page: page.items[0].ended_at)


async def go_on(reading: Desk, source: str) -> None:
    await reading.db.write(sources.resume, source)
    reading.runner.wake()


def move_cursor(session: Session, source: str, cursor: str) -> None:
    session.get_one(Source, source).cursor = cursor


@contextlib.asynccontextmanager
async def sending(reading: Desk) -> AsyncIterator[None]:
    """Run what sends replies."""
    work = asyncio.create_task(Replies(reading.runner).run(reading.db, Bus(MonitoringSettings(), "monitoring")))
    try:
        yield
    finally:
        await end(work)


async def answer(reading: Desk, post: Written, text: str) -> ReplyOut:
    """Answer the conversation that a post opened or went on with, as whoever has it."""
    await kept(reading, post)
    one = await seen(lambda: only(reading.db), lambda one: one.assignee)
    return await reading.db.write(replies.send, one.id, ReplyIn(text=text), KEY, None)


async def come_to(reading: Desk, given: ReplyOut, true: Callable[[ReplyOut], object]) -> ReplyOut:
    """Wait until something is true of a reply."""

    async def now() -> ReplyOut:
        found = await reading.db.read(reply_lists.listed, PageQuery(200, None), KEY, None)
        (one,) = [one for one in found.items if one.id == given.id]
        return one

    return await seen(now, true)


async def test_a_reply_stands_on_the_network_once_whatever_happens_to_the_line(
    network: Network, line: Line, reading: Desk
) -> None:
    dora, care = network.join("dora"), network.join("harbourcare")
    await sending_from(reading, network, line, care)
    start = dora.post("A word about boats")
    async with sending(reading):
        given = await answer(
            reading, dora.post("Harbourline, where is it?", start), "See https://x.example/é/1, please."
        )
        sent = await come_to(reading, given, delivered)
        # What we say is heard and the answer lost; then whoever said it is gone, and another begins anew.
        line.deaf = True
        again = dora.post("Where, Harbourline?", {**sent_as(sent, care), "root": reference(start)})
        given = await answer(reading, again, "In the harbour.")
        await come_to(reading, given, lambda one: one.error)
    line.deaf = False
    async with sending(reading):
        await come_to(reading, given, delivered)

    second, first = care.posts()
    assert [one["value"]["text"] for one in (first, second)] == [
        "See https://x.example/é/1, please.",
        "In the harbour.",
    ]
    assert first["uri"] == sent.network_id
    assert second["value"]["reply"] == {"root": reference(start), "parent": reference(again)}
    (link,) = first["value"]["facets"]
    shown = first["value"]["text"].encode()[link["index"]["byteStart"] : link["index"]["byteEnd"]].decode()
    assert shown == link["features"][0]["uri"] == "https://x.example/é/1"


async def test_a_customers_thanks_come_back_to_us_and_a_reply_that_bluesky_refuses_is_reported(
    network: Network, line: Line, reading: Desk
) -> None:
    emil, desk_account = network.join("emil"), network.join("harbourdesk")
    await sending_from(reading, network, line, desk_account)
    async with sending(reading):
        given = await answer(reading, emil.post("Harbourline?"), "Yes, we are here.")
        sent = await come_to(reading, given, delivered)
        thanks = emil.post("Thank you", sent_as(sent, desk_account))
        given = await answer(reading, thanks, "Oh! " * 100)
        failed = await come_to(reading, given, lambda one: one.status == "failed")
    assert "maximum 300, got 400" in (failed.error or "")
    # Our own words came by on the stream, too: they are kept as the reply that they are.
    assert [(one.author, one.text) for one in await reading.posts()] == [
        ("@emil.test", "Harbourline?"), ("@emil.test", "Thank you"),
    ]  # fmt: skip


async def sending_from(reading: Desk, network: Network, line: Line, member: Member) -> None:
    """Have somebody who can answer, and a source that sends over the line and reads past it."""
    await hire(reading.db, 1)
    await reading.register_brand("bluesky", f"@{member.handle}")
    account = {"account": f"@{member.handle}", "app_password": PASSWORD}
    await opened(reading, source(network, line, stream=network.pds.replace("http:", "ws:"), **account))


def delivered(one: ReplyOut) -> bool:
    return one.status == "delivered"


async def organised(platform: Platform) -> None:
    """Have a policy in force, a certified colleague online, their account registered, and the brand named."""
    await import_people(platform)
    await publish(platform)
    await define_responder(platform)
    await certify(platform, "E-4")
    await be_online(platform, "E-4")
    account = {"network": "bluesky", "handle": "@lukas.test", "kind": "staff", "employee_number": "E-4"}
    await ok(await platform.client.post("/v1/accounts", json=account))
    terms = {"names": ["HarbourPhone"]}
    await ok(await platform.client.put("/v1/brand-terms", json=terms, headers={"If-Match": '"0"'}))


async def set_up(platform: Platform, config: dict[str, Any]) -> None:
    """Set up a source, try it and wait until it is read."""
    made = await ok(await platform.client.post("/v1/sources", json={"name": "Bluesky", "config": config}))
    assert made["secrets"] == ["app_password"]
    assert PASSWORD not in json.dumps(made)
    path = f"/v1/sources/{made['id']}"
    tried = await ok(await platform.client.post(f"{path}/test", json={}))
    assert tried == {"works": True, "message": "The stream is open, and @harbourphone.test can send replies."}
    await shown(platform, path, lambda one: one["health"] == "well")


async def shown(platform: Platform, path: str, true: Callable[[Any], object] = lambda page: page["items"]) -> Any:
    """Ask the API until something is true of its answer: at first that there is something."""

    async def asked() -> Any:
        return await ok(await platform.client.get(path))

    return await seen(asked, true)


@pytest.mark.usefixtures("from_loopback")
async def test_a_post_reaches_a_coachs_queue_and_a_mention_a_colleague_whose_answer_stands_on_the_network(
    network: Network, line: Line, platform: Platform
) -> None:
    lukas, fay, brand = network.join("lukas"), network.join("fay"), network.join("harbourphone")
    await organised(platform)
    await set_up(platform, source(network, line, account="@harbourphone.test", app_password=PASSWORD))
    lukas.post("The HarbourPhone is simply the best.")
    fay.post("My HarbourPhone does not charge any more, what now?")

    coach = await platform.as_person("E-3", "coach")
    (finding,) = (await shown(platform, "/v1/findings"))["items"]
    assert (finding["rule"], finding["person"], finding["network"]) == ("disclose-employer", "E-4", "bluesky")
    assert [one["id"] for one in (await ok(await coach.get("/v1/coaching-queue?languages=en")))["items"]] == [
        finding["id"]
    ]

    given = await shown(platform, "/v1/conversations", lambda page: page["items"] and page["items"][0]["assignee"])
    (conversation,) = given["items"]
    assert (conversation["customer"], conversation["assignee"]) == ("@fay.test", "E-4")
    words = {"text": "Try another cable first, please.", "employee_number": "E-4"}
    stated = {"If-Match": f'"{conversation["revision"]}"'}
    path = f"/v1/conversations/{conversation['id']}/reply"
    await ok(await platform.client.post(path, json=words, headers=stated))
    (told,) = (await shown(platform, "/v1/replies?status=delivered"))["items"]
    (post,) = brand.posts()
    assert (post["value"]["text"], post["uri"]) == (words["text"], told["network_id"])


def sent_as(reply: ReplyOut, by: Member) -> Written:
    """Return a reply as its network has it."""
    (found,) = [one for one in by.posts() if one["uri"] == reply.network_id]
    return found


def reference(post: Written) -> Written:
    return {"uri": post["uri"], "cid": post["cid"]}
