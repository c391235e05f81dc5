"""Who is told of what concerns nobody by name: administrators, and those who may approve."""

from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import select
from sqlmodel import col

from services.gateway.rights import Role
from services.gateway.tables import KnownPerson, Seat, SignedIn, Webhook
from shared.db import Session
from shared.marks import read_mark, write_mark

APPROVING = ("lead", "reviewer")
"""Seats of the task team from which one approves."""
COACHING = ("lead", "coach")
"""Seats from which one looks after colleagues who answer."""
ADMINISTRATORS = "notices.administrators"


def seated_as(session: Session, roles: Sequence[str]) -> Sequence[str]:
    """Return who has a seat on the task team with one of these roles."""
    seated = select(col(Seat.person)).where(col(Seat.role).in_(roles), col(Seat.person).is_not(None))
    return present(session, session.execute(seated).scalars())


def administrators(session: Session, webhook_id: str) -> Sequence[str]:
    """Return who looks after an endpoint: its maker, who the settings name, and all with a session as administrator.

    Where groups of the provider decide who is one, that is known from their sign-in only: who shall hear of it while
    they are not signed in stands in the settings.
    """
    people = {
        str(row.person)
        for row in session.execute(select(SignedIn).where(col(SignedIn.person).is_not(None))).scalars()
        if Role.ADMIN in {row.role, *(row.roles or [])} and row.expires_at > session.now
    }
    made_by = session.execute(select(col(Webhook.created_by)).where(col(Webhook.id) == webhook_id)).scalar_one_or_none()
    if made_by is not None and made_by.startswith("person:"):
        people.add(made_by.removeprefix("person:"))
    numbers = orjson.loads(read_mark(session, ADMINISTRATORS) or "[]")
    named = select(col(KnownPerson.id)).where(col(KnownPerson.employee_number).in_(numbers))
    return present(session, people.union(session.execute(named).scalars()))


def name_administrators(session: Session, numbers: Sequence[str]) -> None:
    """Keep who, by employee number, hears of what administrators should know, whether they are signed in or not."""
    write_mark(session, ADMINISTRATORS, orjson.dumps(numbers).decode())


def present(session: Session, people: Iterable[str]) -> Sequence[str]:
    """Return those of these people who are here."""
    here = select(col(KnownPerson.id)).where(col(KnownPerson.id).in_(set(people)), col(KnownPerson.active))
    return sorted(session.execute(here).scalars())
