"""The life of a sitting: who may reach it, how long it lasts, and that it is graded exactly once."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Literal

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from services.training.domain import access
from services.training.domain.learning import enrolments, grading
from services.training.domain.learning.sheets import Sheet, kept_of, kept_quiz, response_of, sheets_of
from services.training.domain.learning.sitting_times import is_over
from services.training.domain.teaching import courses
from services.training.schemas.attempts import ExtraAttemptsIn, ExtraAttemptsOut, ItemResult, OptionFeedback, ResultOut
from services.training.schemas.quizzes import Quiz
from services.training.tables import Attempt, Enrolment, ExtraAttempts, GradedAnswer
from shared.db import Session, insert
from shared.evidence import digest_of, record
from shared.problems import Conflict, NotFound
from shared.set_aside import at_hand, do_each

SWEEP = "overdue sittings"
SWEPT = 20
"""How many sittings are closed in one unit, so that nothing waits long for it."""


class AttemptClosed(Conflict):
    """The sitting was submitted; its answers do not change any more."""


class TimeIsUp(Conflict):
    """The time for this sitting is over; what was saved before counts."""


def take(session: Session, attempt: str) -> tuple[Attempt, Enrolment]:
    """Return a sitting for a change, under its enrolment's lock; raises NotFound or LearningForAnother."""
    row = find(session, attempt)
    enrolment, _ = enrolments.take(session, row.enrolment)
    session.refresh(row)
    return row, enrolment


def load(session: Session, attempt: str, scope: str) -> tuple[Attempt, Enrolment]:
    """Return a sitting that the caller may reach, with its enrolment; raises NotFound."""
    row = find(session, attempt)
    enrolment, _ = enrolments.load(session, row.enrolment, scope)
    return row, enrolment


def find(session: Session, attempt: str) -> Attempt:
    """Return a sitting, whosever it is; raises NotFound."""
    row = session.get(Attempt, attempt)
    if row is None:
        raise NotFound("There is no such sitting, or it is someone else's.")
    return row


def refuse_closed(session: Session, row: Attempt) -> None:
    """Raise AttemptClosed or TimeIsUp when answers are no longer taken."""
    if row.submitted_at is not None:
        raise AttemptClosed
    if is_over(row, session.now):
        raise TimeIsUp


def close_overdue(session: Session, enrolment: str | None = None) -> None:
    """Grade sittings whose time has run out by what was saved: of one enrolment, which is locked, or some of all."""
    # By their enrolments: a sitting without one could not be graded, and would have all others wait for it.
    of_enrolments = select(Attempt.id).join(Enrolment, col(Enrolment.id) == col(Attempt.enrolment))
    overdue = of_enrolments.where(col(Attempt.submitted_at).is_(None), col(Attempt.closes_at) <= session.now)
    if enrolment is not None:
        mine = session.exec(overdue.where(Attempt.enrolment == enrolment).order_by(col(Attempt.closes_at)).limit(SWEPT))
        close_if_over(session, mine.all())
        return
    found = overdue.where(at_hand(session, SWEEP, col(Attempt.id))).order_by(col(Attempt.closes_at)).limit(SWEPT)
    do_each(session, SWEEP, list(session.exec(found)), partial(close_if_over, session))


def close_if_over(session: Session, sittings: Iterable[str]) -> None:
    """Grade sittings that are open still, though their time has run out."""
    for sitting in sittings:
        row, locked = take(session, sitting)
        if row.submitted_at is None and is_over(row, session.now):
            close(session, row, locked)


def close(session: Session, row: Attempt, enrolment: Enrolment) -> ResultOut:
    """Grade an open sitting and, with its last module, complete the course; the enrolment is locked."""
    quiz = kept_quiz(session, row, enrolment.course)
    sheets = sheets_of(session, row, enrolment.course, quiz)
    responses = [response_of(sheet) for sheet in sheets]
    credits_ = [grading.credit(sheet.question, given) for sheet, given in zip(sheets, responses, strict=True)]
    points = [sheet.question.points for sheet in sheets]
    score = sum((share * out_of for share, out_of in zip(credits_, points, strict=True)), grading.NOTHING) / sum(points)
    ended: Literal["submitted", "expired"] = "expired" if is_over(row, session.now) else "submitted"
    row.submitted_at = row.closes_at if ended == "expired" else session.now
    row.passed = score >= Fraction(repr(quiz["pass_mark"]))
    result = ResultOut(
        id=row.id,
        enrolment=row.enrolment,
        score=float(score),
        passed=row.passed,
        submitted_at=row.submitted_at or session.now,
        ended=ended,
        items=[result_of(*one) for one in zip(sheets, responses, credits_, strict=True)],
    )
    row.result = result.model_dump(mode="json")
    session.add(row)
    keep_for_analysis(session, row, enrolment, zip(sheets, responses, credits_, strict=True))
    session.flush()
    record(session, "attempt.graded", f"attempt/{row.id}", content_hash=digest_of(result), person=enrolment.person)
    if row.passed:
        enrolments.complete_if_done(session, enrolment)
    return result


