"""The development sign-in: users and passwords from a file, on a machine that nobody else reaches."""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from services.gateway.domain import people
from services.gateway.domain.sign_in.sessions import Arrival, open_session
from services.gateway.rights import Role
from shared.db import Session
from shared.problems import Unauthorized


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


def enter(session: Session, login: Login, replaced: str | None) -> str:
    """Open a session for a user of the file and return its cookie: they typed their password just now."""
    person = people.find(session, login.user)
    arrival = Arrival(login.user, person.id if person else None, login.role, authenticated_at=session.now)
    return open_session(session, arrival, replaced)
