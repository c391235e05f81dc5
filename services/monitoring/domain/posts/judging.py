"""Texts by staff are judged by the rules in force; a rule that matches a post for the first time opens a finding.

A text that comes in while new rules are being compiled is kept and told at once, and judged when they are ready: by
those rules and no others, and once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from services.monitoring.domain import rules
from services.monitoring.domain.accounts import NOBODY, Author, authors, handle_key
from services.monitoring.domain.figures.summary import Counts, Place
from services.monitoring.domain.posts import contacts
from services.monitoring.tables import Finding, JudgementDue, Post, PostText
from shared.db import Session
from shared.events.monitoring import FindingOpenedV1
from shared.evidence import Deed, digest_of, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.protected import guard
from shared.rules import Draft, Media, RuleSet
from shared.statements import NewRows, insert_into

AT_ONCE = 500
NEW_FINDINGS = NewRows(
    Finding.__table__,  # type: ignore[attr-defined]
    "id",
    "post",
    "rule",
    "policy",
    "version",
    "section",
    "severity",
    "span_start",
    "span_end",
    "state",
    "network",
    "person",
    "department",
    "coach",
    "opened_at",
    "changed_at",
    "reason",
    "revision",
    unique=("post", "policy", "rule"),
)
DEFER = insert_into(JudgementDue.__table__, "post", "revision", "at")  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Written:
    """A text by staff that the rules apply to; `at` is when it was published with this text."""

    post: str
    revision: int
    text: str
    place: Place
    author: Author
    language: str | None
    at: datetime
    media: tuple[Media, ...] = ()
    answers: bool = False
    """Whether it answers somebody's post."""

    def draft(self, *, first_contact: bool) -> Draft:
        """Return it as the rules read it; who is not registered is judged as staff, since nobody else is sent as staff."""
        return Draft(
            self.text,
            network=self.place.network,
            kind="reply" if self.place.kind == "reply" else "post",
            staff=True,
            department=self.author.department,
            certifications=self.author.certifications,
            language=self.language,
            first_contact=first_contact,
            media=self.media,
            now=self.at,
        )


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
    """Open the findings of texts by staff; one about what the law protects (`shared.protected`) opens none."""
    first = contacts.first(session, {one.post for one in written if one.answers})
    drafts = [one.draft(first_contact=one.post in first) for one in written]
    rows: list[dict[str, Any]] = []
    for one, matches in zip(written, ruleset.run_all(drafts), strict=True):
        if matches and guard().topics(one.text):
            continue
        rows.extend(
            {
                "id": new_id(),
                "post": one.post,
                "rule": match.rule.rule.id,
                "policy": match.rule.policy,
                "version": match.rule.version,
                "section": match.rule.section,
                "severity": match.rule.rule.severity,
                "span_start": match.span.start,
                "span_end": match.span.end,
                "state": "open",
                "network": one.place.network,
                "person": one.author.person,
                "department": one.author.department,
                "coach": None,
                "opened_at": session.now,
                "changed_at": session.now,
                "reason": None,
                "revision": 1,
            }
            for match in matches
        )
    if rows:
        places = {one.post: one.place for one in written}
        new = keep(session, rows, places, counts)
        texts = {one.post: one.text for one in written}
        record_all(
            session,
            [Deed("finding.open", f"finding/{row['id']}", digest_of(texts[row["post"]]), row["person"]) for row in new],
        )


def keep(
    session: Session, rows: list[dict[str, Any]], places: dict[str, Place], counts: Counts
) -> list[dict[str, Any]]:
    """Keep the findings that are new, count them and tell of them; return those."""
    posts = {row["post"] for row in rows}
    before = session.execute(
        select(Finding.post, Finding.policy, Finding.section).where(col(Finding.post).in_(posts))
    ).all()
    counted = {(post, policy, section) for post, policy, section in before}
    kept = NEW_FINDINGS.keep(session, rows)
    new = [row for row in rows if row["id"] in kept]
    for row in new:
        place = places[row["post"]]
        counts.add(place.key(row["policy"], row["section"], row["rule"]), posts=1, findings=1)
        where = (row["post"], row["policy"], row["section"])
        if where not in counted:
            counted.add(where)
            counts.add(place.key(row["policy"], row["section"]), posts=1)
    tell(session, *(FindingOpenedV1(**row) for row in new))
    return new


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
    return Written(
        post.id, revision, text, place, author, post.lang, at, media_of(post.media), post.in_reply_to is not None
    )


def media_of(shown: Sequence[dict[str, Any]] | None) -> tuple[Media, ...]:
    """Return what stands beside a text as rules look at it."""
    return tuple(Media(one["kind"], bool(one.get("alt_text")), bool(one.get("captions"))) for one in shown or ())
