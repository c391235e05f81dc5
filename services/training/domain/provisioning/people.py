"""People: who works here, and what the other services are told when that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from services.training.domain import access
from services.training.domain.certification import decisions, measures
from services.training.domain.planning import occasions, reminders
from services.training.domain.provisioning import authority, directory, hierarchy, identities, import_guard
from services.training.domain.provisioning.authority import Judged
from services.training.domain.provisioning.hierarchy import NotManaged
from services.training.schemas.people import PersonIn, PersonOut, PersonPatch
from services.training.tables import FormerNumber, Person, PersonSource, Source, metadata
from shared import works_council
from shared.conditions import expect
from shared.db import Session, insert
from shared.events.base import Event
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict
from shared.rendered import Rendered, rendered
from shared.statements import Prebuilt, insert_into
from shared.tables import counters


class PersonExists(Conflict):
    """There is a person with this employee number or user name already."""


SHOWN = directory.SHOWN
TOLD = tuple(name for name in PersonChangedV1.model_fields if name != "former_numbers")
TABLE = metadata.tables["people"]
FORMER = metadata.tables["former_numbers"]
ADD = insert_into(TABLE, *TABLE.c.keys())
ADD_SOURCE = insert_into(metadata.tables["person_sources"], "person", "source", "external_id", "attributes", "seen_at")
ID = Prebuilt(select(TABLE.c.id).where(TABLE.c.employee_number == bindparam("employee_number")))
TAKEN = Prebuilt(
    select(TABLE.c.employee_number, TABLE.c.id)
    .where((TABLE.c.employee_number == bindparam("employee_number")) | (TABLE.c.user_name == bindparam("user_name")))
    .union_all(
        select(FORMER.c.employee_number, FORMER.c.person).where(
            FORMER.c.employee_number == bindparam("employee_number")
        )
    )
)
NUMBER_OF_OURS = "C-{:06}"
COUNTER = "contractors"
ABSENT: dict[str, Any] = {
    "number_given": False,
    "department": "",
    "region": "",
    "cost_centre": None,
    "legal_entity": None,
    "title": None,
    "locale": None,
    "manager": None,
    "languages": [],
    "active": True,
    "left_at": None,
    "merged_into": None,
    "revision": 1,
}
"""What a person is of whom a source does not say it."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A person as a source left them, with what it changed and what it was kept from."""

    person: Person
    created: bool
    judged: Judged


def create(session: Session, body: PersonIn) -> Rendered[PersonOut]:
    """Add a person; raises Forbidden, PersonExists, NotManaged or ImportUnderWay."""
    import_guard.refuse(session)
    given = {**dict(body), "manager": manager_id(session, body.manager, of=None)}
    person = add(session, Source.API, {name: value for name, value in given.items() if name in body.model_fields_set})
    values = {**person, "manager": body.manager}
    return rendered(SHOWN, [values[name] for name in SHOWN])


def change(session: Session, employee_number: str, body: PersonPatch, if_match: int | None) -> PersonOut:
    """Change what the body names.

    Raises NotFound, Forbidden, Stale, PersonExists, NotManaged, ImportUnderWay, or OwnedElsewhere.
    """
    import_guard.refuse(session)
    person = access.get_person(session, employee_number, "people:write")
    asked = body.model_dump(exclude_unset=True)
    if "manager" in asked:
        asked["manager"] = manager_id(session, body.manager, of=person.id)
    alter(session, person, Source.API, asked, if_match=if_match).refuse()
    return directory.out(session, [person])[0]


def provision(
    session: Session,
    source: Source,
    attributes: Mapping[str, Any],
    external_id: str | None = None,
    person: Person | None = None,
) -> Person:
    """Create or change the person of whom a source speaks, as `put` does, and return them."""
    return put(session, source, attributes, external_id, person).person


