"""What was learnt elsewhere, by CSV: rows are independent of one another and count once, so they are applied as they come."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import decisions
from services.training.domain.learning import completions
from services.training.domain.planning import occasions
from services.training.domain.provisioning.csv_files import NotACsv
from services.training.domain.provisioning.import_columns import folded, said_of
from services.training.schemas.completions import CompletionRow
from services.training.schemas.enrolments import CompletionIn
from services.training.tables import Completion, Course, ExternalCourse, FormerNumber, Person, metadata
from shared.db import Session
from shared.evidence import Deed, record_all
from shared.outbox import tell
from shared.statements import NewRows

CHUNK = 100
COLUMNS = ("employee_number", "course", "external_course", "completed_at", "score", "source", "evidence")
REQUIRED = ("employee_number", "completed_at", "source")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TABLE = metadata.tables["completions"]
KEEP = NewRows(TABLE, *TABLE.c.keys(), unique=("person", "learnt", "completed_at", "source"))


class NotACompletionFile(NotACsv):
    """The body is not a CSV file with the columns of completions."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: what it says, or why it says nothing."""

    number: int
    employee_number: str
    body: CompletionIn | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a chunk, and which courses in it nobody has mapped."""

    outcomes: list[CompletionRow]
    unmapped: set[str]


def known(header: Sequence[str]) -> int:
    """Count the columns of a header that say something."""
    return sum(folded(name) in COLUMNS for name in header)


def columns_of(header: Sequence[str]) -> list[str | None]:
    """Return what the columns of a file are; raises NotACompletionFile."""
    names = [folded(name) if folded(name) in COLUMNS else None for name in header]
    missing = [name for name in REQUIRED if name not in names]
    said = [name for name in names if name is not None]
    if missing or len(set(said)) < len(said) or not {"course", "external_course"} & set(said):
        raise NotACompletionFile(
            f"The first line must name the columns {', '.join(REQUIRED)} and course or external_course, once each. "
            f"Missing: {missing}."
        )
    return names


def row_of(number: int, cells: list[str], columns: list[str | None]) -> Row:
    """Read one row; a day stands for its first moment in UTC."""
    if len(cells) != len(columns):
        return Row(number, cells[0][:64], None, f"cells: the row has {len(cells)}, the first line {len(columns)}")
    named = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=True) if name is not None}
    at = named["completed_at"] or ""
    values = {**named, "completed_at": f"{at}T00:00:00Z" if DAY.fullmatch(at) else at}
    try:
        body = CompletionIn.model_validate(values)
    except ValidationError as error:
        return Row(number, (named["employee_number"] or "")[:64], None, said_of(error))
    return Row(number, body.employee_number, body)


def apply(session: Session, chunk: Sequence[Row], *, dry_run: bool) -> Applied:
    """Record a chunk of completions, or say what that would do."""
    bodies = [row.body for row in chunk if row.body is not None]
    people = reachable(session, {body.employee_number for body in bodies})
    courses = set(session.exec(select(Course.key).where(col(Course.key).in_({body.course for body in bodies}))))
    names = {body.external_course for body in bodies}
    mapped = dict(
        session.exec(
            select(ExternalCourse.name, ExternalCourse.course).where(col(ExternalCourse.name).in_(names))
        ).all()
    )
    made: dict[int, Completion] = {}
    refused: dict[int, str] = {}
    for row in chunk:
        why = row.why if row.body is None else refusal(session, row.body, people, courses)
        if why is not None or row.body is None:
            refused[row.number] = why or ""
        else:
            made[row.number] = completion(session, row.body, people[row.body.employee_number], mapped)
    kept = new_of(session, made) if dry_run else keep(session, made)
    unmapped = {str(one.external_course) for one in made.values() if one.course is None}
    return Applied([outcome(row, refused, made, kept) for row in chunk], unmapped)


def reachable(session: Session, numbers: set[str]) -> dict[str, str]:
    """Return the ids of the people whom the caller may write, by the employee numbers that they have or had."""
    limits = [*access.limits(session, "training:write"), col(Person.name) != access.NAMELESS]
    current = select(Person.employee_number, Person.id).where(
        col(Person.employee_number).in_(numbers), col(Person.merged_into).is_(None), *limits
    )
    found = dict(session.exec(current).all())
    former = select(FormerNumber.employee_number, FormerNumber.person).join(
        Person, col(Person.id) == col(FormerNumber.person)
    )
    missing = numbers - found.keys()
    found |= dict(session.exec(former.where(col(FormerNumber.employee_number).in_(missing), *limits)).all())
    for number in missing - found.keys():
        person = access.known_before(session, number, "training:write")
        if person is not None:
            found[number] = person.id
    return found


def refusal(session: Session, body: CompletionIn, people: dict[str, str], courses: set[str]) -> str | None:
    """Say why a row is not applied, if so."""
    caller = session.context.caller
    if (body.course is None) == (body.external_course is None):
        return "course: name either a course or an external_course"
    if body.completed_at > session.now:
        return "completed_at: lies in the future"
    if body.employee_number not in people:
        return f"employee_number: {body.employee_number} is not known"
    if caller is not None and caller.person == people[body.employee_number]:
        return "employee_number: nobody decides on what concerns themselves"
    if body.course is not None and body.course not in courses:
        return f"course: there is no course {body.course}"
    return None


def completion(session: Session, body: CompletionIn, person: str, mapped: dict[str, str]) -> Completion:
    """Return the completion that a row tells of."""
    return Completion(
        **body.model_dump(exclude={"employee_number", "course"}),
        person=person,
        course=body.course or mapped.get(body.external_course or ""),
        learnt=completions.learnt(body.course, body.external_course),
        recorded_at=session.now,
    )


def keep(session: Session, made: dict[int, Completion]) -> set[str]:
    """Write completions that are not known yet, tell of them and issue what they make due; returns the new ids."""
    kept = KEEP.keep(session, [row.model_dump() for row in made.values()])
    new = [row for row in made.values() if row.id in kept]
    ours = [row for row in new if row.course is not None]
    tell(session, *(completions.told(row) for row in ours))
    record_all(session, [Deed("course.completed", f"completion/{row.id}", None, row.person) for row in new])
    decisions.decide(session, {row.person: None for row in ours})
    occasions.later(session, {row.person for row in ours}, occasions.GO_ON)
    return kept


def new_of(session: Session, made: dict[int, Completion]) -> set[str]:
    """Return the ids of those completions that are not known yet."""
    people = {row.person for row in made.values()}
    query = select(Completion).where(col(Completion.person).in_(people))
    there = {same(row) for row in session.exec(query)}
    new: set[str] = set()
    for row in made.values():
        if same(row) not in there:
            there.add(same(row))
            new.add(row.id)
    return new


def same(row: Completion) -> tuple[Any, ...]:
    """Return by what a completion is known again."""
    return row.person, row.learnt, row.completed_at, row.source


def outcome(row: Row, refused: dict[int, str], made: dict[int, Completion], kept: set[str]) -> CompletionRow:
    """Say what became of a row."""
    if row.number in refused:
        return CompletionRow(
            row=row.number, employee_number=row.employee_number, outcome="rejected", detail=refused[row.number]
        )
    one = made[row.number]
    detail = f"external_course: nobody has mapped {one.external_course} yet" if one.course is None else None
    what = "created" if one.id in kept else "unchanged"
    return CompletionRow(row=row.number, employee_number=row.employee_number, outcome=what, detail=detail)
