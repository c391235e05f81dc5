"""Moving a person who is learning from their version of a course to the one in force: what did not change stays done."""

from sqlmodel import col, delete, select

from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses
from services.training.schemas.courses import AnyModule
from services.training.schemas.enrolments import EnrolmentOut
from services.training.schemas.learning import VersionChangeIn
from services.training.tables import Attempt, ModuleDone, ScenarioRun, TaskSubmission
from shared.db import Session
from shared.evidence import record
from shared.problems import Conflict

TEACHES_NOTHING = {"minutes", "requires", "opens", "due_days"}
"""Fields whose change does not make a module another one."""


class NoNewerVersion(Conflict):
    """The person is on the version in force, or the one named is not in force."""


class WorkUnderWay(Conflict):
    """A sitting, a run or something handed in is open; finish it first."""


def move(session: Session, enrolment: str, body: VersionChangeIn) -> EnrolmentOut:
    """Put an enrolment on the version in force.

    Raises NotFound, CourseDone, NoNewerVersion or WorkUnderWay.
    """
    row, person = enrolments.take(session, enrolment)
    if row.completed_at is not None:
        raise enrolments.CourseDone
    course = courses.load(session, row.course)
    if course.version == row.version or body.version not in {None, course.version}:
        raise NoNewerVersion(f"The version in force is {course.version}, the person is on {row.version}.")
    refuse_under_way(session, row.id)
    before = {module.key: module for module in courses.modules_of(session, row.course, row.version)}
    after = courses.modules_of(session, row.course, course.version)
    changed = [module.key for module in after if module.key in before and differs(before[module.key], module)]
    gone = [key for key in before if key not in {module.key for module in after}]
    session.exec(
        delete(ModuleDone).where(col(ModuleDone.enrolment) == row.id, col(ModuleDone.module).in_(changed + gone))
    )
    row.anew = {**row.anew, **dict.fromkeys(changed + gone, session.now.isoformat())}
    row.version = course.version
    session.add(row)
    record(session, "enrolment.moved", f"enrolment/{row.id}/{row.version}", person=row.person)
    enrolments.complete_if_done(session, row)
    return enrolments.out(session, row, person)


def differs(before: AnyModule, after: AnyModule) -> bool:
    """Say whether a module teaches or asks something else than before."""
    return before.kind != after.kind or before.model_dump(exclude=TEACHES_NOTHING) != after.model_dump(
        exclude=TEACHES_NOTHING
    )


def refuse_under_way(session: Session, enrolment: str) -> None:
    """Raise WorkUnderWay for what could not be finished on another version."""
    open_now = (
        select(Attempt.id).where(Attempt.enrolment == enrolment, col(Attempt.submitted_at).is_(None)),
        select(ScenarioRun.id).where(ScenarioRun.enrolment == enrolment, col(ScenarioRun.finished_at).is_(None)),
        select(TaskSubmission.id).where(TaskSubmission.enrolment == enrolment, TaskSubmission.state == "submitted"),
    )
    if any(session.exec(query).first() is not None for query in open_now):
        raise WorkUnderWay
