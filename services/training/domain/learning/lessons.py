"""Lessons and policy readings: done when they were read, a reading with the hashes of what it showed."""

from services.training.domain.learning import enrolments, readings
from services.training.domain.relearning import delta_queue
from services.training.domain.teaching import courses
from services.training.schemas.enrolments import EnrolmentOut
from services.training.schemas.learning import ReadingIn
from services.training.schemas.modules import Lesson, PolicyReading
from services.training.tables import Enrolment
from shared.db import Session
from shared.problems import Conflict, NotFound


class PolicyChanged(Conflict):
    """Another version of the policy came into force; read it again."""


class NothingToRead(Conflict):
    """The version in force has none of the sections that this module is bound to; it waits for a new course version."""


def read_lesson(session: Session, enrolment: str, module: str) -> EnrolmentOut:
    """Note that a lesson was read; reading it again changes nothing. Raises NotFound or ModuleLocked."""
    row, person = enrolments.take(session, enrolment)
    if not any(
        isinstance(one, Lesson) and one.key == module for one in courses.modules_of(session, row.course, row.version)
    ):
        raise NotFound(f"The course has no lesson {module}.")
    enrolments.refuse_locked(session, row, module)
    enrolments.module_done(session, row, module, "lesson.read")
    return enrolments.out(session, row, person)


def read_policy(session: Session, enrolment: str, module: str, body: ReadingIn) -> EnrolmentOut:
    """Note that sections of a policy were read, with their hashes.

    Raises NotFound, ModuleLocked, PolicyChanged or NothingToRead.
    """
    row, person = enrolments.take(session, enrolment)
    reading = reading_of(session, row, module)
    enrolments.refuse_locked(session, row, module)
    number = readings.in_force(session, [reading.policy])[reading.policy]
    if body.version is not None and body.version != number:
        raise PolicyChanged(f"The version {number} of {reading.policy} is in force now.")
    found = readings.sections(session, reading.policy, number, reading.sections)
    if not found:
        raise NothingToRead
    read = [{"section": section.section, "hash": section.hash} for section in found]
    details: dict[str, object] = {"policy": reading.policy, "version": number, "sections": read}
    enrolments.module_done(session, row, module, "policy.read", details)
    delta_queue.look_at(session, [row.person])
    return enrolments.out(session, row, person)


def reading_of(session: Session, row: Enrolment, module: str) -> PolicyReading:
    """Return a policy reading of an enrolment; raises NotFound."""
    for one in courses.modules_of(session, row.course, row.version):
        if isinstance(one, PolicyReading) and one.key == module:
            return one
    raise NotFound(f"The course has no policy reading {module}.")