def put(
    session: Session,
    source: Source,
    attributes: Mapping[str, Any],
    external_id: str | None = None,
    person: Person | None = None,
) -> Provisioned:
    """Create or change one person with all that follows: events, evidence, decisions, leaving and return.

    `attributes` are those of `authority.ATTRIBUTES` that the source names; `manager` is the id of a person. Without
    `person`, the ids among them say who it is (`identities.match`): a leaver whom they name under another employee
    number is back. What a stronger source owns is left as it is and said in the answer.

    Raises IdentityConflict, Forbidden, PersonExists, NotManaged or ImportUnderWay.
    """
    import_guard.refuse(session)
    implied: frozenset[str] = frozenset()
    if person is None:
        keys = {name: attributes.get(name) for name in ("employee_number", "user_name", "email")}
        person = identities.match(session, **keys, source=source, external_id=external_id)
        if person is not None and back_under(person, attributes):
            attributes, implied = {"active": True, **attributes}, frozenset({"active"})
    if person is None:
        made = add(session, source, attributes, external_id)
        return Provisioned(session.get_one(Person, made["id"]), created=True, judged=Judged())
    judged = alter(session, person, source, attributes, external_id, implied=implied)
    return Provisioned(person, created=False, judged=judged)


def back_under(person: Person, attributes: Mapping[str, Any]) -> bool:
    """Say whether a leaver turns up under another number, and so is back; raises IdentityConflict.

    Addresses are given to new people, so a leaver is known again by one only if the name is theirs, too.
    """
    number = attributes.get("employee_number")
    if person.active or number in {None, person.employee_number} or "active" in attributes:
        return False
    name = attributes.get("name")
    if name is None or name.casefold() != person.name.casefold():
        raise identities.IdentityConflict(
            f"{person.employee_number}, who left, has this user name or e-mail, and another name. "
            "Give the leaver another user name, or merge the two."
        )
    return True


def add(
    session: Session, source: Source, attributes: Mapping[str, Any], external_id: str | None = None
) -> dict[str, Any]:
    """Add a person and return their row; raises Forbidden or PersonExists."""
    person = row_of(session, attributes)
    access.refuse_department(session, person["department"])
    refuse_taken(session, attributes.get("employee_number"), person["user_name"])
    ADD.run(session, person)
    note = {"person": person["id"], "source": source, "external_id": external_id, "seen_at": session.now}
    ADD_SOURCE.run(session, {**note, "attributes": sorted(attributes)})
    tell(session, *events_of_new(person))
    if person["legal_entity"] is not None:
        works_council.keep_person(event_of(person), session)
    occasions.joined(session, [person["id"]])
    record(session, "person.created", f"person/{person['id']}", person=person["id"])
    return person


