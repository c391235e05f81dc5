"""Texts by staff are judged by the rules in force; a rule that matches a post for the first time opens a finding.

A text that comes in while new rules are being compiled is kept and told at once, and judged when they are ready: by
those rules and no others, and once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from services.monitoring.domain import rules
from services.monitoring.domain.accounts import NOBODY, Author, authors, handle_key
from services.monitoring.domain.coaching import then
from services.monitoring.domain.coaching.matches import Judged, settle
from services.monitoring.domain.figures.summary import Counts, Place
from services.monitoring.domain.posts import contacts
from services.monitoring.domain.posts.written import Written
from services.monitoring.tables import JudgementDue, Post, PostText
from shared.db import Session
from shared.protected import guard
from shared.rules import Media, RuleSet
from shared.statements import insert_into

AT_ONCE = 500
DEFER = insert_into(JudgementDue.__table__, "post", "revision", "at")  # type: ignore[attr-defined]


def open_for(session: Session, written: Sequence[Written], counts: Counts) -> None:
    """Run the rules in force over texts by staff, now or as soon as they are ready."""
    if not written:
        return
    ruleset = rules.in_force(session)
    if ruleset is None:
        DEFER.run(session, *({"post": one.post, "revision": one.revision, "at": one.at} for one in written))
    else:
        judge(session, written, ruleset, counts)


def judge(session: Session, written: Sequence[Written], ruleset: RuleSet, counts: Counts) -> None:
    """Open the findings of texts by staff; one about what the law protects (`shared.protected`) opens none.

    Authors are judged as they were when they wrote: by the department and the certificates of that time.
    """
    first = contacts.first(session, {one.post for one in written if one.answers})
    texts = then.with_authors_then(session, written)
    found = ruleset.run_all([one.draft(first_contact=one.post in first) for one in texts])
    judged = []
    for one, every in zip(texts, found, strict=True):
        told = [] if every and guard().topics(one.text) else every
        live, on_trial = (
            [each for each in told if not each.rule.on_trial],
            [each for each in told if each.rule.on_trial],
        )
        judged.append(Judged(one, live, on_trial))
    settle(session, judged, counts)


def any_due(session: Session) -> bool:
    """Say whether a text waits to be judged."""
    return session.execute(select(JudgementDue.post).limit(1)).first() is not None


def judge_due(session: Session) -> None:
    """Judge texts that waited for rules to be ready; those whose rules are not ready either wait on."""
    ruleset = rules.in_force(session)
    if ruleset is None:
        return
    waiting = select(JudgementDue).order_by(col(JudgementDue.post), col(JudgementDue.revision)).limit(AT_ONCE)
    due = session.execute(waiting.with_for_update(skip_locked=True)).scalars().all()
    if not due:
        return
    ids = [one.post for one in due]
    posts = {row.id: row for row in session.execute(select(Post).where(col(Post.id).in_(ids))).scalars()}
    earlier = select(PostText.post, PostText.revision, PostText.text).where(col(PostText.post).in_(ids))
    texts = {(post, revision): text for post, revision, text in session.execute(earlier)}
    known = authors(session, {(post.network, handle_key(post.author)) for post in posts.values()})
    counts = Counts()
    # One revision of a post after the other, as they would have come in.
    for revision in sorted({one.revision for one in due}):
        written = [
            of_post(
                posts[one.post],
                known.get((posts[one.post].network, handle_key(posts[one.post].author)), NOBODY),
                texts.get((one.post, revision), posts[one.post].text),
                revision,
                one.at,
            )
            for one in due
            if one.revision == revision and one.post in posts
        ]
        judge(session, written, ruleset, counts)
    counts.keep(session)
    for one in due:
        session.execute(
            delete(JudgementDue).where(col(JudgementDue.post) == one.post, col(JudgementDue.revision) == one.revision)
        )


def of_post(post: Post, author: Author, text: str, revision: int, at: datetime) -> Written:
    """Return a text of a post that is kept, as the rules apply to it; it counts where the post does."""
    place = Place(post.posted_at, post.network, post.department, post.kind)
    answers = post.in_reply_to is not None
    media = media_of(post.media)
    return Written(post.id, revision, text, place, author, post.lang, at, media, answers, post.topic)


def media_of(shown: Sequence[dict[str, Any]] | None) -> tuple[Media, ...]:
    """Return what stands beside a text as rules look at it."""
    if not shown:
        return ()
    return tuple(Media(one["kind"], bool(one.get("alt_text")), bool(one.get("captions"))) for one in shown)
