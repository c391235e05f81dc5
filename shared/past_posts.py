"""Posts of the past, asked for page by page: how a service that tries rules on them reads what another one keeps.

Asked and answered over the broker, as snapshots are. An answer names no author: of who wrote a post it tells the
department and the certifications, which is what rules look at.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import orjson
import structlog
from nats.aio.msg import Msg
from pydantic import BaseModel, Field, TypeAdapter

from shared.bus import Bus, BusError
from shared.db import Database, Session
from shared.rules.draft import Media
from shared.tasks import DATABASE_AWAY

SUBJECT = "shareload.posts.monitoring"
PAGE_POSTS = 1000
PAGE_BYTES = 512 * 1024
ANSWER_WITHIN = 20.0
"""Seconds; a selection that few posts meet is looked for in many."""

log = structlog.get_logger()


class Selection(BaseModel):
    """Which posts: of these kinds and networks, posted from `since` on and before `until`."""

    kinds: list[str]
    networks: list[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


class MeasurePosts(BaseModel):
    """How many posts a selection has at this moment, and the id of the last."""

    ask: Literal["extent"] = "extent"
    selection: Selection


class WantsPosts(BaseModel):
    """How many of a post's fields the asker knows: one of an earlier release knows 8, and does not say so."""

    fields: int = Field(default=8, ge=1)


class ReadPosts(WantsPosts):
    """The posts of a selection whose id comes behind `after`, up to `last`, in the order of their ids."""

    ask: Literal["page"] = "page"
    selection: Selection
    after: str | None
    last: str


class FindPosts(WantsPosts):
    """The posts with these ids, as far as they are still there."""

    ask: Literal["posts"] = "posts"
    ids: list[str] = Field(max_length=PAGE_POSTS)


Question = MeasurePosts | ReadPosts | FindPosts
_question: TypeAdapter[Question] = TypeAdapter(Annotated[Question, Field(discriminator="ask")])


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to read."""

    posts: int
    last: str | None


class PastPost(NamedTuple):
    """A post as rules look at it; `department` and `certifications` are its author's, if they are registered.

    `first_contact`: it was its author's first word to a customer; None where its owner does not say.
    """

    id: str
    network: str
    kind: str
    department: str | None
    certifications: tuple[str, ...]
    language: str | None
    posted_at: datetime
    text: str
    media: tuple[Media, ...] = ()
    first_contact: bool | None = None


FIELDS = len(PastPost._fields)


@dataclass(frozen=True)
class Archive:
    """The functions by which the owner of posts answers; each is one unit of work."""

    measure: Callable[[Session, Selection], Extent]
    read: Callable[[Session, ReadPosts, int], Sequence[PastPost]]
    find: Callable[[Session, Sequence[str]], Sequence[PastPost]]


class PostsAwayError(Exception):
    """The posts cannot be had at this moment."""


class PostServer:
    """The owner's side; any of its replicas answers."""

    def __init__(self, db: Database, bus: Bus, archive: Archive) -> None:
        self._db = db
        self._bus = bus
        self._archive = archive

    async def run(self) -> None:
        """Answer, from when the broker is there until cancelled."""
        await self._bus.wait_connected()
        await self._bus.subscribe(SUBJECT, self._receive, queue="monitoring")
        await asyncio.Event().wait()

    async def _receive(self, msg: Msg) -> None:
        try:
            answer = await self._db.read(answer_to, self._archive, _question.validate_json(msg.data))
        except DATABASE_AWAY as error:
            log.warning("past posts not read", error=repr(error))
            answer = orjson.dumps({"away": "the database does not answer"})
        await msg.respond(answer)


def answer_to(session: Session, archive: Archive, question: Question) -> bytes:
    """Answer one question as JSON."""
    if isinstance(question, MeasurePosts):
        return orjson.dumps(asdict(archive.measure(session, question.selection)))
    if isinstance(question, ReadPosts):
        posts = archive.read(session, question, PAGE_POSTS)
    else:
        posts = archive.find(session, question.ids)
    return within_limit([post[: question.fields] for post in posts])


def within_limit(posts: Sequence[tuple[object, ...]]) -> bytes:
    """Return as many of the posts as a message takes; `more` says whether some were left."""
    lines: list[bytes] = []
    size = 0
    for post in posts:
        line = orjson.dumps(post, default=tuple)
        if lines and size + len(line) > PAGE_BYTES:
            break
        lines.append(line)
        size += len(line) + 1
    return b'{"more":%s,"posts":[%s]}' % (b"true" if len(lines) < len(posts) else b"false", b",".join(lines))


class PostReader:
    """The asker's side. Raises PostsAwayError when the owner does not answer."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def measure(self, selection: Selection) -> Extent:
        """Return how many posts there are to read, so far."""
        return Extent(**await self._ask(MeasurePosts(selection=selection)))

    async def read(self, selection: Selection, after: str | None, last: str) -> list[PastPost]:
        """Return the next posts; none means that all have been read."""
        answer = await self._ask(ReadPosts(fields=FIELDS, selection=selection, after=after, last=last))
        return [read_post(row) for row in answer["posts"]]

    async def find(self, ids: Sequence[str]) -> dict[str, PastPost]:
        """Return those of these posts that are still there, by their ids."""
        found: dict[str, PastPost] = {}
        waiting = list(ids)
        while waiting:
            answer = await self._ask(FindPosts(fields=FIELDS, ids=waiting[:PAGE_POSTS]))
            posts = [read_post(row) for row in answer["posts"]]
            found.update((post.id, post) for post in posts)
            rest = [each for each in waiting[:PAGE_POSTS] if each not in found] if answer["more"] else []
            waiting = [*rest, *waiting[PAGE_POSTS:]]
        return found

    async def _ask(self, question: Question) -> dict[str, Any]:
        try:
            body = await self._bus.request(SUBJECT, question.model_dump_json().encode(), within=ANSWER_WITHIN)
        except BusError as error:
            raise PostsAwayError(str(error)) from error
        answer: dict[str, Any] = orjson.loads(body)
        if "away" in answer:
            raise PostsAwayError(answer["away"])
        return answer


def read_post(row: Sequence[Any]) -> PastPost:
    """Read one post of an answer; an owner of the release before this one tells of neither media nor first contacts."""
    post, network, kind, department, certifications, language, posted_at, text, *more = row
    posted = datetime.fromisoformat(posted_at)
    media, first_contact = more[:2] if more else ((), None)
    shown = tuple(Media(*each) for each in media)
    return PastPost(
        post, network, kind, department, tuple(certifications), language, posted, text, shown, first_contact
    )
