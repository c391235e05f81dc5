"""Sittings of a quiz: drawn, shuffled and graded here; the right answers never leave the server before the end."""

import secrets

from sqlmodel import col, select

from services.training.domain import courses, enrolments
from services.training.schemas.courses import Lesson
from services.training.schemas.enrolments import (
    AnswerIn,
    AttemptIn,
    AttemptOut,
    DrawnItem,
    DrawnOption,
    ItemOut,
    ItemResult,
    OptionOut,
    ResultOut,
)
from services.training.schemas.quizzes import Question, Quiz
from services.training.tables import Answer, Attempt, Enrolment
from shared.db import Session, insert
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.problems import Conflict, FieldError, Invalid, NotFound

DICE = secrets.SystemRandom()


class AttemptOpen(Conflict):
    """A sitting of this quiz is open; go on with it."""


class AttemptClosed(Conflict):
    """The sitting was submitted; its answers do not change any more."""


class NoQuizLeft(Conflict):
    """Every quiz of this course is passed."""


class NotAnOption(Invalid):
    """The answer does not fit the question."""


def start(session: Session, enrolment: str, body: AttemptIn) -> AttemptOut:
    """Draw a sitting; raises NotFound, CourseDone, NoQuizLeft, or AttemptOpen when there is one to go on with."""
    row, _ = enrolments.take(session, enrolment)
    if row.completed_at is not None:
        raise enrolments.CourseDone
    quiz = choose(session, row, body.module)
    attempt = Attempt(
        enrolment=row.id, module=quiz.key, items=[item.model_dump() for item in draw(quiz)], started_at=session.now
    )
    session.add(attempt)
    return out(attempt, quiz, {})


def choose(session: Session, row: Enrolment, module: str | None) -> Quiz:
    """Return the quiz to sit: the one named, else the first that is not passed."""
    quizzes = {one.key: one for one in courses.modules_of(session, row.course, row.version) if isinstance(one, Quiz)}
    if module is not None and module not in quizzes:
        raise NotFound(f"The course has no quiz {module}.")
    waiting = [
        one
        for one in enrolments.progress(session, row)
        if one.key in quizzes and not one.done and module in {None, one.key}
    ]
    if not waiting:
        raise NoQuizLeft
    if waiting[0].open_attempt is not None:
        raise AttemptOpen(f"The sitting {waiting[0].open_attempt} is open; go on with it.")
    return quizzes[waiting[0].key]


def draw(quiz: Quiz) -> list[DrawnItem]:
    """Draw questions from the bank, in random order, with options in random order under ids that say nothing."""
    return [
        DrawnItem(
            id=new_id(),
            question=question.key,
            options=[
                DrawnOption(id=secrets.token_hex(8), index=index)
                for index in DICE.sample(range(len(question.options)), len(question.options))
            ],
        )
        for question in DICE.sample(quiz.questions, quiz.draw)
    ]


def answer(session: Session, attempt: str, item: str, body: AnswerIn) -> ItemOut:
    """Keep the options chosen for a question, over those chosen before; raises NotFound, AttemptClosed or NotAnOption."""
    row, quiz = take(session, attempt)
    if row.submitted_at is not None:
        raise AttemptClosed
    drawn = next((one for one in items_of(row) if one.id == item), None)
    if drawn is None:
        raise NotFound("The sitting has no such question.")
    question = question_of(quiz, drawn)
    chosen = sorted(set(body.options))
    if not {option.id for option in drawn.options}.issuperset(chosen):
        raise NotAnOption(errors=[FieldError(pointer="/options", detail="not an option of this question")])
    if question.kind != "multiple" and len(chosen) > 1:
        raise NotAnOption(errors=[FieldError(pointer="/options", detail="this question takes one answer")])
    kept = insert(session, Answer.__table__).values(attempt=row.id, item=item, options=chosen)  # type: ignore[attr-defined]
    session.execute(
        kept.on_conflict_do_update(index_elements=["attempt", "item"], set_={"options": kept.excluded.options})
    )
    return item_out(drawn, question, chosen)


