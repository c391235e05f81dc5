"""Sessions of the portal: a random cookie, known here by its hash, that ends on its own or when its person leaves."""

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete
from sqlmodel import col

from services.gateway.domain import people
from services.gateway.domain.api_keys import hash_of
from services.gateway.rights import Role
from services.gateway.tables import SignedIn
from shared.db import Session
from shared.events.gateway import SignedInV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Unauthorized

LIFETIME = timedelta(hours=12)
NOBODY = "nobody"
"""Stands in an event for a user who is no person known here."""


class WrongPassword(Unauthorized):
    """User name or password is not right."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the development sign-in."""

    user: str
    password: str
    role: Role


def read_logins(path: Path) -> list[Login]:
    """Return who may sign in, from a file of the form `{role: {user, password}}`."""
    content: dict[str, dict[str, str]] = json.loads(path.read_text())
    return [Login(entry["user"], entry["password"], Role(role)) for role, entry in content.items()]


def check(logins: list[Login], user: str, password: str) -> Login:
    """Return the login that a name and a password stand for; raises WrongPassword."""
    found = None
    for login in logins:
        right = hmac.compare_digest(login.password.encode(), password.encode())
        if right and login.user.lower() == user.strip().lower():
            found = login
    if found is None:
        raise WrongPassword
    return found


def open_session(session: Session, login: Login) -> str:
    """Sign a user in and return the cookie's value."""
    token = secrets.token_urlsafe(32)
    person = people.find(session, login.user)
    row = SignedIn(
        id=new_id(),
        token_hash=hash_of(token),
        user=login.user,
        role=login.role,
        person=person.id if person else None,
        created_at=session.now,
        expires_at=session.now + LIFETIME,
    )
    session.add(row)
    # Not the user name: it may be an employee number, and those travel only in training.person events.
    tell(session, SignedInV1(id=row.id, person=row.person or NOBODY, at=session.now))
    record(session, "sign_in.succeeded", f"sessions/{row.id}", person=row.person or login.user)
    return token


def close_session(session: Session, token: str) -> None:
    """Sign out."""
    session.execute(delete(SignedIn).where(col(SignedIn.token_hash) == hash_of(token)))


def forget_ended(session: Session) -> None:
    """Drop sessions that have ended."""
    session.execute(delete(SignedIn).where(col(SignedIn.expires_at) <= session.now))
