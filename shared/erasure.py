"""What follows in a service when a person is erased: their words leave what was told, answered, given up and proved.

A service takes a person out of its own tables in one unit, and notes here what it told of them (`begin`). The rest is
done behind it, chunk by chunk, by `shared.eraser`: so nothing waits for it, and a process that dies goes on with it.
What is proved stays proved: an entry of the evidence log loses its salt and its names, and keeps its leaf.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Column, Table, bindparam, delete, or_, select, update

from shared.db import Session, insert
from shared.events.base import CATALOGUE, Event, Privacy, privacy_of
from shared.events.erasures import ErasureFinished
from shared.ids import new_id
from shared.outbox import tell
from shared.tables import dead_letters, evidence_entries, forgotten, idempotency_keys, outbox

GONE = "[erased]"
OWN = "own"
CHUNK = 200
NAMED_AT_ONCE = 1000
HIDDEN = frozenset({Privacy.PERSONAL, Privacy.CONTENT})
ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
E = TypeVar("E", bound=ErasureFinished)


@dataclass(frozen=True)
class Erasure:
    """What is left to do of one erasure: the events of these aggregates, and answers with these ids or words.

    Evidence that is entered after `id` was made is that of the erasure itself, and stays whole.
    """

    id: str
    person: str
    part: str
    aggregates: tuple[str, ...]
    words: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class Log:
    """A table of events: by which column a row is found again, and which names the aggregate (`person/<id>`)."""

    table: Table
    key: Column[Any]
    aggregate: Column[Any]


OUTBOX = Log(outbox, outbox.c.seq, outbox.c.aggregate)


def begin(
    session: Session, person: str, aggregates: Collection[str] = (), words: Collection[str | None] = (), part: str = OWN
) -> None:
    """Note what there is to erase behind this unit; noted twice, it is done once.

    `aggregates` are those of which this service told something personal, `words` what else names the person in answers
    that were kept. Both are kept here only until it is done.
    """
    row = {
        "id": new_id(),
        "person": person,
        "part": part,
        "aggregates": orjson.dumps(sorted({f"person/{person}", *aggregates})).decode(),
        "words": orjson.dumps(sorted({word for word in words if word})).decode(),
        "since": session.now,
    }
    session.execute(insert(session, forgotten).values(**row).on_conflict_do_nothing())


def waiting(session: Session) -> Erasure | None:
    """Return the next erasure that is not done."""
    query = select(forgotten).where(forgotten.c.done_at.is_(None)).order_by(forgotten.c.id).limit(1)
    row = session.execute(query).first()
    if row is None:
        return None
    aggregates, words = orjson.loads(row.aggregates), orjson.loads(row.words or "[]")
    return Erasure(row.id, row.person, row.part, tuple(aggregates), tuple(words), row.since)


def rows_of(session: Session, log: Log, aggregates: Sequence[str]) -> list[Any]:
    """Return the keys of the events of these aggregates that carry anything personal."""
    types = sorted(name for name, cls in CATALOGUE.items() if carries_hidden(cls))
    query = select(log.key).where(log.table.c.type.in_(types))
    found: list[Any] = []
    for start in range(0, len(aggregates), CHUNK):
        of_these = query.where(log.aggregate.in_(aggregates[start : start + CHUNK]))
        found += session.execute(of_these).scalars()
    return found


def carries_hidden(cls: type[Event]) -> bool:
    """Say whether events of a type carry personal data or somebody's words."""
    return any(privacy_of(cls, name) in HIDDEN for name in cls.model_fields)


def blank_rows(session: Session, log: Log, keys: Sequence[Any]) -> None:
    """Take what is personal out of events that were told."""
    columns = (log.key.label("key"), log.table.c.type, log.table.c.body)
    rows = session.execute(select(*columns).where(log.key.in_(keys)).with_for_update()).all()
    change = update(log.table).where(log.key == bindparam("place")).values(body=bindparam("blank"))
    blanks = [{"place": row.key, "blank": blanked(row.type, row.body)} for row in rows]
    if blanks:
        session.connection().execute(change, blanks)


def blanked(event_type: str, body: bytes) -> bytes:
    """Return an event without what is personal in it; one that is not in the catalogue keeps nothing but its head."""
    event = orjson.loads(body)
    cls = CATALOGUE.get(event_type)
    event["data"] = {
        name: GONE if isinstance(value, str) and privacy_of(cls, name) in HIDDEN else value
        for name, value in event["data"].items()
        if cls is not None
        and name in cls.model_fields
        and (value is None or isinstance(value, str) or privacy_of(cls, name) not in HIDDEN)
    }
    return orjson.dumps(event)


def on_stream(session: Session, keys: Sequence[Any]) -> tuple[list[int], bool]:
    """Return where events are on the stream, and whether one of them is still on its way there."""
    positions: list[int] = []
    for start in range(0, len(keys), CHUNK):
        query = select(outbox.c.stream_seq, outbox.c.published_at).where(outbox.c.seq.in_(keys[start : start + CHUNK]))
        for row in session.execute(query):
            if row.published_at is None:
                return [], True
            positions.append(row.stream_seq)
    return [position for position in positions if position is not None], False


