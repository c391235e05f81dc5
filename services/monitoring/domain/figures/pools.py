"""How it goes in each pool: for customers of one language and topic, and for those who can take them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import col

from services.monitoring.domain.figures.carried import Carried, Carrier, PoolKey, part, rates_of, rows
from services.monitoring.domain.figures.fairness import gini, jain, percentile
from services.monitoring.domain.routing import assignments, staff
from services.monitoring.schemas.load import PoolOut, WaitsOut
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Conversation, PromisedAnswer
from shared import small_groups
from shared.db import Session

MOST = 20_000
"""Conversations, the latest, of which waits are measured."""
SHOWN = 200
NOBODY = (staff.LEFT, staff.UNCERTIFIED)
POOL: Sequence[Any] = (col(Conversation.language), col(Conversation.topic))


@dataclass(slots=True)
class Measured:
    """What customers of a pool met."""

    conversations: int = 0
    queue: int = 0
    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    kept: int = 0
    missed: int = 0


def measured(session: Session, since: datetime, uncounted: Collection[str]) -> dict[PoolKey, Measured]:
    """Measure all pools since an instant; answers of those who are not counted are left out."""
    found: dict[PoolKey, Measured] = defaultdict(Measured)
    opened = col(Conversation.opened_at) > since
    queued = func.sum(case((col(Conversation.state).in_(assignments.QUEUED), 1), else_=0))
    for language, topic, number, waiting in rows(
        session, select(*POOL, func.count(), queued).where(opened).group_by(*POOL)
    ):
        found[language, topic].conversations, found[language, topic].queue = number, waiting
    lately = select(*POOL, col(Conversation.waited), col(Conversation.opened_at), col(Conversation.state)).where(opened)
    for language, topic, waited, opened_at, state in rows(session, latest(lately)):
        if waited is not None or state in assignments.QUEUED:
            seconds = waited if waited is not None else (session.now - opened_at).total_seconds()
            found[language, topic].waits.append(seconds)
    answered = col(Assignment.ended) == "answered"
    first = (
        select(col(Assignment.conversation), func.min(col(Assignment.ended_at)).label("at"))
        .join(Conversation, col(Conversation.id) == col(Assignment.conversation))
        .where(opened, answered, col(Assignment.person).not_in(uncounted))
        .group_by(col(Assignment.conversation))
        .subquery()
    )
    answers = select(*POOL, col(Conversation.opened_at), first.c.at).join(
        first, first.c.conversation == col(Conversation.id)
    )
    for language, topic, opened_at, at in rows(session, latest(answers)):
        found[language, topic].answers.append((at - opened_at).total_seconds())
    for language, topic, kept, missed in rows(session, promised(since)):
        found[language, topic].kept, found[language, topic].missed = kept, missed
    return found


def latest(statement: Any) -> Any:
    """Bound what is measured one by one."""
    return statement.order_by(col(Conversation.id).desc()).limit(MOST)


def promised(since: datetime) -> Any:
    """Ask how many promised answers came in time and how many did not, by pool; what is not due yet counts for neither."""
    late = col(PromisedAnswer.overdue_at).is_not(None)
    kept = col(PromisedAnswer.answered_at).is_not(None) & ~late
    return (
        select(*POOL, func.sum(case((kept, 1), else_=0)), func.sum(case((late, 1), else_=0)))
        .join(Conversation, col(Conversation.id) == col(PromisedAnswer.conversation))
        .where(col(PromisedAnswer.asked_at) > since, col(PromisedAnswer.withdrawn_at).is_(None))
        .group_by(*POOL)
    )


def pools(carried: Carried, found: dict[PoolKey, Measured]) -> list[PoolOut]:
    """Show the pools in which most was written; what their people did only where these are enough to hide each other."""
    keys = sorted(found, key=lambda key: (-found[key].conversations, key[0] or "", key[1] or ""))
    able = {key: [one for one in carried.team if takes(one, *key)] for key in keys}
    names = {key: f"{key[0] or ''} {key[1] or ''}" for key in keys}
    sizes = {names[key]: hidden_among(able[key]) for key in keys}
    groups = small_groups.shown(sizes, terms().min_group_size)
    return [pool(carried, key, found[key], able[key], whole=names[key] in groups.alone) for key in keys[:SHOWN]]


def hidden_among(able: Sequence[Carrier]) -> int:
    """Return how many hide each other: all, or those in works-council mode, where others' figures can be taken off."""
    return sum(one.hidden for one in able) or len(able)


def pool(carried: Carried, key: PoolKey, one: Measured, able: Sequence[Carrier], *, whole: bool) -> PoolOut:
    """Show one pool, with what its people did if `whole`."""
    counted = {carrier.person for carrier in carried.counted}
    rates = rates_of([carrier for carrier in able if carrier.person in counted]) if whole else []
    return PoolOut(
        language=key[0],
        topic=key[1],
        people=len(able),
        conversations=one.conversations,
        queue=one.queue,
        waits=spread(one.waits),
        handled=carried.by_pool[key] if whole else None,
        share=part(carried.by_pool[key], carried.total) if whole else None,
        first_answers=spread(one.answers) if whole else None,
        promises_kept=ratio(one.kept, one.missed) if whole else None,
        jain=jain(rates),
        gini=gini(rates),
    )


def takes(one: Carrier, language: str | None, topic: str | None) -> bool:
    """Tell whether somebody is certified, speaks a language and takes a topic."""
    row = one.member.row
    return (
        one.member.barrier not in NOBODY
        and (language is None or language in row.languages)
        and (topic is None or not row.topics or topic in row.topics)
    )


def spread(seconds: Iterable[float]) -> WaitsOut:
    """Return what half and most of some waits do not exceed."""
    ordered = sorted(seconds)
    return WaitsOut(p50=percentile(ordered, 0.5), p95=percentile(ordered, 0.95))


def ratio(kept: int, missed: int) -> float | None:
    """Return the share of promises that were kept; of none, nothing can be said."""
    return round(kept / (kept + missed), 4) if kept + missed else None
