"""Somebody says how far a person is trusted on a network; the person may have somebody else look again."""

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.autonomy import levels, showing
from services.monitoring.domain.people import Actor
from services.monitoring.schemas.autonomy import AutonomyAppealIn, AutonomyChangeIn, AutonomyOut
from services.monitoring.tables import Autonomy, AutonomyChange, Person
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import AutonomyAppealedV1, AutonomyChangedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict, Forbidden


class OwnAutonomy(Forbidden):
    """Nobody says how far they are trusted themselves, nor how far their manager is."""


class AutonomyUnchanged(Conflict):
    """The person is trusted that far on this network already."""


class AppealForAnother(Forbidden):
    """An appeal is for somebody else than who decided before."""


class NoDecisionToAppeal(Conflict):
    """Nobody has said anything about this network that could be appealed, or it was appealed before."""


def set_level(
    session: Session, employee_number: str, body: AutonomyChangeIn, caller: Principal, stated: int | None
) -> AutonomyOut:
    """Say how far a person is trusted on a network, and why; if they had appealed, this is the answer.

    No rule does this by itself: it only proposes. Raises OwnAutonomy, AutonomyUnchanged, AppealForAnother, Stale.
    """
    person = people.by_number(session, employee_number)
    actor = people.acting(session, caller, body.employee_number)
    refuse_own(session, person, actor)
    showing.lock(session, person.id)
    expect(showing.revision(session, person.id), stated)
    standing = showing.standing(session, person.id, body.network)
    appealed = showing.open_appeal(session, person.id, body.network)
    if appealed is None and standing.level == body.level:
        raise AutonomyUnchanged
    if appealed is not None and appealed.coach == actor.id:
        raise AppealForAnother
    proposal = standing.proposal
    change = AutonomyChange(
        id=new_id(),
        person=person.id,
        network=body.network,
        before=standing.level,
        level=body.level,
        proposed=proposal is not None and proposal.level == body.level,
        grounds=proposal.reasons if proposal is not None else [],
        reason=body.reason,
        coach=actor.id,
        decided_at=session.now,
        answers=appealed.id if appealed is not None else None,
    )
    session.add(change)
    row = keep(session, standing, body, person.id)
    tell(session, AutonomyChangedV1(**told(row, appealed=False)))
    record(session, "autonomy.change", f"autonomy/{row.id}", digest_of(body), person.id)
    return showing.shown(session, person)


def keep(session: Session, standing: levels.Standing, body: AutonomyChangeIn, person: str) -> Autonomy:
    """Keep the level; where it changes, what was reviewed before counts no more."""
    row = standing.row
    if row is None:
        row = Autonomy(
            id=new_id(), person=person, network=body.network, level=body.level, since=session.now, revision=0
        )
        session.add(row)
    elif row.level != body.level:
        row.level, row.since = body.level, session.now
    row.revision += 1
    session.flush()
    return row


def refuse_own(session: Session, person: Person, actor: Actor) -> None:
    """Raise OwnAutonomy for whoever would decide about themselves or their manager."""
    if actor.person is not None and person.id in {actor.person, people.manager_of(session, actor.person)}:
        raise OwnAutonomy


def appeal(
    session: Session, employee_number: str, body: AutonomyAppealIn, caller: Principal, stated: int | None
) -> AutonomyOut:
    """The person asks somebody else to look again at what was said last about a network; it holds until they have.

    Raises NotFound for anybody else, NoDecisionToAppeal or Stale.
    """
    person = showing.themself(session, employee_number, caller)
    showing.lock(session, person.id)
    expect(showing.revision(session, person.id), stated)
    row = levels.stated(session, person.id, body.network, lock=True)
    last = showing.last_change(session, person.id, body.network)
    if row is None or last is None or last.appeal is not None:
        raise NoDecisionToAppeal
    last.appeal, last.appealed_at = body.reason, session.now
    row.revision += 1
    session.flush()
    tell(session, AutonomyAppealedV1(**told(row, appealed=True)))
    record(session, "autonomy.appeal", f"autonomy/{row.id}", digest_of(body.reason), person.id)
    return showing.shown(session, person)


def told(row: Autonomy, *, appealed: bool) -> dict[str, object]:
    """Return what every event about autonomy carries; why is between the person and who may read it here."""
    return {**row.model_dump(include={"id", "person", "network", "level", "since"}), "appealed": appealed}


def retold(session: Session, after: str | None, limit: int) -> list[AutonomyChangedV1]:
    """Return what a snapshot tells of levels."""
    statement = select(Autonomy).order_by(col(Autonomy.id)).limit(limit)
    if after is not None:
        statement = statement.where(col(Autonomy.id) > after)
    rows = session.execute(statement).scalars().all()
    return [
        AutonomyChangedV1(**told(row, appealed=showing.open_appeal(session, row.person, row.network) is not None))
        for row in rows
    ]
