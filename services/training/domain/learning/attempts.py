"""Sittings of a quiz: drawn and graded here; the right answers never leave the server before the end."""

import math
from collections import Counter
from datetime import timedelta

from sqlmodel import col, select

from services.training.domain.learning import accommodations, drawing, enrolments, progress, sittings
from services.training.domain.learning.drawing import Candidate
from services.training.domain.learning.sheets import Sheet, item_out, kept_quiz, sheets_of
from services.training.domain.learning.sitting_times import give_time
from services.training.domain.learning.sittings import of_quiz
from services.training.domain.teaching import courses, questions
from services.training.schemas.attempts import AttemptIn, AttemptOut, ResultOut
from services.training.schemas.quizzes import Quiz
from services.training.tables import Attempt, Enrolment
from shared.db import Session
from shared.evidence import record
from shared.problems import Conflict, NotFound

NEVER = "never"


class AttemptOpen(Conflict):
    """A sitting of this quiz is open; go on with it."""


class NoQuizLeft(Conflict):
    """Every quiz of this course is passed."""


class NoAttemptLeft(Conflict):
    """All sittings that this quiz allows were used; ask whoever runs the course for another."""


class CoolingDown(Conflict):
    """The quiz can be sat again only some time after a sitting that was not passed."""

    passes = True


def start(session: Session, enrolment: str, body: AttemptIn) -> AttemptOut:
    """Draw a sitting.

    Raises NotFound, CourseDone, NoQuizLeft, AttemptOpen, ModuleLocked, NoAttemptLeft, CoolingDown or
    questions.NotEnoughQuestions.
    """
    row, _ = enrolments.take(session, enrolment)
    if row.completed_at is not None:
        raise enrolments.CourseDone
    sittings.close_overdue(session, row.id)
    quiz = choose(session, row, body.module)
    refuse_too_soon(session, row, quiz)
    attempt = Attempt(
        enrolment=row.id,
        module=quiz.key,
        version=row.version,
        items=[],
        started_at=session.now,
        time_limit=quiz.time_limit_minutes,
    )
    give_time(attempt, accommodations.factor(session, row.person))
    sheets = lay_out(session, row.course, quiz, draw(session, row, quiz))
    attempt.items = [sheet.item.model_dump() for sheet in sheets]
    session.add(attempt)
    session.flush()
    record(session, "attempt.started", f"attempt/{attempt.id}", person=row.person)
    return out(session, attempt, row, quiz.attempts, quiz.review, sheets)


def lay_out(session: Session, course: str, quiz: Quiz, drawn: list[Candidate]) -> list[Sheet]:
    """Return the questions that were drawn as this sitting shows them."""
    own = {question.key: question for question in quiz.questions}
    banked = questions.read(session, course, [one for one in drawn if one.version is not None])
    asked = [(own[one.key] if one.version is None else banked[one.key], one.version) for one in drawn]
    return [Sheet(drawing.lay_out(question, version), question) for question, version in asked]


def choose(session: Session, row: Enrolment, module: str | None) -> Quiz:
    """Return the quiz to sit: the one named, else the first that is open and not passed."""
    version = courses.version_of(session, row.course, row.version)
    quizzes = {one.key: one for one in version.modules if isinstance(one, Quiz)}
    if module is not None and module not in quizzes:
        raise NotFound(f"The course has no quiz {module}.")
    ahead = [one for one in progress.of(session, row, version) if one.key in quizzes and not one.done]
    waiting = sorted((one for one in ahead if module in {None, one.key}), key=lambda one: one.state == "locked")
    if not waiting:
        raise NoQuizLeft
    if waiting[0].state == "locked":
        enrolments.refuse_locked(session, row, waiting[0].key)
    if waiting[0].open_attempt is not None:
        raise AttemptOpen(f"The sitting {waiting[0].open_attempt} is open; go on with it.")
    return quizzes[waiting[0].key]


def refuse_too_soon(session: Session, row: Enrolment, quiz: Quiz) -> None:
    """Raise NoAttemptLeft, or CoolingDown with the time from which the quiz can be sat again."""
    if sittings.left(session, row, quiz.key, quiz.attempts) == 0:
        raise NoAttemptLeft
    if not quiz.cool_down_minutes:
        return
    ended = select(Attempt.submitted_at).where(*of_quiz(row, quiz.key), col(Attempt.submitted_at).is_not(None))
    last = session.exec(ended.order_by(col(Attempt.submitted_at).desc()).limit(1)).first()
    if last is None:
        return
    available_at = last + timedelta(minutes=quiz.cool_down_minutes)
    wait = available_at - session.now
    if wait > timedelta():
        raise CoolingDown(
            f"The quiz can be sat again at {available_at.isoformat()}.",
            retry_after=math.ceil(wait.total_seconds()),
            extra={"available_at": available_at.isoformat()},
        )


def draw(session: Session, row: Enrolment, quiz: Quiz) -> list[Candidate]:
    """Draw the questions of a sitting, those first that the person had in the fewest sittings of this quiz."""
    there = (
        questions.candidates(session, row.course, quiz.draws)
        if quiz.draws
        else [Candidate.of(question) for question in quiz.questions]
    )
    had = (
        select(Attempt.items)
        .join(Enrolment, col(Enrolment.id) == col(Attempt.enrolment))
        .where(Enrolment.person == row.person, Enrolment.course == row.course, Attempt.module == quiz.key)
    )
    seen = Counter(item["question"] for items in session.exec(had) for item in items)
    drawn = drawing.pick(quiz, there, seen)
    if len(drawn) < (quiz.draw or 0):
        raise questions.NotEnoughQuestions
    return drawn


def submit(session: Session, attempt: str) -> ResultOut:
    """Grade a sitting and, with its last module, complete the course; submitted again it answers the same.

    One whose time has run out is graded by what was saved before. Raises NotFound.
    """
    row, enrolment = sittings.take(session, attempt)
    if row.result is not None:
        return ResultOut.model_validate(row.result)
    return sittings.close(session, row, enrolment)


def get(session: Session, attempt: str) -> AttemptOut:
    """Return a sitting with what was answered so far, or its result; raises NotFound."""
    row, enrolment = sittings.load(session, attempt, "training:read")
    kept = kept_quiz(session, row, enrolment.course)
    sheets = sheets_of(session, row, enrolment.course, kept)
    return out(session, row, enrolment, kept.get("attempts"), kept.get("review", NEVER), sheets)


def out(
    session: Session, row: Attempt, enrolment: Enrolment, allowed: int | None, review: str, sheets: list[Sheet]
) -> AttemptOut:
    """Return a sitting as the person sees it."""
    left = sittings.left(session, enrolment, row.module, allowed)
    solved = may_review(session, row, enrolment, review, left)
    facts = {"id", "enrolment", "module", "started_at", "deadline", "closes_at", "time_factor", "submitted_at"}
    return AttemptOut(
        **row.model_dump(include=facts),
        attempts_left=left,
        items=[item_out(one, solved=solved) for one in sheets],
        result=ResultOut.model_validate(row.result) if row.result is not None else None,
    )


def may_review(session: Session, row: Attempt, enrolment: Enrolment, review: str, left: int | None) -> bool:
    """Tell whether the right answers may be seen: once the quiz is passed, or after the last sitting where that will do."""
    if review == NEVER or row.submitted_at is None:
        return False
    sat = session.exec(select(Attempt.submitted_at, Attempt.passed).where(*of_quiz(enrolment, row.module))).all()
    if any(submitted_at is None for submitted_at, _ in sat):
        return False
    return any(passed for _, passed in sat) or (review == "after_last_attempt" and left == 0)
