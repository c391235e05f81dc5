"""Posts come in: kept once each, judged by the rules if they are ours, opened as conversations if they are customers'."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from services.monitoring.domain.accounts import NOBODY, Author, authors, handle_key
from services.monitoring.domain.conversations import inbound
from services.monitoring.domain.conversations.inbound import Inbound
from services.monitoring.domain.figures import hours
from services.monitoring.domain.figures.hours import Happening
from services.monitoring.domain.figures.summary import Counts, Place
from services.monitoring.domain.posts import contacts, judging, origins
from services.monitoring.domain.posts.contacts import Approach
from services.monitoring.domain.posts.judging import media_of
from services.monitoring.domain.posts.written import Written
from services.monitoring.domain.routing import assignments
from services.monitoring.domain.triage import triage
from services.monitoring.domain.triage.sorting import AS_USUAL
from services.monitoring.domain.triage.triage import Reading
from services.monitoring.schemas.posts import PostAnswer, PostIn, Status
from services.monitoring.settings import terms
from services.monitoring.tables import Post, PostText
from shared.db import Session
from shared.events.monitoring import PostEditedV1, PostReceivedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.statements import NewRows

OURS = ("staff", "reply")
Identity = tuple[str, str]

NEW_POSTS = NewRows(
    Post.__table__,  # type: ignore[attr-defined]
    *("id", "network", "network_id", "kind", "author", "person", "department", "text", "lang", "topic"),
    *("posted_at", "received_at", "in_reply_to", "url", "media", "source", "triage", "urgency", "revision"),
    unique=("network", "network_id"),
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A post on its way in, with the id that it gets if it is new."""

    id: str
    body: PostIn
    author: Author
    read: Reading
    source: str | None = None

    @property
    def identity(self) -> Identity:
        """What names a post everywhere: the network and its id there."""
        return (self.body.network, self.body.network_id)

    @property
    def place(self) -> Place:
        """Where the post counts."""
        return Place(self.body.posted_at, self.body.network, self.author.department, self.body.kind)

    @property
    def written(self) -> Written:
        """The post as a text that the rules apply to."""
        body = self.body
        answers = body.in_reply_to is not None
        media = media_of(self.media)
        at = body.posted_at
        return Written(self.id, 1, body.text, self.place, self.author, self.read.lang, at, media, answers, body.topic)

    @property
    def media(self) -> list[dict[str, Any]] | None:
        """What stands beside the text, as it is kept."""
        return [each.model_dump() for each in self.body.media] if self.body.media else None

    @property
    def topic(self) -> str | None:
        """What it is about: as its sender says, else as triage does."""
        return self.body.topic or self.read.topic

    def sorted_as(self, kind: str) -> Happening:
        """Return what counts of the post as triage sorts it."""
        return hours.happening("triage", self.body.posted_at, self.body.network, kind=kind)

    @property
    def approach(self) -> Approach | None:
        """The post as somebody's word to a customer, if it answers one."""
        body = self.body
        if body.kind not in OURS or body.in_reply_to is None:
            return None
        return Approach(self.id, body.network, body.network_id, body.author, self.author.person, body.in_reply_to)


def ingest(session: Session, bodies: Sequence[PostIn], source: str | None = None) -> list[PostAnswer]:
    """Take in posts, pushed or read from a source, and say what became of each, in their order.

    A post whose text is known, now or as it was before an edit, is a duplicate; another text is an edit. The whole
    call is one transaction: what it keeps, counts, opens and tells is there together or not at all.
    """
    if any(body.kind == "mention" for body in bodies):
        assignments.lock(session)
    known_authors = authors(session, {(body.network, handle_key(body.author)) for body in bodies if body.kind in OURS})
    incoming = [
        Incoming(
            new_id(),
            body,
            known_authors.get((body.network, handle_key(body.author)), NOBODY) if body.kind in OURS else NOBODY,
            read,
            source,
        )
        for body, read in zip(bodies, triage.read_all(session, bodies), strict=True)
    ]
    first: dict[Identity, Incoming] = {}
    for one in incoming:
        first.setdefault(one.identity, one)
    new = keep(session, list(first.values()))
    counts = Counts()
    receive(session, [one for one in first.values() if one.id in new], counts)
    seen = [one for one in incoming if one.id not in new]
    compared = compare(session, seen, counts) if seen else {}
    counts.keep(session)
    answers = [compared.get(one.id) or answer(one, "accepted", one.id) for one in incoming]
    prove(session, bodies, answers)
    return answers


def prove(session: Session, bodies: Sequence[PostIn], answers: Sequence[PostAnswer]) -> None:
    """Enter in the evidence log what this call brought that was new: one entry, whatever the number of posts.

    Its hash is over a line per post or edit, sorted: the post's id, a space, the SHA-256 of its text.
    """
    accepted = [
        f"{answer.id} {digest_of(body.text)}\n"
        for body, answer in zip(bodies, answers, strict=True)
        if answer.status == "accepted"
    ]
    if accepted:
        record(session, "posts.ingest", f"ingest/{new_id()}", digest_of("".join(sorted(accepted))))


def answer(one: Incoming, status: Status, post: str | None, reason: str | None = None) -> PostAnswer:
    """Say what became of a post."""
    return PostAnswer(one.body.network, one.body.network_id, status, reason, post)


