"""Rows of a file become people: chunk by chunk, judged anew, because others write people meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import bindparam, update
from sqlmodel import col, select

from services.training.domain.certification import decisions
from services.training.domain.planning import occasions
from services.training.domain.provisioning import hierarchy, identities, people
from services.training.domain.provisioning.import_weighing import Line, Verdict, ids_of, rejected, weigh
from services.training.tables import ImportState, PeopleImport, PeopleImportRow, Person, RowState, Source, metadata
from shared import works_council
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Problem
from shared.statements import DialectInsert, Prebuilt

ROWS = metadata.tables["people_import_rows"]
PEOPLE = metadata.tables["people"]
SOURCES = metadata.tables["person_sources"]
APPLIED = Prebuilt(
    update(ROWS)
    .where(ROWS.c.serial == bindparam("of"), ROWS.c.number == bindparam("row"))
    .values(state=bindparam("to"), outcome=bindparam("what"), detail=bindparam("why"), data=None)
)
CHANGE = Prebuilt(
    update(PEOPLE)
    .where(PEOPLE.c.id == bindparam("of"))
    .values({column.name: bindparam(column.name) for column in PEOPLE.c if column.name != "id"})
)
ONE_BY_ONE = frozenset({"active", "employee_number"})
"""What has consequences of its own: such rows go the way of a single change."""


def seen(insert_of: Any) -> DialectInsert:
    """Return what notes that a source said something of a person."""
    columns = ("person", "source", "external_id", "attributes", "seen_at")
    statement: DialectInsert = insert_of(SOURCES).values({name: bindparam(name) for name in columns})
    return statement.on_conflict_do_update(
        index_elements=["person", "source"],
        set_={"attributes": statement.excluded.attributes, "seen_at": statement.excluded.seen_at},
    )


SEEN = Prebuilt(seen)


@dataclass(slots=True)
class Written:
    """What a chunk writes at once."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Person] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)


def step(session: Session, row: PeopleImport, most: int) -> bool:
    """Apply the next chunk of `most` rows; after the last, close the import. Nothing goes first: it returns True."""
    query = (
        select(PeopleImportRow.number, PeopleImportRow.data, PeopleImportRow.place)
        .where(PeopleImportRow.serial == row.serial, col(PeopleImportRow.place) > row.cursor)
        .order_by(col(PeopleImportRow.place))
        .limit(most)
    )
    chunk = session.exec(query).all()
    if not chunk:
        row.state, row.finished_at = ImportState.DONE, session.now
        record(session, "people.import_finished", f"import/{row.id}")
        return True
    texts = [str(data) for _, data, _ in chunk]
    lines = [Line(number, orjson.loads(text)) for (number, _, _), text in zip(chunk, texts, strict=True)]
    verdicts = apply(session, row.serial, lines)
    states = {"rejected": RowState.REJECTED}
    APPLIED.run(
        session,
        *(
            {
                "of": row.serial,
                "row": verdict.line.number,
                "to": states.get(verdict.outcome, RowState.APPLIED),
                "what": verdict.outcome,
                "why": verdict.detail,
            }
            for verdict in verdicts
        ),
    )
    if any(verdict.outcome in {"created", "updated"} for verdict in verdicts):
        record(session, "people.imported", f"import/{row.id}", content_hash=digest_of("\n".join(texts)))
    row.cursor = chunk[-1][2] or 0
    return True


