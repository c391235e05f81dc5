"""What the training service does when it is told something, when time has come, and what it can tell anew."""

from services.training.domain import certificates, decisions, expiry, facts, people
from shared.db import Session
from shared.events.policy import AcknowledgementRecordedV1, VersionInForceV1
from shared.events.training import CertificateIssuedV1, PersonChangedV1
from shared.inbox import Handlers
from shared.snapshots import Snapshots
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
snapshots = Snapshots()


@handlers.on(AcknowledgementRecordedV1)
def keep_acknowledgement(event: AcknowledgementRecordedV1, session: Session) -> None:
    """An acknowledgement may be the last part that a certificate waits for."""
    facts.keep_acknowledgement(session, event)


@handlers.on(VersionInForceV1)
def keep_version(event: VersionInForceV1, session: Session) -> None:
    """A certificate remembers the sections of the version that its holder accepted."""
    facts.keep_version(session, event)


@timers.every(seconds=1)
def tell_what_expires(session: Session) -> None:
    """Certificates begin to expire, and expire, by the clock."""
    expiry.sweep(session)


@timers.every(seconds=1)
def decide_again(session: Session) -> None:
    """New definitions make certificates due to people who have all parts already."""
    decisions.work_off(session)


@snapshots.of(PersonChangedV1)
def tell_people(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
    """Everyone, also those who left."""
    return people.snapshot(session, after, limit)


@snapshots.of(CertificateIssuedV1)
def tell_certificates(session: Session, after: str | None, limit: int) -> list[CertificateIssuedV1]:
    """The certificates that no renewal has archived, with their status of this moment."""
    return certificates.snapshot(session, after, limit)
