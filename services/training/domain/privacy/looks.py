"""Who looked at whose record: noted before the answer goes out, and shown to the person whom it concerns.

One row for each reader, what they read, and day: who asks a thousand times a day is one line. A colleague's look is
counted each time; a key's first look of a day is written before it is answered, and the same one again is counted by
this process only now and then, since systems ask about everyone all day long.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, delete, or_, tuple_
from sqlalchemy import select as plain_select
from sqlmodel import col, select

from services.training.domain import access
from services.training.schemas.privacy import LookOut, ReaderOut
from services.training.tables import KeyName, Look, Person, metadata
from shared.context import EVERYONE, Principal
from shared.db import Session, insert
from shared.events.gateway import KeyCreatedV1, RecordsReadV1
from shared.pages import Page, PageQuery, encode_cursor, not_ours

SWEPT_AT_ONCE = 2000
SAFE = frozenset({"department", "region", "active", "certification", "status", "course", "archived", "as_of", "state"})
"""What a list may be narrowed by without naming anyone; of all else the log says only that it was."""
TABLE = metadata.tables["looks"]
ORDER = tuple(TABLE.c[name] for name in ("day", "person", "reader", "what", "query"))


def narrowed_by(given: Iterable[tuple[str, str]]) -> str:
    """Return by what a list was narrowed, without what may name somebody."""
    said = [f"{name}={value}" if name in SAFE else name for name, value in sorted(given)]
    return "&".join(one for one in said if one not in {"limit", "cursor"})[:300]


def note(session: Session, reader: Principal, what: str, looked_at: Collection[str], given: dict[str, str]) -> None:
    """Note that a caller looked at people, or through a list; a list that names one person is a look at that person."""
    people = {person for person in looked_at if person != EVERYONE}
    number = given.get("employee_number")
    if not people and number is not None:
        named = access.find_person(session, number)
        people = {named.id} if named is not None else set()
    if people:
        for person in sorted(people - {reader.person or ""}):
            count(session, person, reader.id, what, at=session.now)
    elif EVERYONE in looked_at:
        reach = json.dumps(sorted(reader.departments)) if reader.departments is not None else ""
        count(session, "", reader.id, what, narrowed_by(given.items()), reach, at=session.now)


def count(
    session: Session,
    person: str,
    reader: str,
    what: str,
    query: str = "",
    reach: str = "",
    times: int = 1,
    *,
    at: datetime,
) -> None:
    """Count a look in the row of its day."""
    row = {"person": person, "day": f"{at:%Y-%m-%d}", "reader": reader[:100], "what": what[:60], "query": query}
    added = insert(session, TABLE).values(**row, reach=reach, first_at=at, last_at=at, times=times)
    counted = {"times": TABLE.c.times + times, "last_at": at, "reach": reach}
    session.execute(added.on_conflict_do_update(index_elements=list(row), set_=counted))


def keep_reads(session: Session, event: RecordsReadV1) -> None:
    """Count what the gateway answered from its own memory."""
    for person, times in event.people.items():
        count(session, person, event.reader, event.what, times=times, at=event.at)
    if event.lists:
        reach = json.dumps(sorted(event.departments)) if event.departments is not None else ""
        count(session, "", event.reader, event.what, reach=reach, times=event.lists, at=event.at)


def keep_key(session: Session, event: KeyCreatedV1) -> None:
    """Keep what a key is called."""
    row = {"id": event.id, "name": event.name}
    added = insert(session, KeyName.__table__).values(row)  # type: ignore[attr-defined]
    session.execute(added.on_conflict_do_update(index_elements=["id"], set_=row))


def of_person(session: Session, employee_number: str, paging: PageQuery) -> Page[LookOut]:
    """Return who looked at a person's record, and through lists in which they are, the newest days first."""
    person = access.get_person(session, employee_number, "people:read")
    within = cast(col(Look.reach), Text).contains(json.dumps(person.department), autoescape=True)
    lists = (col(Look.person) == "") & or_(col(Look.reach) == "", within) & (col(Look.last_at) >= person.created_at)
    own = col(Look.reader) != f"person:{person.id}"
    query = select(Look).where(or_(col(Look.person) == person.id, lists), own)
    if paging.after is not None:
        query = query.where(tuple_(*ORDER) < tuple_(*place_of(paging.after)))
    rows = session.exec(query.order_by(*(one.desc() for one in ORDER)).limit(paging.limit + 1)).all()
    shown = rows[: paging.limit]
    readers = readers_of(session, {row.reader for row in shown})
    cursor = (
        encode_cursor(json.dumps([getattr(shown[-1], one.key) for one in ORDER])) if len(rows) > len(shown) else None
    )
    return Page(items=[out(row, readers[row.reader]) for row in shown], next_cursor=cursor)


def place_of(cursor: str) -> list[str]:
    """Return the row that a cursor stands for; raises Invalid for one that we did not make."""
    try:
        place = json.loads(cursor)
    except ValueError:
        raise not_ours() from None
    if not isinstance(place, list) or len(place) != len(ORDER) or not all(isinstance(one, str) for one in place):
        raise not_ours()
    return place


def readers_of(session: Session, readers: Collection[str]) -> dict[str, ReaderOut]:
    """Return who the readers are, by what callers they were."""
    ids = {reader: reader.partition(":")[2] or reader for reader in readers}
    people = {row.id: row for row in session.exec(select(Person).where(col(Person.id).in_(ids.values())))}
    keys = dict(session.exec(select(KeyName.id, KeyName.name).where(col(KeyName.id).in_(ids.values()))).all())
    found: dict[str, ReaderOut] = {}
    for reader, one in ids.items():
        person = people.get(one)
        if reader.startswith("person:"):
            name, number = (person.name, person.employee_number) if person else (None, None)
            found[reader] = ReaderOut(kind="person", id=one, name=name, employee_number=number)
        else:
            found[reader] = ReaderOut(kind="key", id=one, name=keys.get(one))
    return found


def out(row: Look, reader: ReaderOut) -> LookOut:
    """Return a look as the person sees it."""
    shown: dict[str, Any] = row.model_dump(include={"day", "what", "first_at", "last_at", "times"})
    return LookOut(**shown, reader=reader, list=not row.person, query=row.query or None)


def forget_old(session: Session, before: datetime) -> int:
    """Forget looks of days before a moment; return of how many."""
    old = plain_select(*ORDER).where(TABLE.c.day < f"{before:%Y-%m-%d}").limit(SWEPT_AT_ONCE)
    keys = [tuple(row) for row in session.execute(old)]
    if keys:
        session.execute(delete(TABLE).where(tuple_(*ORDER).in_(keys)))
    return len(keys)