def apply(session: Session, serial: int, lines: Sequence[Line]) -> list[Verdict]:
    """Apply one chunk and tell of those who are new or changed; refuse what others have taken since the plan."""
    managers = ids_of(session, {line.said["manager"] for line in lines if line.said.get("manager")})
    mine = {line.employee_number: new_id() for line in lines if line.employee_number}
    verdicts = weigh(session, lines, {**mine, **managers}, lock=True)
    if any("manager" in verdict.judged.changes for verdict in verdicts):
        hierarchy.lock(session)
    written = Written()
    outcomes = []
    for verdict in verdicts:
        manager = verdict.line.said.get("manager")
        done = verdict
        if verdict.outcome == "rejected":
            pass
        elif manager is not None and manager not in managers:
            done = rejected(verdict.line, f"manager: {manager} is not known")
        elif circle(session, serial, verdict):
            done = rejected(verdict.line, f"manager: {manager} reports to this person")
        elif verdict.person is not None and ONE_BY_ONE.intersection(verdict.judged.changes):
            done = alone(session, verdict, managers)
        else:
            take(session, verdict, managers, mine, written)
        outcomes.append(done)
        if done.outcome != "rejected" and verdict.line.employee_number is not None:
            person = verdict.person.id if verdict.person is not None else mine[verdict.line.employee_number]
            managers[verdict.line.employee_number] = person
    write(session, written)
    return outcomes


def circle(session: Session, serial: int, verdict: Verdict) -> bool:
    """Say whether a row would make somebody their own superior."""
    manager = verdict.judged.changes.get("manager")
    if manager is None or verdict.person is None:
        return False
    return verdict.person.employee_number in hierarchy.chain_with_file(session, serial, verdict.line.said["manager"])


def alone(session: Session, verdict: Verdict, managers: dict[str, str]) -> Verdict:
    """Apply a row that has consequences of its own."""
    said = with_manager(verdict.line, managers)
    assert verdict.person is not None  # noqa: S101  only those who are known come here
    if "active" in verdict.judged.changes:
        said["active"] = verdict.judged.changes["active"]
    try:
        people.alter(session, verdict.person, Source.CSV, said, implied=frozenset(said) - verdict.judged.said)
    except Problem as problem:
        return rejected(verdict.line, problem.detail)
    return verdict


def with_manager(line: Line, managers: dict[str, str]) -> dict[str, Any]:
    """Return what a row says with the id of the manager."""
    said = dict(line.said)
    if said.get("manager") is not None:
        said["manager"] = managers[said["manager"]]
    return said


def take(session: Session, verdict: Verdict, managers: dict[str, str], mine: dict[str, str], written: Written) -> None:
    """Add a row to what is written at once."""
    said = with_manager(verdict.line, managers)
    person = verdict.person
    if person is None:
        made = people.row_of(session, said)
        made["id"] = mine[verdict.line.employee_number] if verdict.line.employee_number else made["id"]
        written.new.append(made)
        written.seen.append(note(session, made["id"], said))
        return
    if verdict.judged.changes or not verdict.judged.said <= verdict.wrote:
        written.seen.append(note(session, person.id, verdict.judged.said | verdict.wrote))
    if verdict.judged.changes:
        if "department" in verdict.judged.changes and person.active:
            written.moved.append(person.id)
        counted = {"revision": person.revision + 1, "changed_at": session.now}
        values = {**person.model_dump(), **verdict.judged.changes, **counted}
        written.changed.append(Person.model_construct(**values))


def note(session: Session, person: str, attributes: Any) -> dict[str, Any]:
    """Return what is noted of a source and a person."""
    values = {"person": person, "source": Source.CSV, "external_id": None, "seen_at": session.now}
    return {**values, "attributes": sorted(attributes)}


def write(session: Session, written: Written) -> None:
    """Write a chunk in bulk, and do what follows from it."""
    if written.new:
        people.ADD.run(session, *written.new)
        of_new = [event for made in written.new for event in people.events_of_new(made)]
        tell(session, *of_new)
        works_council.keep_people(session, of_new)
        occasions.joined(session, (made["id"] for made in written.new))
    if written.changed:
        rows = [person.model_dump() for person in written.changed]
        CHANGE.run(session, *({**values, "of": values["id"]} for values in rows))
        former = identities.former_numbers(session, [values["id"] for values in rows])
        of_changed = [people.event_of(values, former.get(values["id"], ())) for values in rows]
        tell(session, *of_changed)
        works_council.keep_people(session, of_changed)
        occasions.moved(session, (person.id for person in written.changed))
    if written.seen:
        SEEN.run(session, *written.seen)
    decisions.decide(session, dict.fromkeys(written.moved, session.now))
