"""A course's bank as a file of others."""

from collections.abc import Callable, Sequence

from sqlmodel import col, select

from services.training.domain.question_files import aiken, gift_writing, moodle_writing
from services.training.domain.question_files.writing import Written
from services.training.domain.teaching import courses, questions
from services.training.schemas.question_files import QuestionFormat
from services.training.schemas.quizzes import Question
from services.training.tables import BankQuestion, BankQuestionVersion
from shared.db import Session

WRITERS: dict[QuestionFormat, Callable[[Sequence[Question]], Written]] = {
    QuestionFormat.GIFT: gift_writing.write,
    QuestionFormat.AIKEN: aiken.write,
    QuestionFormat.MOODLE_XML: moodle_writing.write,
}
NAMED = 20
"""Keys that a report names."""


def find(session: Session, course: str, tag: str | None) -> list[Question]:
    """Return the questions of a bank that are drawn, in the order in which they were added; raises NotFound."""
    courses.load(session, course)
    query = (
        select(BankQuestionVersion.content)
        .join(BankQuestion, questions.newest())
        .where(BankQuestion.course == course, col(BankQuestion.retired_at).is_(None))
    )
    if tag is not None:
        query = query.where(col(BankQuestion.id).in_(questions.tagged(tag)))
    return [questions.QUESTION.validate_python(one) for one in session.exec(query.order_by(col(BankQuestion.id)))]


def said(written: Written) -> str:
    """Say in a header's words what a file does not tell other systems."""
    parts = [f"written={written.count}"]
    for name, keys in (("changed", written.changed), ("left-out", written.left_out)):
        parts.append(f"{name}={len(keys)}")
        if keys:
            parts.append(f'{name}-keys="{" ".join(keys[:NAMED])}{" ..." if len(keys) > NAMED else ""}"')
    return "; ".join(parts)
