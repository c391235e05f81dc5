"""Works-council mode of legal entities: one person proposes a change, another confirms it, and all services are told."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlmodel import col, select

from services.training.schemas.works_council import (
    ChangeState,
    WorksCouncilChangeIn,
    WorksCouncilChangeOut,
    WorksCouncilModeOut,
)
from services.training.tables import Person, WorksCouncilChange
from shared import works_council
from shared.db import Session
from shared.events.training import WorksCouncilModeChangedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page
from shared.problems import Conflict, Forbidden, NotFound
from shared.works_council import EVERYWHERE

CONFIRM_WITHIN = timedelta(days=14)


class TwoPeopleNeeded(Forbidden):
    """Two people who signed in change the mode together: a key is nobody, and nobody confirms what they proposed."""


class ChangeNotOpen(Conflict):
    """The change is confirmed already, has lapsed, or another was proposed since."""


def listed(session: Session) -> Page[WorksCouncilModeOut]:
    """List the mode of every legal entity that somebody works for, and first what holds where nothing was decided."""
    decided = works_council.modes(session)
    entities = session.exec(select(Person.legal_entity).where(col(Person.legal_entity).is_not(None)).distinct())
    names = [EVERYWHERE, *sorted({name for name in entities if name} | decided.keys() - {EVERYWHERE})]
    changes = list(session.exec(select(WorksCouncilChange).order_by(col(WorksCouncilChange.id))))
    since = {row.legal_entity: row.confirmed_at for row in changes if row.confirmed_at is not None}
    proposed = {row.legal_entity: row for row in changes if state_of(session, row) == "open"}
    numbers = numbers_of(session, list(proposed.values()))
    return Page(
        items=[
            WorksCouncilModeOut(
                legal_entity=name,
                on=decided.get(name, decided.get(EVERYWHERE, False)),
                decided=name in decided,
                since=since.get(name),
                proposed=shown(session, proposed[name], numbers) if name in proposed else None,
            )
            for name in names
        ]
    )


def propose(session: Session, legal_entity: str, body: WorksCouncilChangeIn) -> WorksCouncilChangeOut:
    """Propose to switch the mode on or off; one that was proposed before and is open is dropped.

    Raises TwoPeopleNeeded for a key, NotFound for a legal entity that nobody works for.
    """
    proposer = person_of(session)
    someone = session.exec(select(Person.id).where(Person.legal_entity == legal_entity).limit(1)).first()
    if legal_entity != EVERYWHERE and someone is None:
        raise NotFound(f"Nobody works for a legal entity of the name {legal_entity}.")
    earlier = select(WorksCouncilChange).where(
        WorksCouncilChange.legal_entity == legal_entity,
        col(WorksCouncilChange.confirmed_at).is_(None),
        col(WorksCouncilChange.dropped_at).is_(None),
    )
    for row in session.exec(earlier.with_for_update()):
        row.dropped_at = session.now
        session.add(row)
    change = WorksCouncilChange(
        legal_entity=legal_entity, on=body.on, reason=body.reason, proposer=proposer, proposed_at=session.now
    )
    session.add(change)
    session.flush()
    record(session, "works_council_change.proposed", f"works-council-change/{change.id}", digest_of(body), proposer)
    return shown(session, change, numbers_of(session, [change]))


def confirm(session: Session, legal_entity: str, change: str) -> WorksCouncilChangeOut:
    """Confirm what somebody else proposed: from now on it holds. Raises NotFound, TwoPeopleNeeded or ChangeNotOpen."""
    confirmer = person_of(session)
    row = session.exec(
        select(WorksCouncilChange)
        .where(WorksCouncilChange.id == change, WorksCouncilChange.legal_entity == legal_entity)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("There is no such change.")
    if row.proposer == confirmer:
        raise TwoPeopleNeeded
    if state_of(session, row) != "open":
        raise ChangeNotOpen
    row.confirmer, row.confirmed_at = confirmer, session.now
    session.add(row)
    session.flush()
    event = told(row)
    works_council.keep_mode(event, session)
    tell(session, event)
    record(session, "works_council_change.confirmed", f"works-council-change/{row.id}", digest_of(event), confirmer)
    return shown(session, row, numbers_of(session, [row]))


def person_of(session: Session) -> str:
    """Return who asks; raises TwoPeopleNeeded for a key, since one person can have two of them."""
    caller = session.context.caller
    if caller is None or caller.person is None or not caller.id.startswith("person:"):
        raise TwoPeopleNeeded
    return caller.person


def told(row: WorksCouncilChange) -> WorksCouncilModeChangedV1:
    """Return what is told of a change that was confirmed."""
    entity = hashlib.sha256(row.legal_entity.encode()).hexdigest()[:32]
    return WorksCouncilModeChangedV1(
        id=entity, legal_entity=row.legal_entity, on=row.on, changed_at=row.confirmed_at or row.proposed_at
    )


def state_of(session: Session, row: WorksCouncilChange) -> ChangeState:
    """Return how far a change is."""
    if row.confirmed_at is not None:
        return "confirmed"
    if row.dropped_at is not None:
        return "dropped"
    return "open" if session.now - row.proposed_at < CONFIRM_WITHIN else "lapsed"


def numbers_of(session: Session, rows: Sequence[WorksCouncilChange]) -> dict[str, str]:
    """Return the employee numbers of those who proposed and confirmed."""
    people = {person for row in rows for person in (row.proposer, row.confirmer) if person is not None}
    found = select(Person.id, Person.employee_number).where(col(Person.id).in_(people))
    return dict(session.exec(found).all())


def shown(session: Session, row: WorksCouncilChange, numbers: Mapping[str, str]) -> WorksCouncilChangeOut:
    """Return a change as clients see it."""
    who = {"proposer": numbers.get(row.proposer, row.proposer)}
    if row.confirmer is not None:
        who["confirmer"] = numbers.get(row.confirmer, row.confirmer)
    return WorksCouncilChangeOut.model_validate({**row.model_dump(), **who, "state": state_of(session, row)})


def snapshot(session: Session, after: str | None, limit: int) -> list[WorksCouncilModeChangedV1]:
    """Tell the modes that were decided, as they are now."""
    last: dict[str, WorksCouncilModeChangedV1] = {}
    confirmed = select(WorksCouncilChange).where(col(WorksCouncilChange.confirmed_at).is_not(None))
    for row in session.exec(confirmed.order_by(col(WorksCouncilChange.confirmed_at), col(WorksCouncilChange.id))):
        event = told(row)
        last[event.id] = event
    return [last[each] for each in sorted(last) if each > (after or "")][:limit]
