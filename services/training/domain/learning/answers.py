"""Saving answers while a sitting lasts: repeated, late and from several browsers, without an older one ever winning."""

from collections.abc import Callable

from services.training.domain.learning import sittings
from services.training.domain.learning.sheets import Sheet, item_out, sheet_of
from services.training.schemas.attempts import AnswerIn, Given, ItemOut
from services.training.schemas.quizzes import Choice, Question, RuleBreak
from services.training.tables import Answer
from shared.db import Session, insert
from shared.problems import Conflict, FieldError, Invalid, NotFound

FORMS = {"matching": "pairs", "ordering": "order", "short_text": "text", "numeric": "number"}
"""In which form questions of a kind are answered; by `options` where not named."""


class NotAnOption(Invalid):
    """The answer does not fit the question."""


class NewerAnswer(Conflict):
    """This question has a newer answer, perhaps from another window; `revision` is that of the one that counts."""


def save(session: Session, attempt: str, item: str, body: AnswerIn) -> ItemOut:
    """Keep an answer, over the one before; the same again changes nothing.

    Raises NotFound, NotAnOption, NewerAnswer, sittings.AttemptClosed or sittings.TimeIsUp.
    """
    row, enrolment = sittings.take(session, attempt)
    sittings.refuse_closed(session, row)
    sheet = sheet_of(session, row, enrolment.course, item)
    if sheet is None:
        raise NotFound("The sitting has no such question.")
    given = fitting(sheet, body)
    revision = sheet.revision + 1 if body.revision is None else body.revision
    if sheet.given == given and body.revision in {None, sheet.revision}:
        return item_out(sheet)
    if revision <= sheet.revision:
        raise NewerAnswer(
            f"The answer that counts is of revision {sheet.revision}, yours of {revision}.",
            extra={"revision": sheet.revision},
        )
    kept = insert(session, Answer.__table__).values(  # type: ignore[attr-defined]
        attempt=row.id, item=item, given=given.kept(), revision=revision
    )
    changed = {"given": kept.excluded.given, "revision": kept.excluded.revision}
    session.execute(kept.on_conflict_do_update(index_elements=["attempt", "item"], set_=changed))
    return item_out(sheet._replace(given=given, revision=revision))


def fitting(sheet: Sheet, body: AnswerIn) -> Given:
    """Return an answer as it is kept; raises NotAnOption when it does not fit the question."""
    form = FORMS.get(sheet.question.kind, "options")
    if body.form != form:
        raise refusal(body.form, f"a {sheet.question.kind} question is answered by {form}")
    fault = FAULTS[form](sheet, body) if form in FAULTS else None
    if fault is not None:
        raise refusal(form, fault)
    if body.options is not None:
        return Given(options=sorted(set(body.options)))
    return Given.model_validate(body.kept())


def refusal(form: str, detail: str) -> NotAnOption:
    """Return what is told of an answer that does not fit."""
    return NotAnOption(errors=[FieldError(pointer=f"/{form}", detail=detail)])


def fault_of_options(sheet: Sheet, body: AnswerIn) -> str | None:
    """Say why options cannot be chosen together."""
    chosen = set(body.options or ())
    if not chosen <= {option.id for option in sheet.item.options}:
        return "not an option of this question"
    return "this question takes one answer" if len(chosen) > 1 and takes_one(sheet.question) else None


def takes_one(question: Question) -> bool:
    """Tell whether a question takes one option at most."""
    return not isinstance(question, RuleBreak) and not (isinstance(question, Choice) and question.kind == "multiple")


def fault_of_pairs(sheet: Sheet, body: AnswerIn) -> str | None:
    """Say why prompts cannot be paired like that."""
    pairs = body.pairs or {}
    if not pairs.keys() <= {prompt.id for prompt in sheet.item.prompts}:
        return "not a prompt of this question"
    return None if set(pairs.values()) <= {one.id for one in sheet.item.options} else "not an option of this question"


def fault_of_order(sheet: Sheet, body: AnswerIn) -> str | None:
    """Say why something is no order of all entries; an empty one takes the answer back."""
    whole = sorted(option.id for option in sheet.item.options)
    return None if sorted(body.order or ()) in ([], whole) else "must name each entry once"


FAULTS: dict[str, Callable[[Sheet, AnswerIn], str | None]] = {
    "options": fault_of_options,
    "pairs": fault_of_pairs,
    "order": fault_of_order,
}
