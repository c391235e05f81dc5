"""The copy of certificates that this service keeps: who holds which certification at this moment."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement
from sqlmodel import col, select

from services.policy.tables import Certificate, Person, metadata
from shared.db import Session
from shared.events.training import CertificateTold
from shared.statements import upsert_row

WITHDRAWN = ("suspended", "revoked")
TOLD = ("id", "person", "certification", "status", "issued_at", "expires_at", "replaces")
KEEP = upsert_row(metadata.tables["certificates"], *TOLD, "ends_at", key="id")


def keep(session: Session, told: CertificateTold) -> None:
    """Keep a certificate as it is now; it counts until its own grace time is over."""
    row = {name: getattr(told, name) for name in TOLD}
    KEEP.run(session, {**row, "ends_at": max(told.expires_at, told.grace_until)})


def counting(session: Session) -> list[ColumnElement[bool]]:
    """Return the conditions under which a row of `Certificate` counts now: see `counting_at`."""
    return counting_at(session.now)


def counting_at(moment: datetime | BindParameter[datetime]) -> list[ColumnElement[bool]]:
    """Return the conditions under which a certificate counts at a moment: begun, not ended, withdrawn or replaced."""
    replaced = select(Certificate.replaces).where(col(Certificate.replaces).is_not(None))
    return [
        *(col(Certificate.status) != each for each in WITHDRAWN),
        col(Certificate.issued_at) <= moment,
        col(Certificate.ends_at) > moment,
        col(Certificate.id).not_in(replaced),
    ]


def held_by(session: Session, person: str) -> set[str]:
    """Return the certifications that a person holds now, each by its key."""
    return held(session, [person]).get(person, set())


def held(session: Session, persons: Collection[str]) -> dict[str, set[str]]:
    """Return the certifications that each of these people holds now; who holds none is not in it."""
    rows = select(Certificate.person, Certificate.certification).where(
        col(Certificate.person).in_(persons), *counting(session)
    )
    found: dict[str, set[str]] = {}
    for person, certification in session.exec(rows):
        found.setdefault(person, set()).add(certification)
    return found


def holders(session: Session, certification: str) -> list[Person]:
    """Return the active people who hold a certification now, by employee number."""
    persons = select(Certificate.person).where(Certificate.certification == certification, *counting(session))
    staff = select(Person).where(col(Person.id).in_(persons), col(Person.active).is_(True))
    return list(session.exec(staff.order_by(Person.employee_number)))
