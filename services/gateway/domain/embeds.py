"""Who reads a policy within another page, and what has come into force for those who follow along."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.gateway.tables import KnownPerson, PolicyChange
from shared.auth import Principal
from shared.db import Session, insert
from shared.events.policy import VersionInForceV1
from shared.evidence import record
from shared.problems import Forbidden, NotFound

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A version that came into force."""

    policy: str
    version: int
    title: str
    effective_at: datetime


def name_reader(session: Session, employee_number: str, policy: str, caller: Principal) -> Principal:
    """Return the person for whom a page is shown, so that what they accept there is theirs.

    Raises Forbidden for a caller who may not speak for others, and NotFound for somebody whom they cannot reach.
    """
    if caller.signed_in and caller.employee_number != employee_number:
        raise Forbidden("You can have a token for yourself only; leave employee_number out.")
    if not caller.signed_in and not caller.has("policies:write"):
        raise Forbidden("To name a person, whose acceptance is recorded then, a key needs the scope policies:write.")
    asked = select(KnownPerson).where(col(KnownPerson.employee_number) == employee_number, col(KnownPerson.active))
    if caller.departments is not None:
        asked = asked.where(col(KnownPerson.department).in_(caller.departments))
    person = session.execute(asked).scalars().first()
    if person is None:
        raise NotFound(f"No active person with the employee number {employee_number} is known here.")
    record(session, "embed_token.created", f"policies/{policy}", person=person.id)
    return Principal(id=f"person:{person.id}", person=person.id, employee_number=person.employee_number)


def note_change(session: Session, event: VersionInForceV1) -> None:
    """Keep that a version came into force; told again, it is the same one."""
    values = {name: getattr(event, name) for name in ("policy", "version", "title", "effective_at")}
    statement = insert(session, PolicyChange.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["policy", "version"], set_=values))


def find_changes(session: Session, policies: frozenset[str] | None) -> list[Change]:
    """Return what came into force last, the newest first; of these policies only, unless that is None."""
    rows = select(PolicyChange).order_by(col(PolicyChange.effective_at).desc(), col(PolicyChange.policy))
    if policies is not None:
        rows = rows.where(col(PolicyChange.policy).in_(policies))
    return [
        Change(row.policy, row.version, row.title, row.effective_at)
        for row in session.execute(rows.limit(SHOWN)).scalars()
    ]
