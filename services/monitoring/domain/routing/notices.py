"""When somebody was told that a conversation is with them: from then on their time to accept runs.

A notice is the event that tells of the assignment, and delivered once the broker has it: whoever shows or sends
notices reads it there. A service that never had a broker tells nobody anything, so there the time runs at once.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.monitoring.tables import Assignment
from shared.db import Session
from shared.marks import read_mark
from shared.tables import outbox


def delivered(session: Session, assignments: Sequence[str]) -> dict[str, datetime]:
    """Return when the notices of these assignments were delivered; one that was not is left out."""
    rows = session.execute(
        select(col(Assignment.id), col(Assignment.assigned_at), outbox.c.id, outbox.c.published_at)
        .outerjoin(outbox, outbox.c.id == col(Assignment.notice))
        .where(col(Assignment.id).in_(assignments))
    ).all()
    alone = read_mark(session, "relay.stream") is None
    return {
        assignment: published_at or assigned_at
        for assignment, assigned_at, notice, published_at in rows
        if alone or notice is None or published_at is not None
    }
