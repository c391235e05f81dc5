"""The counts found anew from what is kept, which they equal: to check them, and to let a person out of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

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
from shared.ids import new_id
from shared.marks import read_mark, write_mark
from shared.problems import Conflict

AT_ONCE = 5000
MARK = "summary.rebuilt"
"""Which rebuild was the last."""
KEY = ("hour", "network", "department", "kind", "policy", "section", "rule")


class RebuiltMeanwhile(Conflict):
    """Another rebuild put the counts right meanwhile; ask again to see whether anything is left."""


class Wrong(NamedTuple):
    """What is missing from the counts, and the rebuild before which it was found."""

    tallies: Mapping[Key, tuple[int, int]]
    hours: Counter[Happening]
    before: str | None

    @property
    def number(self) -> int:
        """How many counts are wrong."""
        return len(self.tallies) + sum(1 for amount in self.hours.values() if amount)


def compare(session: Session) -> Wrong:
    """Count everything anew and say what differs from the counts: nothing, unless something is wrong.

    Meant for one snapshot, which keeps nobody from writing. What happens after it is added to the counts with what it
    is counted from, so whatever is missing in the snapshot is still missing later, neither more nor less.
    """
    return Wrong(wrong_tallies(session), wrong_hours(session), read_mark(session, MARK))


def correct(session: Session, wrong: Wrong) -> RebuildOut:
    """Add what is missing; raises RebuiltMeanwhile, for it must not be added twice."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE tallies, hour_counts IN EXCLUSIVE MODE"))
    if read_mark(session, MARK) != wrong.before:
        raise RebuiltMeanwhile
    write_mark(session, MARK, new_id())
    counts = Counts()
    for key, (posts, findings) in wrong.tallies.items():
        counts.add(key, posts=posts, findings=findings)
    counts.keep(session)
    drop_empty(session)
    hours.add(session, wrong.hours)
    record(session, "summary.rebuild", f"summary/{wrong.number}")
    return RebuildOut(rebuilt_at=session.now, corrected=wrong.number)


def wrong_tallies(session: Session) -> dict[Key, tuple[int, int]]:
    """Return what is missing from the counts of posts and findings."""
    right = tallies_of(session)
    kept: dict[Key, tuple[int, int]] = {}
    for row in session.execute(select(Tally).execution_options(yield_per=AT_ONCE)).scalars():
        kept[row.hour, row.network, row.department, row.kind, row.policy, row.section, row.rule] = (
            row.posts,
            row.findings,
        )
    missing = {}
    for key in {*right, *kept}:
        posts, findings = right.get(key, (0, 0))
        was_posts, was_findings = kept.get(key, (0, 0))
        if (posts, findings) != (was_posts, was_findings):
            missing[key] = (posts - was_posts, findings - was_findings)
    return missing


def wrong_hours(session: Session) -> Counter[Happening]:
    """Return what is missing from the other counts."""
    missing = Counter(happened(session))
    for row in session.execute(select(HourCount).execution_options(yield_per=AT_ONCE)).scalars():
        missing[Happening(row.hour, row.metric, row.network, row.department, row.kind)] -= row.amount
    return missing


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
