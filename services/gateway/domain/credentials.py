"""The credentials that work now, keys and sessions alike, each with the principal that it stands for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import col

from services.gateway.domain import people
from services.gateway.domain.sign_in.sessions import working
from services.gateway.rights import scopes_of
from services.gateway.tables import ApiKey, KnownPerson, SignedIn
from shared.auth import Principal
from shared.db import Session


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, a session or a provider's token: known by the hash of its secret, with the principal that it stands for.

    `authenticated_at` is when a person proved who they are, where that is known; `seen_at` when a session was last used,
    as far as the database knows.
    """

    secret_hash: str
    principal: Principal
    expires_at: datetime | None
    key_id: str | None = None
    name: str | None = None
    session_id: str | None = None
    authenticated_at: datetime | None = None
    seen_at: datetime | None = None


def find_working(session: Session) -> list[Credential]:
    """Return all keys and sessions that work now."""
    return [*find_keys(session), *find_sessions(session)]


def find_keys(session: Session) -> list[Credential]:
    """Return the keys that are neither revoked nor ended."""
    lasts = or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > session.now)
    rows = session.execute(select(ApiKey).where(col(ApiKey.revoked_at).is_(None), lasts)).scalars()
    return [credential for row in rows for credential in of_key(row)]


def of_key(row: ApiKey) -> list[Credential]:
    """Return a key as credentials: by its secret, and by the one before, which ends by itself."""
    departments = frozenset(row.departments) if row.departments is not None else None
    principal = Principal(id=f"key:{row.id}", scopes=frozenset(row.scopes), departments=departments)
    found = [Credential(row.secret_hash, principal, row.expires_at, row.id, row.name)]
    if row.former_hash is not None and row.former_until is not None:
        until = min(row.former_until, row.expires_at) if row.expires_at else row.former_until
        found.append(Credential(row.former_hash, principal, until, row.id, row.name))
    return found


def find_sessions(session: Session) -> list[Credential]:
    """Return the sessions that have not ended, with the roles that logins and task-team seats give."""
    seats = people.seat_roles(session)
    statement = select(SignedIn, KnownPerson).outerjoin(KnownPerson, col(KnownPerson.id) == col(SignedIn.person))
    rows = session.execute(statement.where(working(session.now)))
    return [of_session(signed_in, person, seats.get(signed_in.person or "", set())) for signed_in, person in rows]


def of_session(signed_in: SignedIn, person: KnownPerson | None, seats: set[str]) -> Credential:
    """Return a session as a credential."""
    roles = frozenset({signed_in.role, *(signed_in.roles or ()), *seats})
    principal = Principal(
        id=f"person:{signed_in.person or signed_in.user}",
        person=signed_in.person,
        employee_number=person.employee_number if person else None,
        scopes=scopes_of(roles),
        roles=roles,
    )
    return Credential(
        signed_in.token_hash,
        principal,
        signed_in.expires_at,
        name=person.name if person else signed_in.user,
        session_id=signed_in.id,
        authenticated_at=signed_in.authenticated_at,
        seen_at=signed_in.last_seen_at or signed_in.created_at,
    )
