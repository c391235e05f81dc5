"""The questions of a sitting: from the bank or the course version in which they were drawn, with what was answered."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlmodel import and_, col, or_, select

from services.training.domain.learning.grading import Response, solution
from services.training.domain.teaching.questions import QUESTION
from services.training.schemas.attempts import DrawnItem, DrawnOption, Given, ItemOut, OptionOut, PostOut
from services.training.schemas.quizzes import Choice, Matching, Ordering, Question, RuleBreak
from services.training.tables import Answer, Attempt, BankQuestion, BankQuestionVersion, CourseVersion
from shared.db import Session


class Sheet(NamedTuple):
    """A drawn question, and what was answered (at which revision)."""

    item: DrawnItem
    question: Question
    given: Given | None = None
    revision: int = 0


def kept_quiz(session: Session, attempt: Attempt, course: str) -> dict[str, Any]:
    """Return the quiz that is sat as the course version keeps it."""
    of_version = (CourseVersion.course == course, CourseVersion.number == attempt.version)
    modules = session.exec(select(CourseVersion.modules).where(*of_version)).one()
    return next(module for module in modules if module["key"] == attempt.module)


def sheets_of(session: Session, attempt: Attempt, course: str, quiz: dict[str, Any]) -> list[Sheet]:
    """Return the questions of a sitting of a quiz with their answers, in the order in which they are shown."""
    items = [DrawnItem.model_validate(item) for item in attempt.items]
    questions = contents(session, course, items, quiz)
    answers = {row.item: row for row in session.exec(select(Answer).where(Answer.attempt == attempt.id))}
    return [sheet(item, questions[item.question, item.version], answers.get(item.id)) for item in items]


def sheet_of(session: Session, attempt: Attempt, course: str, item: str) -> Sheet | None:
    """Return one question of a sitting with its answer."""
    found = next((DrawnItem.model_validate(one) for one in attempt.items if one["id"] == item), None)
    if found is None:
        return None
    questions = contents(session, course, [found], kept_quiz(session, attempt, course) if found.version is None else {})
    return sheet(found, questions[found.question, found.version], session.get(Answer, (attempt.id, item)))


def sheet(item: DrawnItem, question: dict[str, Any], answer: Answer | None) -> Sheet:
    """Put a question and its answer together."""
    given = Given.model_validate(answer.given) if answer else None
    return Sheet(item, QUESTION.validate_python(question), given, answer.revision if answer else 0)


def contents(
    session: Session, course: str, items: Iterable[DrawnItem], quiz: dict[str, Any]
) -> dict[tuple[str, int | None], dict[str, Any]]:
    """Return the questions as they are kept, by key and version of the bank (none: of the quiz itself)."""
    found: dict[tuple[str, int | None], dict[str, Any]] = {
        (question["key"], None): question for question in quiz.get("questions", ())
    }
    banked = [(item.question, item.version) for item in items if item.version is not None]
    if banked:
        one_of = or_(*(and_(col(BankQuestion.key) == key, BankQuestionVersion.number == n) for key, n in banked))
        rows = session.execute(
            select(BankQuestion.key, BankQuestionVersion.number, BankQuestionVersion.content)
            .join(BankQuestion, col(BankQuestion.id) == col(BankQuestionVersion.question))
            .where(BankQuestion.course == course, one_of)
        )
        found |= {(key, number): content for key, number, content in rows}
    return found


def response_of(sheet: Sheet) -> Response:
    """Return an answer by the places that its parts have in the question as its author wrote it."""
    if sheet.given is None:
        return Response()
    options = {option.id: option.index for option in sheet.item.options}
    prompts = {prompt.id: prompt.index for prompt in sheet.item.prompts}
    given = sheet.given
    return Response(
        options=frozenset(options[one] for one in given.options or ()),
        pairs={prompts[prompt]: options[choice] for prompt, choice in (given.pairs or {}).items()},
        order=tuple(options[one] for one in given.order or ()),
        text=given.text,
        number=given.number,
    )


def given_of(sheet: Sheet, response: Response) -> Given:
    """Return an answer by the ids that this sitting gave to the parts of the question."""
    options = {option.index: option.id for option in sheet.item.options}
    prompts = {prompt.index: prompt.id for prompt in sheet.item.prompts}
    match sheet.question:
        case Choice() | RuleBreak():
            return Given(options=sorted(options[place] for place in response.options))
        case Matching():
            return Given(pairs={prompts[one]: options[choice] for one, choice in response.pairs.items()})
        case Ordering():
            return Given(order=[options[place] for place in response.order])
    return Given(text=response.text, number=response.number)


def item_out(sheet: Sheet, *, solved: bool = False) -> ItemOut:
    """Return a question as the person sees it: without what is right, unless it is `solved` for them."""
    item, question, given, revision = sheet
    texts, prompts = texts_of(question)
    return ItemOut(
        id=item.id,
        kind=question.kind,
        text=question.text,
        points=question.points,
        options=shown(item.options, texts),
        prompts=shown(item.prompts, prompts),
        post=PostOut.model_validate(question.post) if isinstance(question, RuleBreak) else None,
        chosen=given.options or [] if given is not None else [],
        answer=given,
        revision=revision,
        solution=given_of(sheet, solution(question)) if solved else None,
    )


def texts_of(question: Question) -> tuple[list[str], list[str]]:
    """Return the texts of what there is to choose, and of the prompts, in the places in which the author wrote them."""
    match question:
        case Choice() | RuleBreak():
            return [option.text for option in question.options], []
        case Matching():
            return question.choices, [pair.prompt for pair in question.pairs]
        case Ordering():
            return question.entries, []
    return [], []


def shown(options: Iterable[DrawnOption], texts: list[str]) -> list[OptionOut]:
    """Return what there is to choose under the ids of this sitting."""
    return [OptionOut(id=option.id, text=texts[option.index]) for option in options]


def kept_of(response: Response) -> dict[str, Any] | None:
    """Return an answer by places as it is kept for looking at how good a question is; none when there was none."""
    forms = {
        "options": sorted(response.options),
        "pairs": {str(prompt): choice for prompt, choice in response.pairs.items()},
        "order": list(response.order),
        "text": response.text,
        "number": response.number,
    }
    given = {name: value for name, value in forms.items() if value or value == 0}
    return given or None