def row_of(session: Session, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a new person of whom a source says `attributes`."""
    given = {name: value for name, value in attributes.items() if value is not None}
    person = {**ABSENT, **given, "id": new_id(), "created_at": session.now, "changed_at": session.now}
    person["user_name"] = given.get("user_name") or given.get("email") or given["employee_number"]
    person["email"] = given.get("email") or (person["user_name"] if "@" in person["user_name"] else "")
    person["name"] = given.get("name") or person["user_name"]
    if "employee_number" not in given:
        person |= {"employee_number": number_of_ours(session), "number_given": True}
    if not person["active"]:
        person["left_at"] = session.now
    return person


def events_of_new(person: Mapping[str, Any]) -> list[Event]:
    """Return what is told of a new person; of one who has left already, that too."""
    events: list[Event] = [event_of(person)]
    return events if person["active"] else [*events, PersonLeftV1(id=person["id"], left_at=person["left_at"])]


def event_of(person: Mapping[str, Any], former_numbers: Sequence[str] = ()) -> PersonChangedV1:
    """Return what is told of a person's row."""
    row = {name: person[name] for name in TOLD}
    return PersonChangedV1.model_construct(**row, former_numbers=list(former_numbers))


def alter(
    session: Session,
    person: Person,
    source: Source,
    attributes: Mapping[str, Any],
    external_id: str | None = None,
    *,
    if_match: int | None = None,
    implied: frozenset[str] = frozenset(),
) -> Judged:
    """Change a person as far as a source may; what is only implied by what it says is not its own.

    Raises Forbidden, Stale, PersonExists or NotManaged.
    """
    session.refresh(person, with_for_update=True)
    directory.refuse_erased(person)
    expect(person.revision, if_match)
    for department in {person.department, attributes.get("department") or person.department}:
        access.refuse_department(session, department)
    before = Person.model_validate(person.model_dump())
    judged = authority.judge(session, person, source, attributes)
    judged.said -= implied
    check(session, person, judged.changes)
    authority.apply(session, person, source, judged)
    if external_id is not None:
        know_as(session, person, source, external_id)
    if judged.changes:
        settle(session, before, person)
    return judged


def check(session: Session, person: Person, changes: Mapping[str, Any]) -> None:
    """Refuse what is not possible; raises PersonExists or NotManaged."""
    if "user_name" in changes:
        refuse_taken(session, None, changes["user_name"], but=person.id)
    if "employee_number" in changes:
        refuse_taken(session, changes["employee_number"], "", but=person.id)
        renumber(session, person, changes["employee_number"])
    if changes.get("manager") is not None:
        hierarchy.refuse_loop(session, person.id, changes["manager"])


def settle(session: Session, before: Person, person: Person) -> None:
    """Tell of a change, and do what follows from it."""
    person.revision += 1
    person.changed_at = session.now
    session.add(person)
    session.flush()
    told(session, [person])
    occasions.moved(session, [person.id])
    if person.active != before.active:
        come_or_go(session, person)
    moved = (person.department, person.region, person.active) != (before.department, before.region, before.active)
    if person.active and moved:
        decisions.decide(session, {person.id: session.now})
    record(session, "person.changed", f"person/{person.id}", person=person.id)


def renumber(session: Session, person: Person, number: str) -> None:
    """Let the number that a person has go on naming them once they have another."""
    own = session.get(FormerNumber, number)
    if own is not None:
        session.delete(own)
    session.add(FormerNumber(employee_number=person.employee_number, person=person.id, since=session.now))
    person.number_given = False


def know_as(session: Session, person: Person, source: Source, external_id: str) -> None:
    """Keep by which id a source knows a person; raises PersonExists when it knows another by it."""
    other = identities.by_external_id(session, source, external_id)
    if other is not None and other.id != person.id:
        raise PersonExists(f"{other.employee_number} has this external id.")
    session.get_one(PersonSource, (person.id, source)).external_id = external_id


def come_or_go(session: Session, person: Person) -> None:
    """Note that a person left, or is back, with what that does to their certificates."""
    if person.active:
        person.left_at = None
        measures.person_is_back(session, person.id)
        reminders.person_is_back(session, person.id)
        occasions.joined(session, [person.id])
        return
    person.left_at = session.now
    tell(session, PersonLeftV1(id=person.id, left_at=session.now))
    measures.person_left(session, person.id)
    reminders.person_left(session, person.id)


def told(session: Session, people: Sequence[Person]) -> None:
    """Tell the state of people who changed."""
    former = identities.former_numbers(session, [person.id for person in people])
    events = [event_of(person.model_dump(), former.get(person.id, ())) for person in people]
    tell(session, *events)
    works_council.keep_people(session, events)


def manager_id(session: Session, employee_number: str | None, of: str | None) -> str | None:
    """Return the id of a manager; raises NotManaged for a stranger, or for a person who would manage themself."""
    if employee_number is None:
        return None
    row = ID.first(session, employee_number=employee_number)
    found: str | None = row[0] if row is not None else None
    if found is None or found == of:
        raise NotManaged.because("nobody manages themself" if found else "no person has this employee number")
    return found


def refuse_taken(session: Session, employee_number: str | None, user_name: str, but: str | None = None) -> None:
    """Raise PersonExists when a person other than `but` has the employee number, had it, or has the user name."""
    for number, owner in TAKEN.rows(session, employee_number=employee_number, user_name=user_name):
        if owner != but:
            raise PersonExists(f"{number} has this employee number or user name.")


def number_of_ours(session: Session) -> str:
    """Return the next employee number for somebody who came without."""
    while True:
        statement = insert(session, counters).values(name=COUNTER, value=1)
        more = statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
        number = NUMBER_OF_OURS.format(session.execute(more.returning(counters.c.value)).scalar_one())
        if not TAKEN.rows(session, employee_number=number, user_name=""):
            return number