def keep_for_analysis(
    session: Session, row: Attempt, enrolment: Enrolment, graded: Iterable[tuple[Sheet, grading.Response, Fraction]]
) -> None:
    """Keep what became of each question, for looking at how good it is."""
    first = is_first(session, row, enrolment)
    rows = [
        {
            "attempt": row.id,
            "item": sheet.item.id,
            "course": enrolment.course,
            "module": row.module,
            "question": sheet.item.question,
            "version": sheet.item.version or row.version,
            "bank": sheet.item.version is not None,
            "first": first,
            "given": kept_of(given),
            "earned": float(share),
            "points": sheet.question.points,
            "graded_at": session.now,
        }
        for sheet, given, share in graded
    ]
    session.execute(insert(session, GradedAnswer.__table__), rows)  # type: ignore[attr-defined]


def result_of(sheet: Sheet, given: grading.Response, share: Fraction) -> ItemResult:
    """Return how one question went, with what is said to whoever answered like that."""
    ids = {option.index: option.id for option in sheet.item.options}
    by_option = grading.said_of_options(sheet.question, given)
    said = [*by_option.values(), *grading.said(sheet.question, given)]
    return ItemResult(
        id=sheet.item.id,
        correct=share == grading.ALL,
        points=float(share * sheet.question.points),
        out_of=sheet.question.points,
        feedback=" ".join(said) or None,
        options=[OptionFeedback(id=ids[place], feedback=text) for place, text in by_option.items()],
    )


def is_first(session: Session, row: Attempt, enrolment: Enrolment) -> bool:
    """Tell whether this is the person's first sitting of the quiz, over all their enrolments."""
    before = (
        select(Attempt.id)
        .join(Enrolment, col(Enrolment.id) == col(Attempt.enrolment))
        .where(Enrolment.person == enrolment.person, Enrolment.course == enrolment.course)
        .where(Attempt.module == row.module, col(Attempt.started_at) < row.started_at)
    )
    return session.exec(before.limit(1)).first() is None


def left(session: Session, enrolment: Enrolment, module: str, allowed: int | None) -> int | None:
    """Return how many more sittings of a quiz an enrolment has, those granted included; none where there is no limit."""
    if allowed is None:
        return None
    granted = session.get(ExtraAttempts, (enrolment.id, module))
    used = session.exec(select(func.count()).where(*of_quiz(enrolment, module))).one()
    return max(allowed + (granted.count if granted else 0) - used, 0)


def of_quiz(enrolment: Enrolment, module: str) -> list[ColumnElement[bool]]:
    """Return the condition on an enrolment's sittings of a quiz: since it has to be sat anew, where that was asked."""
    since = enrolment.anew.get(module)
    anew = [col(Attempt.started_at) >= datetime.fromisoformat(since)] if since is not None else []
    return [col(Attempt.enrolment) == enrolment.id, col(Attempt.module) == module, *anew]


def grant(session: Session, enrolment: str, body: ExtraAttemptsIn) -> ExtraAttemptsOut:
    """Let somebody sit a quiz more often than it allows; raises NotFound or OwnMatter."""
    row, person = enrolments.load(session, enrolment, "training:write")
    access.refuse_own(session, person.id)
    session.refresh(row, with_for_update=True)
    modules = courses.modules_of(session, row.course, row.version)
    quiz = next((one for one in modules if isinstance(one, Quiz) and one.key == body.module), None)
    if quiz is None:
        raise NotFound(f"The course has no quiz {body.module}.")
    granted = session.get(ExtraAttempts, (row.id, quiz.key)) or ExtraAttempts(
        enrolment=row.id, module=quiz.key, count=0
    )
    granted.count += body.count
    session.add(granted)
    session.flush()
    record(session, "attempts.granted", f"enrolment/{row.id}/{quiz.key}", digest_of(body), person.id)
    return ExtraAttemptsOut(
        enrolment=row.id,
        module=quiz.key,
        granted=granted.count,
        attempts_left=left(session, row, quiz.key, quiz.attempts),
    )
