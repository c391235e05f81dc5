"""What the clock does to certificates: holders are reminded, and it is told once when one begins to expire, and has.

The status itself needs no sweep: every answer computes it from the dates. The sweep tells those who keep copies, and
catches up with all that came due while nothing ran.
"""

from sqlmodel import col, select

from services.training.domain.certification import agenda, decisions
from services.training.tables import Certificate
from shared.db import Session

CHUNK = 200


def sweep(session: Session) -> int:
    """Tell what came due, oldest first, and renew for those who have done all that a renewal asks; return for how many."""
    due_now = (
        select(Certificate)
        .where(col(Certificate.next_turn_at) <= session.now)
        .order_by(col(Certificate.next_turn_at))
        .limit(CHUNK)
    )
    people = {row.person for row in session.exec(due_now)}
    if people:
        decisions.lock(session, people)
        due_of_people = due_now.where(col(Certificate.person).in_(people)).execution_options(populate_existing=True)
        agenda.catch_up(session, session.exec(due_of_people).all(), session.now)
        decisions.decide(session, dict.fromkeys(people))
    return len(people)
