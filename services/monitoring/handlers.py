"""What the monitoring service does when another service tells it something, and when time has come."""

from services.monitoring.domain import accounts, assignments, pauses, people, rules
from shared.db import Session
from shared.events.policy import VersionInForceV1
from shared.events.training import (
    CertificateExpiredV1,
    CertificateExpiringV1,
    CertificateIssuedV1,
    CertificateReinstatedV1,
    CertificateRenewedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
    PersonChangedV1,
    PersonLeftV1,
)
from shared.inbox import Handlers
from shared.timers import Timers

handlers = Handlers()
timers = Timers()


@handlers.on(VersionInForceV1)
def judge_by_new_rules(event: VersionInForceV1, session: Session) -> None:
    """From now on, posts are judged by the rules of this version."""
    rules.keep(session, event)


@handlers.on(PersonChangedV1)
def keep_person(event: PersonChangedV1, session: Session) -> None:
    """Departments decide which rules apply; whoever is no longer active gives back what is open."""
    people.keep_person(session, event)
    assignments.drain_if_gone(session, event.id)


@handlers.on(PersonLeftV1)
def part_with_leaver(event: PersonLeftV1, session: Session) -> None:
    """A leaver's open conversations go to others, and their accounts are no longer our concern."""
    people.mark_left(session, event.id)
    accounts.forget_leaver(session, event.id)
    assignments.drain_if_gone(session, event.id)


@handlers.on(
    CertificateIssuedV1,
    CertificateRenewedV1,
    CertificateExpiringV1,
    CertificateExpiredV1,
    CertificateSuspendedV1,
    CertificateReinstatedV1,
    CertificateRevokedV1,
)
def follow_certificate(event: CertificateTold, session: Session) -> None:
    """Who may answer customers follows their certificate at once: one that lapses drains, one that comes fills."""
    people.keep_certificate(session, event)
    assignments.drain_if_gone(session, event.person)


@timers.every(seconds=1)
def keep_work_moving(session: Session) -> None:
    """Nothing stays with somebody who is silent, away or no longer certified, and no pause outlasts its end."""
    pauses.end_due(session)
    assignments.sweep(session)
