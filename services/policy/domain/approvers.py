"""Who may approve what the rules hold: the team's leads and reviewers, and who is certified to speak for all."""

from sqlmodel import col, or_, select

from services.policy.domain import certificates
from services.policy.settings import terms
from services.policy.tables import Certificate, Person, Seat
from shared.db import Session

ROLES = ("lead", "reviewer")


def may_approve(session: Session, author: str | None) -> list[Person]:
    """Return the active people who may approve a draft, by employee number; nobody approves their own."""
    seated = select(Seat.person).where(col(Seat.role).in_(ROLES), col(Seat.person).is_not(None))
    certified = select(Certificate.person).where(
        Certificate.certification == terms().approving_certification, *certificates.counting(session)
    )
    staff = select(Person).where(
        col(Person.active).is_(True), or_(col(Person.id).in_(seated), col(Person.id).in_(certified))
    )
    return [person for person in session.exec(staff.order_by(Person.employee_number)) if person.id != author]


def roles_of(session: Session, person: str) -> set[str]:
    """Return the roles of the seats that a person holds."""
    return set(session.exec(select(Seat.role).where(Seat.person == person)))
