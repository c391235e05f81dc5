"""How far a person is in a course: which modules are done, open or locked, and what to go on with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from services.training.domain.learning import opening, readings
from services.training.domain.teaching import courses, wording
from services.training.schemas.courses import AnyModule, CourseVersionOut
from services.training.schemas.enrolments import Lock, ModuleProgress
from services.training.schemas.modules import PolicyReading
from services.training.tables import Attempt, Completion, Enrolment, ModuleDone, ScenarioRun, TaskSubmission
from shared.db import Session


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is under way, by module: an open sitting, an open run of a scenario, the last thing handed in."""

    attempts: Mapping[str, str]
    runs: Mapping[str, str]
    submissions: Mapping[str, str]


def of(
    session: Session, row: Enrolment, version: CourseVersionOut | None = None, locale: str | None = None
) -> list[ModuleProgress]:
    """Return the modules of an enrolment in their order, in the best language for who asks."""
    version = version or courses.version_of(session, row.course, row.version)
    done = done_at(session, row)
    standing = standing_of(session, row, version, done)
    locked = opening.locks(version.modules, standing)
    open_now = under_way(session, row)

    def shown(module: AnyModule) -> ModuleProgress:
        because = locked[module.key]
        is_done = module.key in done
        return ModuleProgress.model_validate(
            {
                **wording.module_out(wording.worded(version, module, locale)).model_dump(),
                "state": "done" if is_done else "locked" if because else "open",
                "done": is_done,
                "done_at": done.get(module.key),
                "locked_by": because,
                "opens_at": opening.opens_at(because),
                "due_at": row.created_at + timedelta(days=module.due_days) if module.due_days else None,
                "open_attempt": open_now.attempts.get(module.key),
                "open_run": open_now.runs.get(module.key),
                "submission": open_now.submissions.get(module.key),
            }
        )

    return [shown(module) for module in version.modules]


def why_locked(session: Session, row: Enrolment, module: str) -> list[Lock]:
    """Return why a module of an enrolment cannot be begun yet; nothing for one that is open or done."""
    version = courses.version_of(session, row.course, row.version)
    standing = standing_of(session, row, version, done_at(session, row))
    return opening.locks(version.modules, standing).get(module, [])


def standing_of(
    session: Session, row: Enrolment, version: CourseVersionOut, done: Mapping[str, datetime]
) -> opening.Standing:
    """Return all that decides which modules are open."""
    missing: list[str] = []
    if version.prerequisites:
        asked = select(Completion.course).where(
            Completion.person == row.person, col(Completion.course).in_(version.prerequisites)
        )
        had = set(session.exec(asked))
        missing = [course for course in version.prerequisites if course not in had]
    read = {module.policy for module in version.modules if isinstance(module, PolicyReading)}
    return opening.Standing(
        row.created_at, session.now, done, missing, frozenset(readings.in_force(session, read)) if read else frozenset()
    )


def done_at(session: Session, row: Enrolment) -> dict[str, datetime]:
    """Return which modules are done, and since when: a quiz with the first sitting that was passed."""
    done = dict(session.exec(select(ModuleDone.module, ModuleDone.done_at).where(ModuleDone.enrolment == row.id)).all())
    passed = select(Attempt.module, Attempt.submitted_at).where(
        Attempt.enrolment == row.id, col(Attempt.passed).is_(True)
    )
    sat = session.exec(passed.order_by(col(Attempt.submitted_at).desc())).all()
    return done | {module: at for module, at in sat if at is not None and at.isoformat() >= row.anew.get(module, "")}


def under_way(session: Session, row: Enrolment) -> UnderWay:
    """Return what is open, by module."""
    attempts = select(Attempt.module, Attempt.id).where(Attempt.enrolment == row.id)
    runs = select(ScenarioRun.module, ScenarioRun.id).where(ScenarioRun.enrolment == row.id)
    handed_in = select(TaskSubmission.module, TaskSubmission.id).where(TaskSubmission.enrolment == row.id)
    return UnderWay(
        dict(session.exec(attempts.where(col(Attempt.submitted_at).is_(None))).all()),
        dict(session.exec(runs.where(col(ScenarioRun.finished_at).is_(None))).all()),
        dict(session.exec(handed_in.order_by(TaskSubmission.id)).all()),
    )


def next_of(modules: Iterable[ModuleProgress]) -> str | None:
    """Return the module to go on with: the first that is open and not done."""
    return next((module.key for module in modules if module.state == "open"), None)
