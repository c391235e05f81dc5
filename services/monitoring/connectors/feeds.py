"""Feeds: RSS and Atom, read politely, whatever shape they are in."""

import asyncio
import hashlib
from calendar import timegm
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import Field, ValidationError

from services.monitoring.connectors.protocol import Batch, SourceTrouble, Surroundings
from services.monitoring.schemas.names import EARLIEST, AtAHost, Handle, Network
from services.monitoring.schemas.posts import PostIn
from services.monitoring.schemas.sources import SourceConfig
from shared.schemas import Text

MOST = 500
"""Entries of one feed that are looked at, in the feed's order; the newest come first."""
LONGEST = 20_000


class FeedConfig(SourceConfig):
    """A feed, and how its posts are named: what `network` they are of, and who wrote those that name nobody."""

    kind: Literal["feed"]
    url: Annotated[
        Text, Field(max_length=2000, pattern=r"^https?://[^\s]+$", examples=["https://acme.example/feed"]), AtAHost
    ]
    network: Network = "feed"
    author: Handle | None = None


class Feeds:
    """Reads a feed when it has changed; the cursor holds what the server said of its version, and what was in it."""

    kind: ClassVar[str] = "feed"
    streaming: ClassVar[bool] = False

    async def test(self, config: FeedConfig, around: Surroundings) -> str:
        """Fetch the feed and count what is in it."""
        from services.monitoring.connectors.client import fetch

        answer = await fetch(around.client, config.url)
        posts = await asyncio.to_thread(posts_in, answer.content, answer.headers.get("content-type"), config)
        newest = max((post.posted_at for post in posts), default=None)
        return f"{len(posts)} posts" + (f", the newest of {newest:%Y-%m-%d}." if newest else ".")

    async def items(self, config: FeedConfig, cursor: str | None, around: Surroundings) -> AsyncIterator[Batch]:
        """Yield what is new or changed since the last reading, in one batch."""
        from services.monitoring.connectors.client import fetch

        before: dict[str, Any] = orjson.loads(cursor) if cursor else {}
        headers = {"If-None-Match": before.get("etag"), "If-Modified-Since": before.get("modified")}
        answer = await fetch(around.client, config.url, {name: value for name, value in headers.items() if value})
        if not answer.content:
            return
        posts = await asyncio.to_thread(posts_in, answer.content, answer.headers.get("content-type"), config)
        seen = set(before.get("seen", ()))
        marks = {mark_of(post): post for post in posts}
        after = {
            "etag": answer.headers.get("etag"),
            "modified": answer.headers.get("last-modified"),
            "seen": sorted(marks),
        }
        yield Batch([post for mark, post in marks.items() if mark not in seen], orjson.dumps(after).decode())


def mark_of(post: PostIn) -> str:
    """Return what changes with a post's identity and text."""
    return hashlib.sha256(f"{post.network_id}\n{post.text}".encode()).hexdigest()[:20]


def posts_in(content: bytes, content_type: str | None, config: FeedConfig) -> list[PostIn]:
    """Read a feed; of a broken one what can be read. Raises SourceTrouble for what is no feed."""
    import feedparser

    parsed = feedparser.parse(
        content, response_headers={"content-type": content_type or "", "content-location": config.url}
    )
    if not parsed.entries and (parsed.bozo or not parsed.version):
        raise SourceTrouble("This is not a feed: neither RSS nor Atom could be read in it.")
    found = [post for entry in parsed.entries[:MOST] if (post := post_of(entry, parsed.feed, config)) is not None]
    return list({post.network_id: post for post in reversed(found)}.values())


def post_of(entry: Any, feed: Any, config: FeedConfig) -> PostIn | None:
    """Return an entry as a post; None for one that says nothing or cannot be named."""
    title, body = plain(entry.get("title", "")), plain(body_of(entry))
    text = body if not title or body.startswith(title.removesuffix("…").removesuffix("...")) else f"{title}\n\n{body}"
    link = entry.get("link", "")
    named = entry.get("id") or link or hashlib.sha256(text.encode()).hexdigest()
    author = entry.get("author") or config.author or feed.get("author") or feed.get("title") or config.network
    try:
        return PostIn(
            network=config.network,
            network_id=named if len(named) <= 500 else hashlib.sha256(named.encode()).hexdigest(),
            kind="mention",
            author=author.strip()[:200],
            text=text.strip()[:LONGEST],
            posted_at=time_of(entry),
            url=link if link.startswith(("http://", "https://")) and len(link) <= 2000 and " " not in link else None,
        )
    except ValidationError:
        return None


def body_of(entry: Any) -> str:
    """Return what an entry says, at its fullest."""
    contents = [each.get("value", "") for each in entry.get("content", ())]
    return str(max([*contents, entry.get("summary", "")], key=len))


def time_of(entry: Any) -> datetime:
    """Return when an entry was published; one that does not say, or says what cannot be, was published just now."""
    now = datetime.now(UTC)
    told = entry.get("published_parsed") or entry.get("updated_parsed")
    if told is None:
        return now
    try:
        at = datetime.fromtimestamp(timegm(told), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return at if EARLIEST <= at <= now else now


class Words(HTMLParser):
    """Collects the text of HTML; blocks become lines."""

    BLOCKS = frozenset({"p", "br", "div", "li", "ul", "ol", "tr", "blockquote", "h1", "h2", "h3", "h4"})
    SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block."""
        del attrs
        self._silent += tag in self.SILENT
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End what was not to be heard."""
        self._silent = max(0, self._silent - (tag in self.SILENT))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if not self._silent:
            self.parts.append(data)


def plain(markup: str) -> str:
    """Return the text of what may be HTML."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    words = Words()
    words.feed(markup)
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.parts).splitlines())
    return "\n".join(line for line in lines if line)
