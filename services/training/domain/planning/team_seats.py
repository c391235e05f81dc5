"""A copy of who is in the task team, so that rules can ask for roles."""

from services.training.domain.planning import occasions
from services.training.tables import TeamSeat
from shared.db import Session
from shared.events.policy import TaskTeamChangedV1


def keep(session: Session, event: TaskTeamChangedV1) -> None:
    """Keep who sits where; whoever came or went is looked at by the rules."""
    row = session.get(TeamSeat, event.seat)
    before = row.person if row else None
    if event.change == "closed":
        if row is not None:
            session.delete(row)
    else:
        session.merge(TeamSeat(seat=event.seat, role=event.role, person=event.person))
    session.flush()
    occasions.moved(session, {person for person in (before, event.person) if person is not None})
