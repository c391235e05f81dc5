"""Feeds are read politely and whatever shape they are in, from a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.db import Database
from tests.monitoring.reading import Desk, desk
from tests.monitoring.web import Page, Web, atom, serve


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with serve() as served:
        yield served


@pytest.fixture
async def reading(db: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(db, tmp_path) as made:
        await made.call_the_brand("Harbourline")
        yield made


def feed(web: Web, path: str = "/feed", **more: str) -> dict[str, str]:
    return {"kind": "feed", "url": f"{web.url}{path}", "network": "blog", **more}


async def test_a_feed_is_fetched_again_only_when_it_changed_and_each_entry_comes_once(web: Web, reading: Desk) -> None:
    web.pages["/feed"] = atom(("1", "Ann", "Harbourline was late"), ("2", "Bob", "I like tea"))
    source = await reading.add(feed(web))
    first = await reading.until(source.id, lambda one: one.health == "well")
    assert await reading.texts() == ["Harbourline was late"]
    assert (first.kept, first.dropped) == (1, 1)

    await reading.read_again(source.id)
    assert web.asked[-1][1:] == (web.pages["/feed"].headers["etag"], 304)

    web.pages["/feed"] = atom(("1", "Ann", "Harbourline came"), ("2", "Bob", "I like tea"), ("3", "C", "Harbourline?"))
    run = await reading.read_again(source.id)
    assert (run.state, run.kept, run.duplicates, run.dropped) == ("done", 2, 0, 0)
    assert sorted(await reading.texts()) == ["Harbourline came", "Harbourline?"]


async def test_what_a_registered_account_writes_is_staffs_and_the_rest_are_mentions(web: Web, reading: Desk) -> None:
    await reading.register_brand("blog", "Press office")
    web.pages["/feed"] = atom(("1", "Press office", "Good morning"), ("2", "Ann", "Good evening, Harbourline"))
    source = await reading.add(feed(web))
    await reading.until(source.id, lambda one: one.health == "well")
    assert [(one.kind, one.author, one.source) for one in await reading.posts()] == [
        ("mention", "Ann", source.id),
        ("staff", "Press office", source.id),
    ]


async def test_rss_with_html_redirects_and_a_break_in_the_middle_is_read_as_far_as_it_goes(
    web: Web, reading: Desk
) -> None:
    web.pages["/feed"] = Page(status=301, headers={"location": f"{web.url}/new"})
    web.pages["/new"] = Page(
        b"<rss version='2.0'><channel><title>N</title><item><guid>a</guid><title>Late again</title>"
        b"<description>&lt;p&gt;Harbourline &amp;amp; I&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description>"
        b"<pubDate>Sat, 01 Jan 2101 00:00:00 GMT</pubDate></item><item><guid>b</guid><title>Harbourline: tw",
        headers={"content-type": "application/rss+xml"},
    )
    source = await reading.add(feed(web))
    await reading.until(source.id, lambda one: one.health == "well")
    texts = await reading.texts()
    assert "Late again\n\nHarbourline & I" in texts
    assert all(one.posted_at <= one.received_at for one in await reading.posts())


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page(b"<html><body>Sign in"), "not a feed"),
        (Page(b"\xff\xfe\x00garbage\x00" * 50), "not a feed"),
        (Page(b"{}", status=503, headers={"retry-after": "7200"}), "answered 503"),
        (Page(status=302, headers={"location": "/feed"}), "redirects without end"),
        (Page(b"<rss>" + b" " * (11 * 1024 * 1024)), "more than 10 MB"),
        (Page(status=302, headers={"location": "http://10.0.0.1/feed"}), "not a public one"),
        (Page(status=302, headers={"location": "http://[::ffff:169.254.169.254]/"}), "not a public one"),
    ],
)
async def test_what_cannot_be_read_is_said_in_a_sentence_and_tried_again_later(
    web: Web, reading: Desk, page: Page, said: str
) -> None:
    web.pages["/feed"] = page
    source = await reading.add(feed(web))
    failing = await reading.until(source.id, lambda one: one.health == "failing")
    assert said in (failing.last_error or "")
    assert failing.next_run_at is not None
    assert failing.last_run_at is not None
    waits = (failing.next_run_at - failing.last_run_at).total_seconds()
    assert waits >= (7200 if page.status == 503 else 10)

    web.pages["/feed"] = atom(("1", "Ann", "Harbourline is back"))
    await reading.read_again(source.id)
    assert (await reading.see(source.id)).health == "well"
    assert await reading.texts() == ["Harbourline is back"]


async def test_a_private_address_is_not_fetched_unless_it_is_allowed(db: Database, web: Web, tmp_path: Path) -> None:
    web.pages["/feed"] = atom(("1", "Ann", "Harbourline"))
    async with desk(db, tmp_path, fetch_also=()) as strict:
        for url in (web.url, web.url.replace("127.0.0.1", "localhost")):
            source = await strict.add(feed(web) | {"url": f"{url}/feed"})
            failing = await strict.until(source.id, lambda one: one.health == "failing")
            assert "not a public one" in (failing.last_error or "")
    assert web.asked == []


async def test_one_source_that_hangs_or_fails_stops_no_other(web: Web, reading: Desk) -> None:
    broken = await reading.add(feed(web, "/missing"), "Broken")
    web.pages["/feed"] = atom(("1", "Ann", "Harbourline"))
    good = await reading.add(feed(web), "Good")
    await reading.until(good.id, lambda one: one.health == "well")
    await reading.until(broken.id, lambda one: one.health == "failing")
