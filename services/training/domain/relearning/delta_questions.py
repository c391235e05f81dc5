"""The questions of a delta: those of the courses' banks that carry the section's id as a tag, a few of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from services.training.domain.learning import answers, drawing, grading
from services.training.domain.learning.sheets import Sheet, contents, item_out, response_of
from services.training.domain.learning.sheets import sheet as put_together
from services.training.domain.teaching.questions import QUESTION, newest
from services.training.schemas.attempts import AnswerIn, DrawnItem, Given, ItemOut, ItemResult, OptionFeedback
from services.training.tables import BankQuestion, BankQuestionTag, BankQuestionVersion
from shared.db import Session
from shared.problems import FieldError, Invalid

MOST = 3


class UnknownItem(Invalid):
    """The answers name a question that is not among those asked."""


def draw(session: Session, courses: Sequence[str], section: str) -> list[dict[str, Any]]:
    """Choose questions about a section and give them ids, as they are kept with a delta."""
    tagged = select(BankQuestionTag.question).where(BankQuestionTag.tag == section)
    rows = session.execute(
        select(BankQuestion.course, BankQuestion.version, BankQuestionVersion.content)
        .join(BankQuestionVersion, newest())
        .where(col(BankQuestion.course).in_(courses), col(BankQuestion.id).in_(tagged))
        .where(col(BankQuestion.retired_at).is_(None))
    ).all()
    chosen = drawing.DICE.sample(list(rows), min(MOST, len(rows)))
    return [
        {"course": course, "item": drawing.lay_out(QUESTION.validate_python(content), version).model_dump()}
        for course, version, content in chosen
    ]


def sheets(session: Session, items: Sequence[Mapping[str, Any]]) -> list[Sheet]:
    """Return the questions that were drawn, in their order."""
    found: list[Sheet] = []
    for kept in items:
        item = DrawnItem.model_validate(kept["item"])
        texts = contents(session, kept["course"], [item], {})
        found.append(put_together(item, texts[item.question, item.version], None))
    return found


def shown(session: Session, items: Sequence[Mapping[str, Any]]) -> list[ItemOut]:
    """Return the questions as the person sees them."""
    return [item_out(one) for one in sheets(session, items)]


def grade(asked: Sequence[Sheet], given: Mapping[str, Given]) -> list[ItemResult]:
    """Return how each question went; raises UnknownItem, or NotAnOption for what does not fit."""
    unknown = given.keys() - {one.item.id for one in asked}
    if unknown:
        raise UnknownItem(errors=[FieldError(pointer=f"/answers/{one}", detail="not asked") for one in sorted(unknown)])
    return [result(one, given.get(one.item.id)) for one in asked]


def result(sheet: Sheet, given: Given | None) -> ItemResult:
    """Return how one question went."""
    if given is not None:
        given = answers.fitting(sheet, AnswerIn.model_validate(given.kept()))
    answered = response_of(sheet._replace(given=given))
    earned = grading.credit(sheet.question, answered)
    said = grading.said_of_options(sheet.question, answered)
    options = {option.index: option.id for option in sheet.item.options}
    texts = [*said.values(), *grading.said(sheet.question, answered)]
    return ItemResult(
        id=sheet.item.id,
        correct=earned == grading.ALL,
        points=float(earned * sheet.question.points),
        out_of=sheet.question.points,
        feedback="\n".join(texts) or None,
        options=[OptionFeedback(id=options[place], feedback=text) for place, text in said.items()],
    )