def keep(session: Session, incoming: Sequence[Incoming]) -> set[str]:
    """Insert what is not there yet and return the ids of those posts."""
    if not incoming:
        return set()
    rows = [
        {
            "id": one.id,
            "network": one.body.network,
            "network_id": one.body.network_id,
            "kind": one.body.kind,
            "author": one.body.author,
            "person": one.author.person,
            "department": one.author.department,
            "text": one.body.text,
            "lang": one.read.lang,
            "topic": one.topic,
            "posted_at": one.body.posted_at,
            "received_at": session.now,
            "in_reply_to": one.body.in_reply_to,
            "url": one.body.url,
            "media": one.media,
            "source": one.source,
            "triage": one.read.kind,
            "urgency": one.read.urgency,
            "revision": 1,
        }
        for one in incoming
    ]
    return NEW_POSTS.keep(session, rows)


def receive(session: Session, new: Sequence[Incoming], counts: Counts) -> None:
    """Tell of posts that were kept, count them, and do what they ask for."""
    for one in new:
        counts.add(one.place.key(), posts=1)
    hours.count(session, *(one.sorted_as(one.read.kind) for one in new if one.read.kind is not None))
    tell(session, *(received(one) for one in new))
    contacts.note(session, [approach for one in new if (approach := one.approach) is not None])
    judging.open_for(session, [one.written for one in new if one.body.kind in OURS], counts)
    fresh = session.now - terms().answer_within
    mentions = [one for one in new if one.body.kind == "mention" and one.body.posted_at >= fresh]
    if mentions:
        taken = triage.taken(session, [one.read.topic for one in mentions])
        inbound.receive(session, [as_inbound(one, taken) for one in mentions])


def received(one: Incoming) -> PostReceivedV1:
    """Return the event of a post."""
    body = one.body
    return PostReceivedV1(
        id=one.id,
        network=body.network,
        network_id=body.network_id,
        kind=body.kind,
        author=body.author,
        person=one.author.person,
        text=body.text,
        lang=one.read.lang,
        topic=one.topic,
        triage=one.read.kind,
        urgency=one.read.urgency,
        posted_at=body.posted_at,
    )


def as_inbound(one: Incoming, taken: Collection[str]) -> Inbound:
    """Return a mention as a message to us: one conversation per customer and network while it is open.

    A topic that triage guessed counts only if it is among those `taken`.
    """
    body = one.body
    guessed = one.read.topic if one.read.topic in taken else None
    return Inbound(
        body.network,
        body.author,
        body.author,
        one.read.lang,
        body.topic or guessed,
        body.network_id,
        body.text,
        body.posted_at,
        one.id,
        kind=one.read.kind or "other",
        urgency=AS_USUAL if one.read.urgency is None else one.read.urgency,
    )


def compare(session: Session, seen: Sequence[Incoming], counts: Counts) -> dict[str, PostAnswer]:
    """Say of posts whose identity is known whether they are duplicates or edits; edits are kept."""
    networks, ids = {one.body.network for one in seen}, {one.body.network_id for one in seen}
    there = select(Post).where(col(Post.network).in_(networks), col(Post.network_id).in_(ids))
    rows = session.execute(there.order_by(col(Post.id)).with_for_update()).scalars()
    known = {(row.network, row.network_id): row for row in rows}
    earlier = select(PostText.post, PostText.text).where(col(PostText.post).in_([row.id for row in known.values()]))
    texts = {(post, text) for post, text in session.execute(earlier)}
    answers: dict[str, PostAnswer] = {}
    for one in seen:
        post = known[one.identity]
        if post.forgotten_at is not None:
            answers[one.id] = answer(one, "duplicate", post.id, "forgotten")
        elif post.deleted_at is not None:
            answers[one.id] = answer(one, "duplicate", post.id, "deleted")
        elif one.body.text == post.text or (post.id, one.body.text) in texts:
            answers[one.id] = answer(one, "duplicate", post.id, "known already")
        elif (why := origins.objection(session, post, one.source, one.body.author)) is not None:
            answers[one.id] = answer(one, "rejected", None, why)
        else:
            texts.add((post.id, post.text))
            edit(session, post, one, counts)
            answers[one.id] = answer(one, "accepted", post.id, "edited")
    return answers


def edit(session: Session, post: Post, one: Incoming, counts: Counts) -> None:
    """Keep the text that a post has now beside what it had, and judge it again, which closes what it mends."""
    session.add(PostText(post=post.id, revision=post.revision, text=post.text, until=session.now))
    post.text, post.media = one.body.text, one.media
    sort_anew(session, post, one.read)
    post.revision += 1
    session.flush()
    tell(session, PostEditedV1(id=post.id, text=post.text, edited_at=session.now))
    if post.kind in OURS:
        written = judging.of_post(post, one.author, post.text, post.revision, session.now)
        judging.open_for(session, [written], counts)


def sort_anew(session: Session, post: Post, read: Reading) -> None:
    """Note how triage sorts a post by its new text; it counts as that, and no longer as what it was."""
    moved: Counter[Happening] = Counter()
    for kind, by in ((post.triage, -1), (read.kind, 1)):
        if kind is not None:
            moved[hours.happening("triage", post.posted_at, post.network, kind=kind)] += by
    hours.add(session, moved)
    post.triage, post.urgency = read.kind, read.urgency
