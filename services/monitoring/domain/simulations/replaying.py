"""What a simulation takes from the past: who wrote, what answers took, how often nobody accepted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from services.monitoring.domain.routing import assignments
from services.monitoring.domain.routing.requirements import Requirements
from services.monitoring.domain.simulations.model import Pool
from services.monitoring.schemas.simulations import MOST, StreamPoolIn
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Conversation, PromisedAnswer
from shared.db import Session

FEW = 20
"""Answers whose minutes say what answers take; of fewer, what is assumed of each is better."""
MEASURED = 2000


class TooMany(Exception):  # noqa: N818  told to whoever asked, as a sentence
    """More customers wrote than one simulation takes."""


@dataclass
class Pools:
    """The pools that customers ask for, each once, by their places."""

    required: Requirements
    found: dict[Pool, int]

    def place(self, network: str, kind: str, language: str | None, topic: str | None) -> int:
        """Return the place of a pool."""
        needs = [f"certification:{self.required.of(network, kind)}"]
        needs += [f"language:{language}"] if language is not None else []
        needs += [f"topic:{topic}"] if topic is not None else []
        return self.found.setdefault(Pool(tuple(needs), language, topic), len(self.found))

    def place_of(self, one: StreamPoolIn) -> int:
        """Return the place of a pool that is made up."""
        return self.place(one.network, one.kind, one.language, one.topic)


def wrote(
    session: Session, pools: Pools, since: datetime, until: datetime
) -> list[tuple[float, int, str, int, float | None]]:
    """Return who wrote between two instants, in order: when, which pool, who, how urgent, when an answer was due."""
    first = PromisedAnswer.nth == "first"
    statement = (
        select(
            col(Conversation.opened_at),
            col(Conversation.network),
            col(Conversation.kind),
            col(Conversation.language),
            col(Conversation.topic),
            col(Conversation.customer),
            col(Conversation.urgency),
            func.min(col(PromisedAnswer.due_at)),
        )
        .outerjoin(PromisedAnswer, (col(PromisedAnswer.conversation) == col(Conversation.id)) & first)
        .where(col(Conversation.opened_at) >= since, col(Conversation.opened_at) < until)
        .group_by(col(Conversation.id))
        .order_by(col(Conversation.opened_at), col(Conversation.id))
        .limit(MOST + 1)
    )
    customers: dict[tuple[str, str], str] = {}
    found = [
        (
            opened_at.timestamp(),
            pools.place(network, kind, language, topic),
            customers.setdefault((network, customer), str(len(customers))),
            urgency,
            due_at.timestamp() if due_at is not None else None,
        )
        for opened_at, network, kind, language, topic, customer, urgency, due_at in session.execute(statement)
    ]
    if len(found) > MOST:
        raise TooMany(f"More than {MOST} customers wrote in these days; ask for fewer days.")
    return found


def minutes(session: Session, since: datetime) -> list[float]:
    """Return what answers took since an instant, in order of length; each is drawn by lot, whoever gave it."""
    taken = (
        select(col(Assignment.minutes))
        .where(col(Assignment.minutes) > 0, col(Assignment.ended_at) >= since)
        .order_by(col(Assignment.id).desc())
        .limit(MEASURED)
    )
    found = sorted(float(one) for one in session.execute(taken).scalars() if one is not None)
    return found if len(found) >= FEW else [float(terms().minutes_per_conversation)]


def silent(session: Session, since: datetime) -> float:
    """Return the share of offers since an instant that were not accepted in time."""
    ended = (
        select(col(Assignment.ended), func.count())
        .where(col(Assignment.ended_at) >= since)
        .group_by(col(Assignment.ended))
    )
    counted = {str(how): number for how, number in session.execute(ended)}
    total = sum(counted.values())
    return round(counted.get(assignments.SILENT, 0) / total, 4) if total >= FEW else 0.0
