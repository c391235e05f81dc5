"""Questions of a file into a course's bank: each is weighed against what is there, and reported."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.question_files import aiken, gift, moodle, qti
from services.training.domain.question_files.reading import Found
from services.training.domain.teaching import courses, questions, rules
from services.training.schemas.question_files import ImportedQuestion, ImportFormat, QuestionImportOut
from services.training.schemas.quizzes import Question
from services.training.tables import BankQuestion
from shared.db import Session
from shared.evidence import record

READERS: dict[ImportFormat, Callable[[bytes], list[Found]]] = {
    ImportFormat.GIFT: gift.read,
    ImportFormat.AIKEN: aiken.read,
    ImportFormat.MOODLE_XML: moodle.read,
    ImportFormat.QTI: qti.read,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be taken."""

    format: ImportFormat
    dry_run: bool
    all_or_nothing: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """A question of a file, what is to become of it, what an author is told, and the question as it is kept."""

    found: Found
    effect: Literal["created", "updated", "unchanged"] | None
    notes: tuple[str, ...] = ()
    detail: str | None = None
    kept: Question | None = None


def look(session: Session, course: str, found: Sequence[Found], asked: Asked) -> QuestionImportOut:
    """Say what an import would do; raises NotFound."""
    return report(weigh(session, course, found), asked, applied=False)


def apply(session: Session, course: str, found: Sequence[Found], asked: Asked) -> QuestionImportOut:
    """Write the good questions of a file, or none unless all are good; raises NotFound."""
    access.refuse_limited(session, "The question bank")
    weighed = weigh(session, course, found)
    if asked.all_or_nothing and any(one.effect is None for one in weighed):
        return report(weighed, asked, applied=False)
    questions.write_all(session, course, [one.kept for one in weighed if one.kept and one.effect != "unchanged"])
    record(session, "questions.imported", f"course/{course}")
    return report(weighed, asked, applied=True)


def weigh(session: Session, course: str, found: Sequence[Found]) -> list[Weighed]:
    """Compare each question with the bank's of the same key, and with those before it in the file; raises NotFound."""
    courses.load(session, course)
    keys = [one.key for one in found if one.question is not None]
    rows = session.exec(
        select(BankQuestion).where(BankQuestion.course == course, col(BankQuestion.key).in_(keys))
    ).all()
    there = {row.key: row for row in rows}
    contents = questions.contents_of(session, rows)
    places: dict[str, str] = {}
    weighed = []
    for one in found:
        row = there.get(one.key)
        weighed.append(weigh_one(session, one, places, row, contents[row.id] if row else None))
        if one.question is not None:
            places.setdefault(one.key, place_of(one))
    return weighed


def weigh_one(
    session: Session, found: Found, places: dict[str, str], row: BankQuestion | None, content: Question | None
) -> Weighed:
    """Say what is to become of one question."""
    if found.question is None:
        return Weighed(found, None, found.notes, found.refused)
    if found.key in places:
        return Weighed(found, None, found.notes, f"the question {places[found.key]} has the key {found.key}, too")
    try:
        kept = rules.publish(session, found.question)
    except rules.NoSuchRule as error:
        return Weighed(found, None, found.notes, "; ".join(one.detail for one in error.errors or ()))
    if row is None:
        return Weighed(found, "created", found.notes, kept=kept)
    retired = (*found.notes, f"{row.key} is retired and is not drawn") if row.retired_at else found.notes
    return Weighed(found, "unchanged" if kept == content else "updated", retired, kept=kept)


def place_of(found: Found) -> str:
    """Say where a question stands."""
    return f"on line {found.line}" if found.file is None else f"in {found.file}"


def report(weighed: Sequence[Weighed], asked: Asked, *, applied: bool) -> QuestionImportOut:
    """Return the report of a file."""
    items = [imported(one) for one in weighed]
    outcomes = Counter(item.outcome for item in items)
    effects = Counter(item.effect for item in items)
    return QuestionImportOut(
        format=asked.format,
        dry_run=asked.dry_run,
        applied=applied,
        accepted=outcomes["accepted"],
        changed=outcomes["changed"],
        refused=outcomes["refused"],
        created=effects["created"],
        updated=effects["updated"],
        unchanged=effects["unchanged"],
        questions=items,
    )


def imported(one: Weighed) -> ImportedQuestion:
    """Return what an author is told of one question."""
    taken: Literal["accepted", "changed"] = "changed" if one.notes else "accepted"
    return ImportedQuestion(
        line=one.found.line,
        file=one.found.file,
        key=one.found.key or None,
        outcome="refused" if one.effect is None else taken,
        effect=one.effect,
        notes=list(one.notes),
        detail=one.detail,
    )
