"""The gateway's copy of people and task-team seats: who may sign in, and as whom."""

from collections.abc import Callable

from sqlalchemy import Executable, Table, bindparam, delete, func, or_, select
from sqlmodel import col

from services.gateway.domain import api_keys
from services.gateway.domain.webhooks import endpoints
from services.gateway.rights import SEAT_ROLES
from services.gateway.tables import Identity, KnownPerson, Seat, SignedIn, metadata
from shared.db import Session, insert
from shared.events.policy import TaskTeamChangedV1
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.statements import DialectInsert, Prebuilt

PERSON = tuple(KnownPerson.model_fields)


def keeping(insert_of: Callable[[Table], DialectInsert]) -> Executable:
    """Return what writes a person, whether they are known or not."""
    added = insert_of(metadata.tables["people"]).values({name: bindparam(name) for name in PERSON})
    return added.on_conflict_do_update(index_elements=["id"], set_={name: added.excluded[name] for name in PERSON})


KEEP = Prebuilt(keeping)


def keep(session: Session, event: PersonChangedV1) -> None:
    """Keep a person as they are now."""
    KEEP.run(session, {name: getattr(event, name) for name in PERSON})
    if not event.active:
        end_access(session, event.id)


def forget(session: Session, event: PersonLeftV1) -> None:
    """Forget a person who left, and end their sessions and the keys that they made."""
    session.execute(delete(KnownPerson).where(col(KnownPerson.id) == event.id))
    session.execute(delete(Identity).where(col(Identity.person) == event.id))
    end_access(session, event.id)


def end_access(session: Session, person: str) -> None:
    """End what a person can come in by: sessions, and keys that they made; webhooks of theirs wait for somebody here."""
    session.execute(delete(SignedIn).where(col(SignedIn.person) == person))
    api_keys.revoke_all_of(session, person)
    endpoints.pause_all_of(session, person)


def seat(session: Session, event: TaskTeamChangedV1) -> None:
    """Keep who sits on a seat of the task team."""
    values = {"seat": event.seat, "role": event.role, "person": event.person}
    statement = insert(session, Seat.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["seat"], set_=values))


def find(session: Session, user: str) -> KnownPerson | None:
    """Return the active person whom a sign-in name stands for: user name, e-mail or employee number."""
    folded = user.strip().lower()
    names = (KnownPerson.employee_number, KnownPerson.user_name, KnownPerson.email)
    matches = or_(*(func.lower(name) == folded for name in names))
    return session.execute(select(KnownPerson).where(matches, col(KnownPerson.active))).scalars().first()


def seat_roles(session: Session) -> dict[str, set[str]]:
    """Return what each person's seats add to their roles."""
    roles: dict[str, set[str]] = {}
    for row in session.execute(select(Seat).where(col(Seat.person).is_not(None))).scalars():
        if row.role in SEAT_ROLES:
            roles.setdefault(str(row.person), set()).add(SEAT_ROLES[row.role].value)
    return roles
