"""Who accepted which version, and who has not yet."""

from datetime import datetime

from sqlmodel import col, func, select

from services.policy.domain import people, policies, standing, versions
from services.policy.domain.rows import add_once
from services.policy.schemas.acknowledgements import ProofOfAcknowledgement, ReceiptOut, StandingOut
from services.policy.tables import Acknowledgement, Asked, Campaign, Person, Policy, State, Version
from shared import evidence, pages
from shared.db import Session
from shared.events.policy import AcknowledgementRecordedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, NotFound


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
    session: Session,
    key: str,
    status: str | None,
    employee_number: str | None,
    department: str | None,
    paging: PageQuery,
) -> Page[StandingOut]:
    """Return where everybody stands with what is in force: done, missing, overdue or exempt.

    A person without `people:read` sees themselves, a key that is limited to departments sees those.
    """
    policy = policies.get(session, key)
    found = standing.counting_of(session, policy)
    if not found.versions:
        raise policies.NotInForce(f"No version of {key} is in force.")
    number, counting = found.latest, found.versions
    is_at = standing.status_in_policy(session, policy, counting)
    staff = select(Person).where(col(Person.active).is_(True), *people.visible(session))
    if status is not None:
        staff = staff.where(is_at == status)
    if employee_number is not None:
        staff = staff.where(Person.employee_number == employee_number)
    if department is not None:
        staff = staff.where(Person.department == department)
    page: Page[Person] = pages.page(session, staff, paging, key=Person.id, to=lambda person: person)
    ids = [person.id for person in page.items]
    statuses = dict(session.exec(select(Person.id, is_at).where(col(Person.id).in_(ids))).all())
    accepted = select(Acknowledgement, Version.number).join(Version, col(Version.id) == col(Acknowledgement.version_id))
    accepted = accepted.where(col(Version.id).in_(counting), col(Acknowledgement.person).in_(ids))
    rows = {
        row.person: (row, accepted_number)
        for row, accepted_number in session.exec(accepted.order_by(col(Version.number)))
    }
    due = due_dates(session, policy, ids)
    items = []
    for person in page.items:
        row, accepted_number = rows.get(person.id, (None, None))
        items.append(
            StandingOut(
                **person.model_dump(include={"employee_number", "name", "department"}),
                policy=policy.key,
                version=number,
                status=statuses[person.id],
                accepted_version=accepted_number,
                acknowledged_at=row.acknowledged_at if row else None,
                receipt=row.id if row else None,
                due_at=due.get(person.id),
            )
        )
    return Page(items=items, next_cursor=page.next_cursor)


def due_dates(session: Session, policy: Policy, persons: list[str]) -> dict[str, datetime]:
    """Return by when open campaigns of a policy ask these people, the earliest first; who need not is not in it."""
    asked = select(Asked.person, func.min(Asked.due_at)).join(Campaign, col(Campaign.id) == col(Asked.campaign_id))
    asked = asked.where(Campaign.policy_id == policy.id, Campaign.state == "open", col(Asked.person).in_(persons))
    return dict(session.exec(asked.where(col(Asked.exempt).is_(None)).group_by(col(Asked.person))).all())


def prove(session: Session, acknowledgement: str, service: str) -> ProofOfAcknowledgement:
    """Return what proves an acknowledgement offline, to the person and to who may read people.

    Raises NotFound, also for somebody else's, or NotSealedYet in its first second.
    """
    rows = (
        select(Acknowledgement, Version, Policy, Person)
        .join(Version, col(Version.id) == col(Acknowledgement.version_id))
        .join(Policy, col(Policy.id) == col(Version.policy_id))
        .join(Person, col(Person.id) == col(Acknowledgement.person))
    )
    found = session.exec(rows.where(Acknowledgement.id == acknowledgement, *people.visible(session))).first()
    if found is None:
        raise NotFound(f"There is no acknowledgement {acknowledgement}.")
    row, version, policy, person = found
    entry = row.evidence["entry"]
    return ProofOfAcknowledgement(
        receipt=ReceiptOut.of(row, policy, version, person),
        proof=evidence.proof(session, service, entry),
        salt=evidence.salt_of(session, entry),
    )
