"""What waits for a coach: the gravest findings first, the oldest of those, in languages that the coach reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlmodel import col

from services.monitoring.domain import people
from services.monitoring.domain.coaching import findings, openings, praise
from services.monitoring.domain.people import Actor
from services.monitoring.schemas.findings import FindingOut, NextIn, QueueOut, WaitingOut
from services.monitoring.settings import terms
from services.monitoring.tables import Finding, Guidance, Person, Post
from shared.context import Principal
from shared.db import Session
from shared.pages import PageQuery, encode_cursor, not_ours
from shared.problems import Conflict, NotFound
from shared.rules import Severity

GRAVITY: ColumnElement[Any] = case({one.value: one.rank for one in Severity}, value=col(Finding.severity), else_=0)
ANY = "*"
"""Stands for all languages."""


class NothingWaiting(NotFound):
    """Nothing waits that this coach could take on."""


class EnoughInHand(Conflict):
    """The coach has as many findings in hand as they should have; the next one comes when one is done or given back."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a coach wants to see of the queue; without languages, those that they read."""

    topic: str | None = None
    severity: str | None = None
    languages: tuple[str, ...] | None = None


def waiting(
    session: Session, paging: PageQuery, caller: Principal, wanted: Wanted, employee_number: str | None
) -> QueueOut:
    """List what a coach could take on; nothing about themselves or their manager, nor an appeal against themselves."""
    actor = people.acting(session, caller, employee_number)
    languages = languages_of(session, actor, wanted)
    statement = open_to(session, actor, caller, wanted)
    rows = session.execute(ordered(of_languages(statement, languages), paging.after).limit(paging.limit + 1)).all()
    shown, more = rows[: paging.limit], len(rows) > paging.limit
    return QueueOut(
        items=items(session, shown, actor),
        next_cursor=encode_cursor(place_of(shown[-1][0])) if more else None,
        in_hand=in_hand(session, actor),
        capacity=terms().coach_capacity,
        other_languages=count(session, statement) - count(session, of_languages(statement, languages)),
        praise=praise.wanted(session, actor, caller),
    )


def claim_next(session: Session, body: NextIn, caller: Principal) -> FindingOut:
    """Give a coach what comes next; raises NothingWaiting, or EnoughInHand for one who is busy.

    A coach who has seen enough that disturbs gets nothing of that kind until tomorrow.
    """
    actor = people.acting(session, caller, body.employee_number)
    if in_hand(session, actor) >= terms().coach_capacity:
        raise EnoughInHand
    wanted = Wanted(body.topic, body.severity, tuple(body.languages) if body.languages else None)
    statement = of_languages(open_to(session, actor, caller, wanted), languages_of(session, actor, wanted))
    if openings.left_today(session, actor.id) == 0:
        statement = statement.where(~col(Finding.disturbing))
    first = ordered(statement, None).limit(1).with_for_update(of=Finding, skip_locked=True)
    row = session.execute(first).first()
    if row is None:
        raise NothingWaiting
    findings.take(session, row[0], actor)
    return findings.shown(session, [row[0]])[0]


Waiting = Select[tuple[Finding, str | None, str | None, str]]


def open_to(session: Session, actor: Actor, caller: Principal, wanted: Wanted) -> Waiting:
    """Return the query for what waits and a coach may handle, in any language."""
    statement = (
        select(Finding, Post.lang, Post.topic, Post.text)  # type: ignore[call-overload]  # a model counts as an entity
        .join(Post, col(Post.id) == col(Finding.post))
        .where(col(Finding.state).in_(findings.OPEN))
    )
    not_theirs = {one for one in (actor.person, people.manager_of(session, actor.person)) if one is not None}
    if not_theirs:
        statement = statement.where(col(Finding.person).is_(None) | col(Finding.person).not_in(not_theirs))
    against = select(col(Guidance.finding)).where(col(Guidance.coach) == actor.id, col(Guidance.state) == "appealed")
    statement = statement.where((col(Finding.state) != "appealed") | col(Finding.id).not_in(against))
    if caller.departments is not None:
        statement = statement.where(col(Finding.department).in_(caller.departments))
    if wanted.severity is not None:
        statement = statement.where(col(Finding.severity) == wanted.severity)
    if wanted.topic is not None:
        statement = statement.where(col(Post.topic) == wanted.topic)
    return statement  # type: ignore[no-any-return]


def languages_of(session: Session, actor: Actor, wanted: Wanted) -> set[str] | None:
    """Return the primary tags of the languages that a coach reads or asks for; None for all."""
    named: Sequence[str] = wanted.languages or ()
    if not named and actor.person is not None:
        person = session.get(Person, actor.person)
        named = person.languages if person is not None else ()
    return None if not named or ANY in named else {one.partition("-")[0].lower() for one in named}


def of_languages(statement: Waiting, languages: set[str] | None) -> Waiting:
    """Keep what is in one of these languages, or in one that nobody knows."""
    if languages is None:
        return statement
    lang = func.lower(col(Post.lang))
    fits: list[ColumnElement[bool]] = [lang.like(f"{one}-%", escape="\\") for one in sorted(languages)]
    return statement.where(or_(col(Post.lang).is_(None), lang.in_(languages), *fits))


def ordered(statement: Waiting, after: str | None) -> Waiting:
    """Put the gravest first, and of those the oldest; from behind the place that a cursor names."""
    if after is not None:
        rank, at, last = read_place(after)
        gravity = GRAVITY
        later = or_(col(Finding.opened_at) > at, and_(col(Finding.opened_at) == at, col(Finding.id) > last))
        statement = statement.where(or_(gravity < rank, and_(gravity == rank, later)))
    return statement.order_by(GRAVITY.desc(), col(Finding.opened_at), col(Finding.id))


def place_of(finding: Finding) -> str:
    """Return where in the queue a finding is."""
    return f"{Severity(finding.severity).rank} {finding.opened_at.isoformat()} {finding.id}"


def read_place(cursor: str) -> tuple[int, datetime, str]:
    """Return what a cursor names; raises Invalid for one that is none of this list."""
    parts = cursor.split(" ")
    try:
        gravity, at, last = int(parts[0]), datetime.fromisoformat(parts[1]), parts[2]
    except (ValueError, IndexError):
        raise not_ours() from None
    if at.tzinfo is None or not 0 <= gravity < len(Severity):
        raise not_ours()
    return gravity, at, last


def items(session: Session, rows: Sequence[Row[Any]], actor: Actor) -> list[WaitingOut]:
    """Show what waits, without the texts that would disturb."""
    shown = findings.shown(session, [row[0] for row in rows])
    blurred = openings.withheld(session, [row[0] for row in rows], actor.id)
    return [
        WaitingOut.model_validate(
            {
                **out.model_dump(),
                "language": row.lang,
                "topic": row.topic,
                "text": None if out.id in blurred else row.text,
                "withheld": out.id in blurred,
            }
        )
        for out, row in zip(shown, rows, strict=True)
    ]


def in_hand(session: Session, actor: Actor) -> int:
    """Return how many findings a coach has taken on and not done."""
    claimed = select(func.count()).where(col(Finding.claimed_at).is_not(None), col(Finding.coach) == actor.id)
    return int(session.execute(claimed).scalar_one())


def count(session: Session, statement: Waiting) -> int:
    """Return how many findings a query finds."""
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())
