"""Who accepted which version, and who has not yet."""

from sqlmodel import col, exists, select

from services.policy.domain import people, policies, versions
from services.policy.domain.rows import add_once
from services.policy.schemas.acknowledgements import ReceiptOut, StandingOut
from services.policy.tables import Acknowledgement, Person, Policy, State, Version
from shared import pages
from shared.db import Session
from shared.events.policy import AcknowledgementRecordedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict


class NotToBeAcknowledged(Conflict):
    """Only a version that is in force, or has its date, can be acknowledged."""


def acknowledge(session: Session, key: str, number: int, employee_number: str | None) -> ReceiptOut:
    """Record that a person accepts this exact version; a second time gives the first receipt.

    Raises UnknownPerson, or NotToBeAcknowledged for a draft and for a version that another has superseded.
    """
    person = people.needed(session, employee_number)
    policy, version = versions.get(session, key, number)
    known = find(session, version, person)
    if known is not None:
        return ReceiptOut.of(known, policy, version, person)
    if version.state not in {State.PUBLISHED, State.SCHEDULED}:
        raise NotToBeAcknowledged(f"The version is {version.state}.")
    row = Acknowledgement(
        version_id=version.id,
        person=person.id,
        version_hash=version.content_hash,
        acknowledged_at=session.now,
        evidence={},
    )
    new = add_once(session, row)
    known = find(session, version, person)
    if known is None:
        raise LookupError(f"the acknowledgement of {version.id} by {person.id} is neither new nor known")
    if new:
        complete(session, known, policy, version)
    return ReceiptOut.of(known, policy, version, person)


def complete(session: Session, row: Acknowledgement, policy: Policy, version: Version) -> None:
    """Put a new acknowledgement into evidence and tell the others."""
    subject = f"policies/{policy.key}/versions/{version.number}"
    row.evidence = record(
        session, "policy.acknowledged", subject, content_hash=row.version_hash, person=row.person
    ).model_dump(mode="json")
    tell(session, told(row, policy.key, version.number))
    session.flush()


def find(session: Session, version: Version, person: Person) -> Acknowledgement | None:
    """Return a person's acknowledgement of a version."""
    rows = select(Acknowledgement).where(Acknowledgement.version_id == version.id, Acknowledgement.person == person.id)
    return session.exec(rows).first()


def told(row: Acknowledgement, policy: str, version: int) -> AcknowledgementRecordedV1:
    """Return the event that tells of an acknowledgement."""
    return AcknowledgementRecordedV1(
        id=row.id, person=row.person, policy=policy, version=version, acknowledged_at=row.acknowledged_at
    )


def standings(
    session: Session, key: str, status: str | None, employee_number: str | None, paging: PageQuery
) -> Page[StandingOut]:
    """Return who has accepted the version in force (`done`) and who has not (`missing`).

    A person without `people:read` sees themselves, a key that is limited to departments sees those.
    """
    number = policies.in_force(session, key, None).version
    policy, version = versions.get(session, key, number)
    accepted = exists().where(
        col(Acknowledgement.version_id) == version.id, col(Acknowledgement.person) == col(Person.id)
    )
    staff = select(Person).where(col(Person.active).is_(True))
    if status is not None:
        staff = staff.where(accepted if status == "done" else ~accepted)
    if employee_number is not None:
        staff = staff.where(Person.employee_number == employee_number)
    caller = session.context.caller
    if caller and not caller.has("people:read"):
        staff = staff.where(Person.id == caller.person)
    if caller and caller.departments is not None:
        staff = staff.where(col(Person.department).in_(caller.departments))
    page: Page[Person] = pages.page(session, staff, paging, key=Person.id, to=lambda person: person)
    rows = select(Acknowledgement).where(
        Acknowledgement.version_id == version.id, col(Acknowledgement.person).in_([person.id for person in page.items])
    )
    by_person = {row.person: row for row in session.exec(rows)}
    items = [standing(person, by_person.get(person.id), policy.key, number) for person in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


def standing(person: Person, row: Acknowledgement | None, policy: str, version: int) -> StandingOut:
    """Show where a person stands with a version."""
    return StandingOut(
        employee_number=person.employee_number,
        name=person.name,
        department=person.department,
        policy=policy,
        version=version,
        status="done" if row else "missing",
        acknowledged_at=row.acknowledged_at if row else None,
        receipt=row.id if row else None,
    )
