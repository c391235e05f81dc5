"""The counts found anew from what is kept, which they equal: to check them, and to let a person out of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, delete, text
from sqlmodel import col, select

from services.monitoring.domain.conversations.replies import UNTOLD
from services.monitoring.domain.figures import hours
from services.monitoring.domain.figures.hours import Happening, happening
from services.monitoring.domain.figures.summary import Counts, Key, Place
from services.monitoring.schemas.summary import RebuildOut
from services.monitoring.tables import Conversation, Finding, Guidance, HourCount, Post, PromisedAnswer, Reply, Tally
from shared.db import Session
from shared.evidence import record

AT_ONCE = 5000
KEY = ("hour", "network", "department", "kind", "policy", "section", "rule")


def rebuild(session: Session) -> RebuildOut:
    """Count everything anew, put right what differs, and say how many counts did: none, unless something is wrong.

    Nothing is counted meanwhile by others: on PostgreSQL the tables are locked, on SQLite there is one writer.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE tallies, hour_counts IN EXCLUSIVE MODE"))
    wrong = mend_tallies(session) + mend_hours(session)
    record(session, "summary.rebuild", f"summary/{wrong}")
    return RebuildOut(rebuilt_at=session.now, corrected=wrong)


def mend_tallies(session: Session) -> int:
    """Put right the counts of posts and findings; returns how many were wrong."""
    right = tallies_of(session)
    kept: dict[Key, tuple[int, int]] = {}
    for row in session.execute(select(Tally)).scalars():
        kept[row.hour, row.network, row.department, row.kind, row.policy, row.section, row.rule] = (
            row.posts,
            row.findings,
        )
    counts = Counts()
    differ = {key for key in {*right, *kept} if right.get(key, (0, 0)) != kept.get(key, (0, 0))}
    for key in differ:
        posts, findings = right.get(key, (0, 0))
        was_posts, was_findings = kept.get(key, (0, 0))
        counts.add(key, posts=posts - was_posts, findings=findings - was_findings)
    counts.keep(session)
    drop_empty(session)
    return len(differ)


def mend_hours(session: Session) -> int:
    """Put right the other counts; returns how many were wrong."""
    differences = Counter(happened(session))
    for row in session.execute(select(HourCount)).scalars():
        differences[Happening(row.hour, row.metric, row.network, row.department, row.kind)] -= row.amount
    hours.add(session, differences)
    return sum(1 for amount in differences.values() if amount)


def drop_empty(session: Session) -> None:
    """Remove counts of nothing."""
    session.execute(delete(Tally).where(col(Tally.posts) == 0, col(Tally.findings) == 0))


def tallies_of(session: Session, *which: ColumnElement[bool]) -> dict[Key, tuple[int, int]]:
    """Count posts, and what was found in them."""
    counted: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
    places: list[Any] = [col(Post.posted_at), col(Post.network), col(Post.department), col(Post.kind)]
    what: list[Any] = [col(Finding.post), col(Finding.policy), col(Finding.section), col(Finding.rule)]
    for row in session.execute(select(*places).where(*which).execution_options(yield_per=AT_ONCE)):
        counted[Place(*row).key()][0] += 1
    found = (
        select(*what, *places).join(Post, col(Post.id) == col(Finding.post)).where(*which).order_by(col(Finding.post))
    )
    post, sections = "", set[tuple[str, str]]()
    for one, policy, section, rule, *where in session.execute(found.execution_options(yield_per=AT_ONCE)):
        place = Place(*where)
        if one != post:
            post, sections = one, set()
        if (policy, section) not in sections:
            sections.add((policy, section))
            counted[place.key(policy, section)][0] += 1
        tally = counted[place.key(policy, section, rule)]
        tally[0] += 1
        tally[1] += 1
    return {key: (posts, findings) for key, (posts, findings) in counted.items()}


def happened(session: Session) -> Iterator[Happening]:
    """Give everything that counts by the hour, from what is kept of it."""
    yield from of_posts(session)
    opened = select(col(Conversation.opened_at), col(Conversation.network)).execution_options(yield_per=AT_ONCE)
    for at, network in session.execute(opened):
        yield happening("conversations", at, network)
    sent = select(col(Reply.approved_at), col(Conversation.network)).join(
        Conversation, col(Conversation.id) == col(Reply.conversation)
    )
    out = sent.where(col(Reply.status).not_in(UNTOLD)).execution_options(yield_per=AT_ONCE)
    for at, network in session.execute(out):
        yield happening("replies", at, network)
    late = select(col(PromisedAnswer.overdue_at), col(Conversation.network), col(PromisedAnswer.kind)).join(
        Conversation, col(Conversation.id) == col(PromisedAnswer.conversation)
    )
    for at, network, kind in session.execute(late.where(col(PromisedAnswer.overdue_at).is_not(None))):
        yield happening("overdue", at, network, kind=kind)
    yield from of_guidance(session)


def of_posts(session: Session, *which: ColumnElement[bool]) -> Iterator[Happening]:
    """Give what counts of posts: as what each was sorted, and whether it was deleted."""
    sorted_as = select(col(Post.posted_at), col(Post.network), col(Post.triage)).where(*which)
    for at, network, kind in session.execute(
        sorted_as.where(col(Post.triage).is_not(None)).execution_options(yield_per=AT_ONCE)
    ):
        yield happening("triage", at, network, kind=kind)
    deleted = select(col(Post.deleted_at), col(Post.network), col(Post.department), col(Post.kind)).where(*which)
    for at, network, department, kind in session.execute(deleted.where(col(Post.deleted_at).is_not(None))):
        yield happening("deletions", at, network, department=department, kind=kind)


def of_guidance(session: Session, *which: ColumnElement[bool]) -> Iterator[Happening]:
    """Give what counts of guidance."""
    said = (
        select(col(Guidance.given_at), col(Post.network), col(Guidance.department), col(Guidance.kind))
        .join(Post, col(Post.id) == col(Guidance.post), isouter=True)
        .where(*which)
    )
    for at, network, department, kind in session.execute(said.execution_options(yield_per=AT_ONCE)):
        yield happening("guidance", at, network or "", department=department, kind=kind)


def let_go(session: Session, person: str) -> None:
    """Count what concerns a person under no department from now on; called before they are taken out of it."""
    counts = Counts()
    for key, (posts, findings) in tallies_of(session, col(Post.person) == person).items():
        hour, network, _department, kind, *what = key
        counts.add(key, posts=-posts, findings=-findings)
        counts.add((hour, network, "", kind, what[0], what[1], what[2]), posts=posts, findings=findings)
    counts.keep(session)
    drop_empty(session)
    moved: Counter[Happening] = Counter()
    for one in (*of_posts(session, col(Post.person) == person), *of_guidance(session, col(Guidance.person) == person)):
        moved[one] -= 1
        moved[one._replace(department="")] += 1
    hours.add(session, moved)
