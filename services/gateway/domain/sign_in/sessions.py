"""Sessions of the portal: a random cookie, known here by its hash.

A session ends by time, when nobody used it for a while, by signing out, when its person leaves, and when the provider
that opened it says so. Each sign-in makes a new one and ends the one that the browser had, so that nobody goes on with
a cookie that somebody else may have put there.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlmodel import col

from services.gateway.domain.api_keys import hash_of
from services.gateway.rights import Role
from services.gateway.schemas.sessions import SessionOut
from services.gateway.tables import SignedIn
from shared.auth import Principal
from shared.db import Session
from shared.events.gateway import SignedInV1, SignedOutV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound

LIFETIME = timedelta(hours=12)
"""The longest that a session lasts, however much it is used."""
IDLE = timedelta(hours=2)
"""How long a session lasts that nobody uses."""
FRESH = timedelta(minutes=15)
"""How long ago somebody may have proved who they are, for what asks for a fresh sign-in."""
WRITTEN_BEHIND = timedelta(minutes=2)
"""How far `last_seen_at` may lag behind what a process knows."""
NOBODY = "nobody"
"""Stands in an event for a user who is no person known here."""


@dataclass(frozen=True, slots=True)
class AtProvider:
    """The provider's names: its own, that of the person, and that of its session where it has one."""

    issuer: str
    subject: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who proved who they are, and when they did; None where nobody can say."""

    user: str
    person: str | None
    role: Role
    roles: frozenset[Role] = field(default=frozenset())
    authenticated_at: datetime | None = None
    provider: AtProvider | None = None


def open_session(session: Session, arrival: Arrival, replaced: str | None = None) -> str:
    """Sign somebody in and return the cookie's value; the session that the browser had before ends."""
    if replaced is not None:
        close_session(session, replaced, "signed in anew")
    token = secrets.token_urlsafe(32)
    provider = arrival.provider
    row = SignedIn(
        id=new_id(),
        token_hash=hash_of(token),
        user=arrival.user,
        role=arrival.role,
        roles=sorted(arrival.roles) or None,
        person=arrival.person,
        created_at=session.now,
        expires_at=session.now + LIFETIME,
        authenticated_at=arrival.authenticated_at,
        last_seen_at=session.now,
        issuer=provider.issuer if provider else None,
        subject=provider.subject if provider else None,
        provider_session=provider.session if provider else None,
    )
    session.add(row)
    # Not the user name: it may be an employee number, and those travel only in training.person events.
    tell(session, SignedInV1(id=row.id, person=row.person or NOBODY, at=session.now))
    record(session, "sign_in.succeeded", f"sessions/{row.id}", person=row.person or arrival.user)
    return token


def close_session(session: Session, token: str, why: str = "signed out") -> None:
    """End the session of a cookie, if it is one."""
    end(session, session.execute(select(SignedIn).where(col(SignedIn.token_hash) == hash_of(token))).scalars(), why)


def end(session: Session, rows: Iterable[SignedIn], why: str) -> int:
    """End sessions before their time; returns how many."""
    ended = list(rows)
    for row in ended:
        session.delete(row)
        tell(session, SignedOutV1(id=row.id, person=row.person or NOBODY, why=why))
        record(session, "sign_in.ended", f"sessions/{row.id}", person=row.person or row.user)
    return len(ended)


def end_by_provider(session: Session, at: AtProvider) -> int:
    """End what the provider says is over: one of its sessions, or with none named all of a person's."""
    named = [col(SignedIn.issuer) == at.issuer]
    if at.session is not None:
        named.append(col(SignedIn.provider_session) == at.session)
    if at.subject:
        named.append(col(SignedIn.subject) == at.subject)
    return end(session, session.execute(select(SignedIn).where(*named)).scalars(), "signed out at the provider")


def whose(caller: Principal) -> tuple[str, str | None]:
    """Return by what a session is known as the caller's: their user, and the person that they are."""
    return caller.id.removeprefix("person:"), caller.person


def find_page(session: Session, caller: Principal, current: str | None, paging: PageQuery) -> Page[SessionOut]:
    """Return where somebody is signed in; `current` is the session by which they ask."""
    mine = select(SignedIn).where(belongs_to(caller), working(session.now))
    return page(session, mine, paging, key=SignedIn.id, to=lambda row: SessionOut.of(row, current))


def belongs_to(caller: Principal) -> ColumnElement[bool]:
    """Return the condition that a session is the caller's own."""
    user, person = whose(caller)
    return (
        col(SignedIn.person) == person if person else and_(col(SignedIn.person).is_(None), col(SignedIn.user) == user)
    )


def working(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a session still works."""
    seen = or_(col(SignedIn.last_seen_at).is_(None), col(SignedIn.last_seen_at) > now - IDLE)
    return and_(col(SignedIn.expires_at) > now, seen)


def end_own(session: Session, session_id: str, caller: Principal) -> None:
    """End one of the caller's own sessions; raises NotFound."""
    mine = select(SignedIn).where(belongs_to(caller), col(SignedIn.id) == session_id)
    if not end(session, session.execute(mine).scalars(), "ended by its person"):
        raise NotFound(f"You have no session {session_id}.")


def note_seen(session: Session, seen: Mapping[str, datetime]) -> None:
    """Keep when each session was last used."""
    table = SignedIn.__table__  # type: ignore[attr-defined]
    statement = update(table).where(table.c.id == bindparam("of")).values(last_seen_at=bindparam("at"))
    session.connection().execute(statement, [{"of": session_id, "at": at} for session_id, at in seen.items()])


def forget_ended(session: Session) -> None:
    """Drop sessions that have ended, by time or because nobody used them."""
    unused = col(SignedIn.last_seen_at) <= session.now - IDLE - WRITTEN_BEHIND
    session.execute(delete(SignedIn).where(or_(col(SignedIn.expires_at) <= session.now, unused)))