def submit(session: Session, attempt: str) -> ResultOut:
    """Grade a sitting and, with its last module, complete the course; submitted again it answers the same. Raises NotFound."""
    row, quiz = take(session, attempt)
    if row.result is not None:
        return ResultOut.model_validate(row.result)
    chosen = answers_of(session, row.id)
    results = [grade(one, question_of(quiz, one), set(chosen.get(one.id, []))) for one in items_of(row)]
    score = sum(result.correct for result in results) / len(results)
    row.submitted_at = session.now
    row.passed = score >= quiz.pass_mark
    result = ResultOut(
        id=row.id, enrolment=row.enrolment, score=score, passed=row.passed, submitted_at=session.now, items=results
    )
    row.result = result.model_dump(mode="json")
    session.add(row)
    session.flush()
    enrolment, person = enrolments.load(session, row.enrolment, "training:write")
    record(session, "attempt.graded", f"attempt/{row.id}", content_hash=digest_of(result), person=person.id)
    enrolments.complete_if_done(session, enrolment)
    return result


def grade(item: DrawnItem, question: Question, chosen: set[str]) -> ItemResult:
    """Grade one question: right when exactly the correct options were chosen."""
    correct = {option.id for option in item.options if question.options[option.index].correct}
    feedback = [question.options[option.index].feedback for option in item.options if option.id in chosen]
    return ItemResult(
        id=item.id, correct=chosen == correct, feedback=" ".join(text for text in feedback if text) or None
    )


def get(session: Session, attempt: str) -> AttemptOut:
    """Return a sitting with what was chosen so far, or its result; raises NotFound."""
    row, quiz = load(session, attempt, "training:read")
    return out(row, quiz, answers_of(session, row.id))


def take(session: Session, attempt: str) -> tuple[Attempt, Quiz]:
    """Return a sitting for a change, under its enrolment's lock; raises NotFound."""
    row, quiz = load(session, attempt, "training:write")
    enrolments.take(session, row.enrolment)
    session.refresh(row)
    return row, quiz


def load(session: Session, attempt: str, scope: str) -> tuple[Attempt, Quiz]:
    """Return a sitting that the caller may reach, with its quiz; raises NotFound."""
    row = session.get(Attempt, attempt)
    if row is None:
        raise NotFound("There is no such sitting, or it is someone else's.")
    enrolment, _ = enrolments.load(session, row.enrolment, scope)
    modules = courses.modules_of(session, enrolment.course, enrolment.version)
    return row, next(one for one in modules if not isinstance(one, Lesson) and one.key == row.module)


def answers_of(session: Session, attempt: str) -> dict[str, list[str]]:
    """Return the options chosen so far, by item."""
    rows = session.exec(select(Answer).where(col(Answer.attempt) == attempt))
    return {row.item: row.options for row in rows}


def items_of(row: Attempt) -> list[DrawnItem]:
    """Return the questions drawn for a sitting."""
    return [DrawnItem.model_validate(item) for item in row.items]


def question_of(quiz: Quiz, item: DrawnItem) -> Question:
    """Return the question of the bank that was drawn."""
    return next(question for question in quiz.questions if question.key == item.question)


def out(row: Attempt, quiz: Quiz, chosen: dict[str, list[str]]) -> AttemptOut:
    """Return a sitting as the person sees it."""
    return AttemptOut(
        **row.model_dump(include={"id", "enrolment", "module", "started_at", "submitted_at"}),
        items=[item_out(item, question_of(quiz, item), chosen.get(item.id, [])) for item in items_of(row)],
        result=ResultOut.model_validate(row.result) if row.result is not None else None,
    )


def item_out(item: DrawnItem, question: Question, chosen: list[str]) -> ItemOut:
    """Return a question without what is right."""
    options = [OptionOut(id=option.id, text=question.options[option.index].text) for option in item.options]
    return ItemOut(id=item.id, kind=question.kind, text=question.text, options=options, chosen=chosen)