def answers_about(session: Session, erasure: Erasure) -> tuple[list[str], list[str]]:
    """Return the kept answers and the dead letters in which the person, or something of theirs, is named."""
    ids = {each.rpartition("/")[2].encode() for each in erasure.aggregates} | {erasure.person.encode()}
    words = [orjson.dumps(word) for word in erasure.words]
    # The answer to the wish for the erasure itself stays: it names nobody but an id.
    earlier = idempotency_keys.c.created_at < erasure.since
    answers = session.execute(select(idempotency_keys.c.key, idempotency_keys.c.body).where(earlier)).all()
    letters = session.execute(select(dead_letters.c.event_id, dead_letters.c.body)).all()
    return (
        [row.key for row in answers if row.body is not None and names(row.body, ids, words)],
        [row.event_id for row in letters if names(row.body, ids, words)],
    )


def names(body: bytes, ids: Collection[bytes], words: Iterable[bytes]) -> bool:
    """Say whether a text holds one of these ids or words."""
    return any(found in ids for found in ID.findall(body)) or any(word in body for word in words)


def forget_answers(session: Session, answers: Sequence[str], letters: Sequence[str]) -> None:
    """Remove kept answers and dead letters: a request that is sent again is a new one."""
    for table, column, keys in (
        (idempotency_keys, idempotency_keys.c.key, answers),
        (dead_letters, dead_letters.c.event_id, letters),
    ):
        for start in range(0, len(keys), CHUNK):
            session.execute(delete(table).where(column.in_(keys[start : start + CHUNK])))


def entries_about(session: Session, erasure: Erasure) -> list[str]:
    """Return the entries of the evidence log, from before the erasure, that name the person."""
    personal = evidence_entries.c.personal
    quoted = [orjson.dumps(word).decode() for word in erasure.words]
    named = or_(*(personal.contains(each, autoescape=True) for each in (erasure.person, *quoted)))
    query = select(evidence_entries.c.id).where(evidence_entries.c.id < erasure.id, named)
    return list(session.execute(query).scalars())


def unsalt(session: Session, erasure: Erasure, entries: Sequence[str]) -> None:
    """Take a person out of entries of the evidence log.

    An entry about somebody else keeps its salt, by which that other person shows that it is about them.
    """
    columns = evidence_entries.c.id, evidence_entries.c.salt, evidence_entries.c.personal
    changes = []
    for row in session.execute(select(*columns).where(evidence_entries.c.id.in_(entries))):
        kept: dict[str, str | None] = orjson.loads(row.personal)
        others = {name: value for name, value in kept.items() if value is None or not means(erasure, value)}
        whole = others.get("person") is not None
        changes.append(
            {
                "entry": row.id,
                "kept_salt": row.salt if whole else "",
                "others": orjson.dumps(others).decode() if whole else None,
            }
        )
    change = update(evidence_entries).where(evidence_entries.c.id == bindparam("entry"))
    if changes:
        values = change.values(salt=bindparam("kept_salt"), personal=bindparam("others"))
        session.connection().execute(values, changes)


def means(erasure: Erasure, named: str) -> bool:
    """Say whether what stands in an entry (`<id>`, `person:<id>`, or the name of a sign-in) is the person."""
    return erasure.person in named or named in erasure.words


def finish(session: Session, kind: type[E], erasure: Erasure, parts: Collection[str]) -> None:
    """Note that this part is done; with the last of `parts`, tell that this service is."""
    done = update(forgotten).where(forgotten.c.id == erasure.id)
    session.execute(done.values(done_at=session.now, words=None))
    rows = session.execute(select(forgotten.c.part, forgotten.c.done_at).where(forgotten.c.person == erasure.person))
    ended = {
        row.part.partition("/")[0]: row.done_at is not None for row in sorted(rows, key=lambda row: row.done_at is None)
    }
    if all(ended.get(part) for part in parts):
        announce(session, kind, erasure)


def announce(session: Session, kind: type[E], erasure: Erasure) -> None:
    """Tell that this service is done, and of which aggregates a log must be cleared, too."""
    for start in range(0, len(erasure.aggregates), NAMED_AT_ONCE):
        some = list(erasure.aggregates[start : start + NAMED_AT_ONCE])
        tell(session, kind(id=new_id(), person=erasure.person, aggregates=some, finished_at=session.now))


def retold(session: Session, kind: type[E], after: str | None, limit: int) -> list[E]:
    """Return what is told of finished erasures, with ids after `after`."""
    query = select(forgotten).where(forgotten.c.done_at.is_not(None), forgotten.c.part == OWN)
    if after is not None:
        query = query.where(forgotten.c.id > after)
    return [
        kind(id=row.id, person=row.person, aggregates=orjson.loads(row.aggregates), finished_at=row.done_at)
        for row in session.execute(query.order_by(forgotten.c.id).limit(limit))
    ]
