"""Who somebody is here, whom the organisation's provider knows, and what they may do.

A person is found by the employee number that a token names, else by their user name, else by an e-mail address that
the provider has verified, else by the provider's own name for them, under which they signed in before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlmodel import col

from services.gateway.domain import people
from services.gateway.domain.credentials import Credential
from services.gateway.domain.sign_in.claims import Claims, TokenRefused, authenticated_at
from services.gateway.domain.sign_in.sessions import Arrival, AtProvider, open_session
from services.gateway.rights import SCOPES, SELF, Role, scopes_of
from services.gateway.tables import Identity, KnownPerson
from shared.auth import Principal
from shared.db import Session, insert
from shared.evidence import digest_of, record

LONGEST = 255
FARTHEST = 2**33
"""Seconds since 1970 beyond which no token is taken to last."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a token's claims are read here; an empty name of a claim reads none."""

    issuer: str
    employee_number: str
    user_name: str
    groups: str
    roles: Mapping[str, Role]
    clients: Mapping[str, frozenset[str]]


def enter(session: Session, claims: Claims, mapped: Mapped, replaced: str | None) -> str | None:
    """Open a session for whom an ID token names and return its cookie; None for somebody unknown, which is recorded."""
    person = find(session, claims, mapped)
    if person is None:
        # Not the provider's own name for them: whoever is nobody here has no erasure that would reach it.
        record(session, "sign_in.refused", "sign-ins/provider", digest_of(f"{mapped.issuer} {claims['sub']}"))
        return None
    at = AtProvider(mapped.issuer, str(claims["sub"]), text(claims, "sid") or None)
    remember(session, at, person)
    arrival = Arrival(
        person.id,
        person.id,
        Role.EMPLOYEE,
        roles_of(claims, mapped),
        authenticated_at(claims),
        at,
    )
    return open_session(session, arrival, replaced)


def find(session: Session, claims: Claims, mapped: Mapped) -> KnownPerson | None:
    """Return the active person whom a token names; None where it is nobody, or more than one."""
    for column, name in names_of(claims, mapped):
        matching = select(KnownPerson).where(func.lower(column) == name.lower(), col(KnownPerson.active))
        found = session.execute(matching.limit(2)).scalars().all()
        if found:
            return found[0] if len(found) == 1 else None
    identity = session.get(Identity, (mapped.issuer, text(claims, "sub")))
    person = session.get(KnownPerson, identity.person) if identity else None
    return person if person is not None and person.active else None


def names_of(claims: Claims, mapped: Mapped) -> Iterator[tuple[object, str]]:
    """Yield the names that a token gives somebody, the surest first, with what each is here."""
    named = (
        (KnownPerson.employee_number, text(claims, mapped.employee_number)),
        (KnownPerson.user_name, text(claims, mapped.user_name)),
        (KnownPerson.email, text(claims, "email") if claims.get("email_verified") is True else ""),
    )
    return ((column, name) for column, name in named if name)


def says_enough(claims: Claims, mapped: Mapped) -> bool:
    """Say whether a token names somebody, and their groups where these count."""
    return next(names_of(claims, mapped), None) is not None and (not mapped.roles or mapped.groups in claims)


def text(claims: Claims, name: str) -> str:
    """Return a claim that is text and may be a name; empty where there is none."""
    value = claims.get(name) if name else None
    return value.strip() if isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value else ""


def remember(session: Session, at: AtProvider, person: KnownPerson) -> None:
    """Keep under which name of the provider somebody signed in."""
    values = {"issuer": at.issuer, "subject": at.subject, "person": person.id, "created_at": session.now}
    statement = insert(session, Identity.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["issuer", "subject"], set_={"person": person.id}))


def roles_of(claims: Claims, mapped: Mapped) -> frozenset[Role]:
    """Return what the groups that a token names are here; a group that is not configured is nothing."""
    groups = claims.get(mapped.groups) if mapped.groups else None
    named = groups if isinstance(groups, list) else [groups]
    return frozenset(mapped.roles[group] for group in named if isinstance(group, str) and group in mapped.roles)


def credential_of(session: Session, claims: Claims, mapped: Mapped, secret_hash: str) -> Credential:
    """Return whom an access token stands for: a machine that is configured, or a person; raises TokenRefused."""
    client = next((found for name in ("client_id", "azp", "appid") if (found := text(claims, name))), "")
    machine = text(claims, "sub") in {"", client} or claims.get("idtyp") == "app"
    principal = machine_of(claims, mapped, client) if machine else person_of(session, claims, mapped)
    return Credential(
        secret_hash,
        principal,
        datetime.fromtimestamp(min(claims["exp"], FARTHEST), UTC),
        name=client,
        authenticated_at=None if machine else authenticated_at(claims),
    )


def machine_of(claims: Claims, mapped: Mapped, client: str) -> Principal:
    """Return a client that came with its own credentials: it has what its token names, as far as it was configured."""
    if client not in mapped.clients:
        raise TokenRefused("This client may not use the API.")
    return Principal(id=f"client:{client}", scopes=asked_scopes(claims) & mapped.clients[client])


def person_of(session: Session, claims: Claims, mapped: Mapped) -> Principal:
    """Return a person: their roles' rights, and of these only what the token names where it names any of ours."""
    person = find(session, claims, mapped)
    if person is None:
        raise TokenRefused("The provider's token names nobody who is known here.")
    roles = frozenset({Role.EMPLOYEE.value, *roles_of(claims, mapped), *people.seat_roles(session).get(person.id, ())})
    rights, asked = scopes_of(roles), asked_scopes(claims)
    return Principal(
        id=f"person:{person.id}",
        person=person.id,
        employee_number=person.employee_number,
        scopes=(rights & asked) | {SELF} if asked else rights,
        roles=roles,
    )


def asked_scopes(claims: Claims) -> frozenset[str]:
    """Return the scopes of ours that a token names."""
    named = claims.get("scope", claims.get("scp", ""))
    words = named.split() if isinstance(named, str) else named
    return (
        SCOPES.intersection(word for word in words if isinstance(word, str)) if isinstance(words, list) else frozenset()
    )
