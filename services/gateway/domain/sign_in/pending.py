"""Sign-ins under way: what we must remember of a browser that we sent to the provider, until it comes back."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from services.gateway.domain.api_keys import hash_of
from services.gateway.tables import PendingSignIn
from shared.db import Session
from shared.problems import Invalid

LASTS = timedelta(minutes=10)


class SignInGone(Invalid):
    """This sign-in was finished before, took too long, or began in another browser."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What the provider is asked with: `challenge` is the SHA-256 of a verifier that only we know (RFC 7636)."""

    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser that comes back must match."""

    nonce: str
    verifier: str
    next: str
    fresh: bool
    begun_at: datetime


def begin(session: Session, browser: str, following: str, *, fresh: bool) -> Begun:
    """Remember a browser, by the secret in its cookie, that is sent to the provider and shall go on to a path of ours."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    session.add(
        PendingSignIn(
            state_hash=hash_of(state),
            browser_hash=hash_of(browser),
            nonce=nonce,
            verifier=verifier,
            next=following,
            fresh=fresh,
            created_at=session.now,
        )
    )
    digest = hashlib.sha256(verifier.encode()).digest()
    return Begun(state, nonce, base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def take(session: Session, state: str, browser: str | None) -> Pending | None:
    """Return what was remembered under a state, once only; None where it is gone, or another browser brings it.

    Not raised, so that a state that somebody else brings is used up nevertheless.
    """
    row = session.execute(
        delete(PendingSignIn).where(col(PendingSignIn.state_hash) == hash_of(state)).returning(PendingSignIn)
    ).scalar()
    if row is None or row.created_at <= session.now - LASTS:
        return None
    if browser is None or not hmac.compare_digest(row.browser_hash, hash_of(browser)):
        return None
    return Pending(row.nonce, row.verifier, row.next, row.fresh, row.created_at)


def forget_old(session: Session) -> None:
    """Drop sign-ins that nobody finished."""
    session.execute(delete(PendingSignIn).where(col(PendingSignIn.created_at) <= session.now - LASTS))
