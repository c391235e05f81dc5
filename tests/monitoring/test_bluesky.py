"""What a Bluesky stream can say, and what is made of it, whatever it is; the network itself is in the journeys."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7
from websockets.asyncio.server import ServerConnection, serve

from services.monitoring.connectors.bluesky_frames import POSTS, Change, Unreadable, read_firehose, read_jetstream
from services.monitoring.connectors.bluesky_posts import post_of
from services.monitoring.connectors.bluesky_replies import facets, rkey_of
from services.monitoring.connectors.bluesky_stream import opened
from services.monitoring.connectors.protocol import SourceTrouble
from shared.db import Database
from tests.monitoring import web
from tests.monitoring.reading import desk
from tests.monitoring.web import Page

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
START = 1_795_000_000_000_000
HOUR = 3_600_000_000
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")

FIELDS = st.sampled_from(
    ["text", "langs", "createdAt", "reply", "parent", "uri", "embed", "$type", "images", "alt", "media", "captions"]
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just(DID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(st.binary(max_size=200))
@example(b"\xa1bop\x01\xa0")
@example(b"\xa2atg#commitbop\x01\xa0")
def test_bytes_that_are_no_message_are_unreadable_and_nothing_worse(data: bytes) -> None:
    for read in (read_firehose, read_jetstream):
        with contextlib.suppress(Unreadable):
            read(data)


@settings(max_examples=50)
@given(st.dictionaries(FIELDS, ANYTHING))
@example({"text": "a", "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": 3}]}, "langs": ["--"]})
@example({"text": "a", "embed": {"$type": "app.bsky.embed.images", "images": [{}] * 30}})
@example({"text": "a", "createdAt": "0001-01-01T00:00:00+14:00", "reply": {"parent": {"uri": "x" * 501}}})
def test_whatever_a_record_says_it_is_a_post_or_none(record: dict[str, Any]) -> None:
    post = post_of(Change(DID, "3abc", "create", record), "@ana")
    assert post is None or (post.text == record["text"] and post.network_id == f"at://{DID}/{POSTS}/3abc")


@settings(max_examples=50)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_link_is_marked_where_it_stands_in_bytes(before: str, after: str) -> None:
    text = f"{before} https://x.example/é {after}"
    found = {
        text.encode("utf-8", "surrogatepass")[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode()
        for one in facets(text)
    }
    assert "https://x.example/é" in found


def test_a_reply_has_one_address_and_no_other_reply_has_it() -> None:
    # Of two ids of one millisecond, one in a million has the other's address; replies are further apart.
    ids = [str(uuid7(nanoseconds=(1_790_000_000_000 + number) * 1_000_000)) for number in range(500)]
    addresses = [rkey_of(one) for one in ids]
    assert all(TID.fullmatch(one) for one in addresses)
    assert addresses == [rkey_of(one) for one in ids]
    assert addresses == sorted(set(addresses))


async def test_a_stream_inside_is_not_opened() -> None:
    with pytest.raises(SourceTrouble, match="not a public one"):
        async with opened("firehose", "ws://127.0.0.1:1", None, ()):
            pass


def said(number: int, text: str, at: int) -> str:
    commit = {
        "rev": str(number), "operation": "create", "collection": POSTS, "rkey": f"3k{number}", "cid": f"c{number}",
        "record": {"$type": POSTS, "text": text, "createdAt": "2026-11-20T10:00:00Z", "langs": ["en"]},
    }  # fmt: skip
    return json.dumps({"did": DID, "time_us": at, "kind": "commit", "commit": commit})


@contextlib.asynccontextmanager
async def jetstream(asked: list[str], *, sayings: list[list[str]]) -> AsyncIterator[str]:
    """Serve a stream that says one list to each who connects, and hangs up after it but for the last."""
    left = iter(sayings)

    async def talk(client: ServerConnection) -> None:
        assert client.request is not None
        asked.append(client.request.path)
        says = next(left)
        for one in says:
            await client.send(one)
        if says is sayings[-1]:
            await client.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_jetstream_is_read_on_from_where_it_broke_off_and_a_gap_is_said(db: Database, tmp_path: Path) -> None:
    asked: list[str] = []
    sayings = [
        [said(1, "Harbourline 1", START), "{broken", said(2, "nothing", START + 5)],
        # The first thing that it still has is an hour after the last that we heard.
        [said(3, "Harbourline 3", START + HOUR)],
    ]
    async with web.serve() as names, jetstream(asked, sayings=sayings) as url, desk(db, tmp_path) as reading:
        document = {"id": DID, "alsoKnownAs": ["at://ana.test"], "service": []}
        names.pages[f"/{DID}"] = Page(json.dumps(document).encode())
        names.pages["/xrpc/com.atproto.identity.resolveHandle"] = Page(json.dumps({"did": DID}).encode())
        await reading.call_the_brand("Harbourline")
        config = {"kind": "bluesky", "stream": url, "server": names.url, "directory": names.url}
        made = await reading.add(config)
        told = await reading.until(made.id, lambda one: one.kept == 2 and one.last_error is not None)
        posts = await reading.posts()
    assert [(one.text, one.author) for one in posts] == [("Harbourline 1", "@ana.test"), ("Harbourline 3", "@ana.test")]
    assert (told.health, told.dropped) == ("well", 1)
    assert "may be missing" in (told.last_error or "")
    assert asked == [
        f"/subscribe?wantedCollections={POSTS}",
        f"/subscribe?wantedCollections={POSTS}&cursor={START + 5}",
    ]
