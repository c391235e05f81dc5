"""What people know of what changed: versions that they accepted, sections that they read, courses that they completed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from services.training.domain.learning.moves import differs
from services.training.domain.relearning.section_changes import Known, Wording, changed
from services.training.domain.teaching import courses
from services.training.tables import (
    Acknowledgement,
    Certificate,
    Completion,
    CourseVersion,
    Enrolment,
    ModuleDone,
    PolicyVersion,
)
from shared.db import Session


@dataclass(slots=True)
class Learnt:
    """What one person accepted (versions by policy), read (by policy and section) and completed (versions by course)."""

    accepted: dict[str, set[int]] = field(default_factory=dict)
    read: dict[tuple[str, str], set[Known]] = field(default_factory=dict)
    completed: dict[str, int] = field(default_factory=dict)

    def knows(self, policy: str, section: str, history: Sequence[Wording]) -> tuple[Known, str] | None:
        """Return as what, and how, somebody knows a section well enough, if they do."""
        hashes = {one.number: one.hashes[section] for one in history if section in one.hashes}
        accepted = {Known(number, hashes[number]) for number in self.accepted.get(policy, ()) if number in hashes}
        for how, known in (("accepted", accepted), ("read", self.read.get((policy, section), set()))):
            enough = [one for one in known if changed(section, one, history) is None]
            if enough:
                return max(enough), how
        return None


def histories(session: Session, policies: Iterable[str]) -> dict[str, list[Wording]]:
    """Return the versions of policies that came into force, in order."""
    query = (
        select(PolicyVersion)
        .where(col(PolicyVersion.policy).in_(set(policies)), col(PolicyVersion.effective_at) <= session.now)
        .order_by(col(PolicyVersion.policy), col(PolicyVersion.version))
    )
    found: dict[str, list[Wording]] = {}
    for row in session.exec(query):
        hashes = {section["id"]: section["hash"] for section in row.sections}
        found.setdefault(row.policy, []).append(Wording(row.version, row.material, hashes))
    return found


def of_people(session: Session, people: Sequence[str]) -> dict[str, Learnt]:
    """Return what people learnt, by their ids."""
    found = {person: Learnt() for person in people}
    for row in session.exec(select(Acknowledgement).where(col(Acknowledgement.person).in_(people))):
        found[row.person].accepted.setdefault(row.policy, set()).add(row.version)
    read = (
        select(Enrolment.person, ModuleDone.details)
        .join(ModuleDone, col(ModuleDone.enrolment) == col(Enrolment.id))
        .where(col(Enrolment.person).in_(people), col(ModuleDone.details).is_not(None))
    )
    for person, details in session.execute(read):
        for section in details.get("sections", ()):
            known = Known(details["version"], section["hash"])
            found[person].read.setdefault((details["policy"], section["section"]), set()).add(known)
    complete(session, people, found)
    return found


def complete(session: Session, people: Sequence[str], found: Mapping[str, Learnt]) -> None:
    """Add the newest version of each course that people completed; what was learnt elsewhere is as of its time."""
    here = select(Enrolment.person, Enrolment.course, Enrolment.version)
    done = here.where(col(Enrolment.person).in_(people), col(Enrolment.completed_at).is_not(None))
    for person, course, version in session.exec(done):
        newest(found[person].completed, course, version)
    elsewhere = select(Completion).where(
        col(Completion.person).in_(people), col(Completion.version).is_(None), col(Completion.course).is_not(None)
    )
    rows = session.exec(elsewhere).all()
    published = publications(session, {row.course or "" for row in rows})
    for row in rows:
        numbers = [number for number, at in published.get(row.course or "", ()) if at <= row.completed_at]
        newest(found[row.person].completed, row.course or "", max(numbers, default=1))


def newest(completed: dict[str, int], course: str, version: int) -> None:
    """Keep the newest version."""
    completed[course] = max(version, completed.get(course, 0))


def publications(session: Session, keys: Iterable[str]) -> dict[str, list[tuple[int, datetime]]]:
    """Return when the versions of courses came into force, in order."""
    query = select(CourseVersion.course, CourseVersion.number, CourseVersion.published_at).where(
        col(CourseVersion.course).in_(set(keys)), col(CourseVersion.published_at).is_not(None)
    )
    found: dict[str, list[tuple[int, datetime]]] = {}
    for course, number, at in session.exec(query.order_by(col(CourseVersion.number))):
        if at is not None:
            found.setdefault(course, []).append((number, at))
    return found


def changed_modules(session: Session, course: str, known: int, now: int) -> list[str]:
    """Return the modules of a version that are new, or teach or ask something else than a version that is known."""
    before = {module.key: module for module in courses.modules_of(session, course, known)}
    after = courses.modules_of(session, course, now)
    return [module.key for module in after if module.key not in before or differs(before[module.key], module)]


def covers(row: Certificate) -> set[str]:
    """Return the policies that a certificate covers."""
    return {section["policy"] for section in row.sections}
