"""A small organisation, straight into the training service's database, for tests of what only storage can show."""

from datetime import timedelta

from sqlmodel import select

from services.training.domain.certification import certifications, facts
from services.training.domain.learning import completions
from services.training.domain.provisioning import import_applying
from services.training.domain.provisioning.import_weighing import Line
from services.training.domain.teaching import courses
from services.training.schemas.certificates import CertificationIn
from services.training.schemas.courses import CourseIn
from services.training.schemas.enrolments import CompletionIn
from services.training.schemas.people import PersonIn
from services.training.tables import Person
from shared.db import Database, Session
from shared.events.policy import AcknowledgementRecordedV1, SectionInForce, VersionInForceV1
from shared.ids import new_id

COURSE = "answering"
POLICY = "social-media"
TIER = "responder"


async def add_people(db: Database, count: int) -> dict[str, str]:
    """Add people E-1, E-2 ... and return their ids by employee number."""
    rows = [Line(number, person(number).model_dump(exclude_unset=True)) for number in range(1, count + 1)]
    for start in range(0, count, 500):
        await db.write(import_applying.apply, 0, rows[start : start + 500])
    return await db.read(ids)


def person(number: int) -> PersonIn:
    """Return the n-th person."""
    email = f"e{number}@x.example"
    return PersonIn(
        employee_number=f"E-{number}", name=f"Person {number}", email=email, department="Support", region="EMEA"
    )


def ids(session: Session) -> dict[str, str]:
    """Return the ids of all people by employee number."""
    return dict(session.exec(select(Person.employee_number, Person.id)).all())


async def define_tier(db: Database, *, policies: tuple[str, ...] = (POLICY,), grace_days: int = 0) -> None:
    """Define a tier of a year that asks for one course and, unless told otherwise, one policy, which is in force."""
    await db.write(courses.create, CourseIn(key=COURSE, title="Answering customers"))
    tier = CertificationIn(
        key=TIER, title="Responder", courses=[COURSE], policies=list(policies), grace_days=grace_days
    )
    await db.write(certifications.create, tier)
    await db.write(bring_into_force, 1)


def bring_into_force(session: Session, version: int, *, material: bool = True, policy: str = POLICY) -> None:
    """Handle the event by which a version of the policy comes into force."""
    told = VersionInForceV1(
        policy=policy,
        version=version,
        title="Social media",
        locale="en",
        effective_at=session.now,
        material=material,
        source="# Be kind",
        sections=[SectionInForce(id="be-kind", heading="Be kind", hash=f"hash-{version}")],
        rules=[],
    )
    facts.keep_version(session, told)


def complete(session: Session, employee_number: str, *, days_ago: float = 0) -> None:
    """Record that a person completed the course elsewhere."""
    at = session.now - timedelta(days=days_ago)
    completions.add(
        session, CompletionIn(employee_number=employee_number, course=COURSE, completed_at=at, source="lms")
    )


def acknowledge(session: Session, person_id: str, *, version: int = 1, policy: str = POLICY) -> None:
    """Handle the event by which a person accepted a version of the policy."""
    told = AcknowledgementRecordedV1(
        id=new_id(), person=person_id, policy=policy, version=version, acknowledged_at=session.now
    )
    facts.keep_acknowledgement(session, told)
