"""How a certificate stands at a moment: a pure function of its dates and of what people did to it."""

from datetime import datetime
from typing import NamedTuple, Protocol

from services.training.schemas.certificates import Status

STILL_CERTIFIED = frozenset({Status.VALID, Status.EXPIRING})


class Term(NamedTuple):
    """When a certificate begins to expire, when it has, and until when it counts all the same."""

    expiring_from: datetime
    expires_at: datetime
    grace_until: datetime


class Standing(Protocol):
    """The facts on which a status rests; a certificate's row has them."""

    issued_at: datetime
    expiring_from: datetime
    expires_at: datetime
    grace_until: datetime
    past_terms: list[list[str]] | None
    suspensions: list[list[str | None]]
    revoked_at: datetime | None


def status_at(certificate: Standing, at: datetime, left_at: datetime | None) -> Status:
    """Return the status at a moment, past or to come; a leaver has none from the moment they left.

    A date belongs to the status that it begins: at `expires_at` a certificate is expired.
    """
    if at < certificate.issued_at or (left_at is not None and left_at <= at):
        return Status.NONE
    if certificate.revoked_at is not None and certificate.revoked_at <= at:
        return Status.REVOKED
    if any(covers(start, end, at) for start, end in certificate.suspensions):
        return Status.SUSPENDED
    term = term_at(certificate, at)
    if at >= term.expires_at:
        return Status.EXPIRED
    return Status.EXPIRING if at >= term.expiring_from else Status.VALID


def is_certified(certificate: Standing, status: Status, at: datetime) -> bool:
    """Say whether a certificate of this status counts; an expired one does within its grace time."""
    return status in STILL_CERTIFIED or (status is Status.EXPIRED and at < term_at(certificate, at).grace_until)


def term_at(certificate: Standing, at: datetime) -> Term:
    """Return the dates that were in force at a moment; a change of them never changes what was."""
    for until, *dates in certificate.past_terms or ():
        if at < datetime.fromisoformat(until):
            return Term(*map(datetime.fromisoformat, dates))
    return Term(certificate.expiring_from, certificate.expires_at, certificate.grace_until)


def covers(start: str | None, end: str | None, at: datetime) -> bool:
    """Say whether a suspension held at a moment; without an end it still does."""
    began = start is not None and datetime.fromisoformat(start) <= at
    return began and (end is None or at < datetime.fromisoformat(end))
