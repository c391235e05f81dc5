"""How the certificate behind a badge counts."""

from sqlmodel import col, select

from services.training.domain.certification.standing import STILL_CERTIFIED, status_at
from services.training.schemas.certificates import Status
from services.training.tables import Certificate, Person
from shared.db import Session


def status_of(session: Session, certificate: Certificate, person: Person) -> Status:
    """Return how a certificate stands for its badge now: an archived one no better than the one that followed it.

    The date of an archived one may lie ahead when the one that followed is revoked. Whoever is shown its badge does not
    know that there is another.
    """
    own = status_at(certificate, session.now, person.left_at)
    if certificate.archived_at is None or own not in STILL_CERTIFIED:
        return own
    followed_by = select(Certificate).where(
        Certificate.person == certificate.person,
        Certificate.certification == certificate.certification,
        col(Certificate.archived_at).is_(None),
    )
    latest = session.exec(followed_by).first()
    if latest is None:
        return own
    status = status_at(latest, session.now, person.left_at)
    return own if status in STILL_CERTIFIED else status
