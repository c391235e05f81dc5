"""What the clock does to certificates: holders are reminded, and it is told once when one begins to expire, and has.

The status itself needs no sweep: every answer computes it from the dates. The sweep tells those who keep copies, and
catches up with all that came due while nothing ran.
"""

from collections.abc import Collection
from functools import partial

from sqlmodel import col, select

from services.training.domain.certification import agenda, decisions
from services.training.tables import Certificate
from shared.db import Session
from shared.set_aside import at_hand, do_each

CHUNK = 200
SWEEP = "expiry"


def sweep(session: Session) -> int:
    """Tell what came due, oldest first, and renew for those who have done all that a renewal asks; return for how many."""
    due_now = (
        select(Certificate.person)
        .where(col(Certificate.next_turn_at) <= session.now, at_hand(session, SWEEP, col(Certificate.person)))
        .order_by(col(Certificate.next_turn_at))
        .limit(CHUNK)
    )
    people = list(dict.fromkeys(session.exec(due_now)))
    do_each(session, SWEEP, people, partial(catch_up, session))
    return len(people)


def catch_up(session: Session, people: Collection[str]) -> None:
    """Tell what came due to some people, and renew for them."""
    decisions.lock(session, people)
    due_of_people = (
        select(Certificate)
        .where(col(Certificate.next_turn_at) <= session.now, col(Certificate.person).in_(people))
        .order_by(col(Certificate.next_turn_at))
        .limit(CHUNK)
    )
    rows = session.exec(due_of_people.execution_options(populate_existing=True)).all()
    agenda.catch_up(session, rows, session.now)
    decisions.decide(session, dict.fromkeys(people))
