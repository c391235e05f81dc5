"""What anyone may learn of a badge, and how far its holder lets them see whose it is."""

from datetime import datetime

import orjson
from sqlmodel import col, select

from services.training.domain.badges import counting, keys
from services.training.domain.badges.credentials import Issuer
from services.training.domain.certification import certificates
from services.training.schemas.badges import BadgeStatus, Holder, SharingOut, Show, VerificationOut
from services.training.schemas.certificates import Status
from services.training.tables import Badge, Certificate, Certification, Person, Sharing
from shared.conditions import expect
from shared.db import Session
from shared.evidence import record
from shared.problems import NotFound

OF_STATUS = {
    Status.VALID: BadgeStatus.VALID,
    Status.EXPIRING: BadgeStatus.VALID,
    Status.EXPIRED: BadgeStatus.EXPIRED,
    Status.SUSPENDED: BadgeStatus.SUSPENDED,
}


def verify(session: Session, code: str, issuer: Issuer) -> VerificationOut:
    """Return how the badge at an address stands; raises NotFound, alike for whatever is none."""
    badge, certificate, person = at_address(session, code)
    status = standing(session, badge, certificate, person)
    said = orjson.loads(badge.credential)
    achievement = said["credentialSubject"]["achievement"]
    return VerificationOut(
        url=issuer.page(code),
        valid=status is BadgeStatus.VALID,
        status=status,
        why=why(status, certificate.expires_at),
        title=achievement["name"],
        description=achievement["description"],
        issuer=issuer.name,
        issuer_did=issuer.did,
        issued_at=certificate.issued_at,
        valid_until=certificate.expires_at,
        holder=holder(session, certificate, person),
        as_of=session.now,
    )


def at_address(session: Session, code: str) -> tuple[Badge, Certificate, Person]:
    """Return a badge with its certificate and holder; raises NotFound."""
    found = session.exec(
        select(Badge, Certificate, Person)
        .join(Certificate, col(Certificate.id) == col(Badge.certificate))
        .join(Person, col(Person.id) == col(Badge.person))
        .where(Badge.code == code)
    ).first()
    if found is None:
        raise NotFound("There is no badge at this address.")
    return found


def title_at(session: Session, code: str) -> tuple[str, str]:
    """Return the key and the title of the tier of the badge at an address; raises NotFound."""
    badge, certificate, _ = at_address(session, code)
    return certificate.certification, orjson.loads(badge.credential)["name"]


def title_of(session: Session, badge: Badge) -> tuple[str, str]:
    """Return the key and the title of the tier of a badge."""
    certificate = session.get_one(Certificate, badge.certificate)
    return certificate.certification, orjson.loads(badge.credential)["name"]


def standing(session: Session, badge: Badge, certificate: Certificate, person: Person) -> BadgeStatus:
    """Return how a badge stands: as its certificate does, unless it was revoked by itself."""
    if badge.revoked_at is not None or not keys.is_trusted(session, badge):
        return BadgeStatus.REVOKED
    return OF_STATUS.get(counting.status_of(session, certificate, person), BadgeStatus.REVOKED)


def why(status: BadgeStatus, until: datetime) -> str:
    """Return a status as a sentence; the reason why somebody revoked or suspended is between them and the holder."""
    day = f"{until.day} {until:%B %Y}"
    return {
        BadgeStatus.VALID: f"The certificate is in force, until {day}.",
        BadgeStatus.EXPIRED: f"The certificate held until {day} and has expired.",
        BadgeStatus.SUSPENDED: "The certificate is suspended: it does not count at this moment.",
        BadgeStatus.REVOKED: "The certificate is no longer in force; this badge does not count any more.",
    }[status]


def holder(session: Session, certificate: Certificate, person: Person) -> Holder | None:
    """Return who holds a certificate, as far as they show it."""
    row = session.get(Sharing, certificate.id)
    show = Show(row.show) if row else Show.NOTHING
    if show is Show.NOTHING:
        return None
    return Holder(name=person.name, department=person.department if show is Show.NAME_AND_DEPARTMENT else None)


def get(session: Session, certificate: str, issuer: Issuer) -> SharingOut:
    """Return what the caller shows with a certificate of theirs; raises NotFound for anyone else's."""
    own(session, certificate)
    return out(session, certificate, issuer)


def put(session: Session, certificate: str, show: Show, if_match: int | None, issuer: Issuer) -> SharingOut:
    """Show as much as the caller, who must be the holder, wants from now on; raises NotFound or Stale."""
    row = own(session, certificate)
    found = session.get(Sharing, certificate)
    expect(found.revision if found else 0, if_match)
    if found is None:
        session.add(Sharing(certificate=certificate, person=row.person, show=show))
    elif found.show != show:
        found.show = show
        found.revision += 1
        session.add(found)
    session.flush()
    record(session, f"badge.shows_{show}", f"certificate/{certificate}", person=row.person)
    return out(session, certificate, issuer)


def own(session: Session, certificate: str) -> Certificate:
    """Return a certificate of the caller's own; raises NotFound, also for who may read it but does not hold it."""
    row, person = certificates.load(session, certificate, "certificates:read")
    caller = session.context.caller
    if caller is None or caller.person != person.id:
        raise NotFound("There is no such certificate, or it is someone else's.")
    return row


def out(session: Session, certificate: str, issuer: Issuer) -> SharingOut:
    """Return what is shown with a certificate."""
    row = session.get(Sharing, certificate)
    badge = session.exec(select(Badge).where(Badge.certificate == certificate, col(Badge.revoked_at).is_(None))).first()
    return SharingOut(
        certificate=certificate,
        show=Show(row.show) if row else Show.NOTHING,
        url=issuer.page(badge.code) if badge else None,
        revision=row.revision if row else 0,
    )


def tier(session: Session, key: str) -> Certification:
    """Return a certification by its key."""
    return session.exec(select(Certification).where(Certification.key == key)).one()
