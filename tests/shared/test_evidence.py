"""The evidence log: what was sealed cannot be changed unseen, and each entry can be proved on its own."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.event import listen

from shared import evidence
from shared.context import Context, Principal, current
from shared.db import Database, Session
from shared.evidence import EvidenceProof, Sealer
from shared.evidence_chain import verify_log
from shared.tables import evidence_entries, evidence_heads

OpenDatabase = Callable[[str], Database]


@pytest.fixture
def db(open_database: OpenDatabase) -> Iterator[Database]:
    before = current.set(Context(caller=Principal(id="person:ana")))
    yield open_database("backbone")
    current.reset(before)


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return Sealer("policy", tmp_path / "evidence.json")


def enter(session: Session, count: int) -> list[str]:
    return [evidence.record(session, "approve", f"version/{n}", "ab" * 32, "ben").entry for n in range(count)]


async def fill(db: Database, sealer: Sealer) -> list[str]:
    entries = []
    for count in (1, 5, 8):
        entries += await db.write(enter, count)
        await db.write(sealer.seal)
    return entries


async def test_each_sealed_entry_has_a_proof_that_verifies_with_the_public_key_alone(
    db: Database, sealer: Sealer
) -> None:
    for entry in await fill(db, sealer):
        proof = await db.read(evidence.proof, "policy", entry)
        assert evidence.verify_proof(EvidenceProof.model_validate_json(proof.model_dump_json()), sealer.public_key())
        forged = proof.model_copy(update={"body": proof.body.replace("approve", "reject ")})
        assert not evidence.verify_proof(forged, sealer.public_key())


class Second:
    """A second sealer beside another: `sees` once it has chosen its entries, or waits for the other's lock."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer
        self._chosen = Event()
        self.go_on = Event()

    def seal(self) -> None:
        with Session(self._db.engine, datetime.now(UTC), Context()) as session:
            listen(session.connection(), "before_cursor_execute", self._stop_before_heads)
            self._sealer.seal(session)
            session.commit()

    def _stop_before_heads(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM evidence_heads" in statement:
            self._chosen.set()
            assert self.go_on.wait(20)

    def wait(self) -> None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with self._db.engine.connect() as connection:
            while not self._chosen.wait(0.01) and not connection.execute(waiting).scalar_one():
                connection.rollback()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_of_two_who_seal_at_once_neither_takes_from_the_others_head(db: Database, sealer: Sealer) -> None:
    await db.write(enter, 5)
    second = Second(db, sealer)
    with Session(db.engine, datetime.now(UTC), Context()) as first:
        sealer.seal(first)
        await db.write(enter, 2)
        beside = asyncio.create_task(asyncio.to_thread(second.seal))
        await asyncio.to_thread(second.wait)
        first.commit()
    second.go_on.set()
    await beside
    await db.write(sealer.seal)
    assert await db.read(verify_log, "policy", sealer.public_key()) is None
    assert await db.read(lambda session: session.scalar(select(func.sum(evidence_heads.c.size)))) == 7


async def test_an_entry_that_is_not_sealed_yet_says_so(db: Database, sealer: Sealer) -> None:
    (entry,) = await db.write(enter, 1)
    with pytest.raises(evidence.NotSealedYet):
        await db.read(evidence.proof, "policy", entry)
    await db.write(sealer.seal)
    assert (await db.read(evidence.proof, "policy", entry)).entry == entry


async def test_a_changed_entry_is_found_and_named(db: Database, sealer: Sealer) -> None:
    entries = await fill(db, sealer)
    assert await db.read(verify_log, "policy", sealer.public_key()) is None

    victim = entries[3]
    change = update(evidence_entries).where(evidence_entries.c.id == victim).values(body='{"action":"nothing"}')
    await db.write(lambda session: session.execute(change) and None)
    bad = await db.read(verify_log, "policy", sealer.public_key())
    assert bad is not None
    assert bad.entry == victim


@pytest.mark.parametrize("what", ["entry", "head"])
async def test_something_taken_out_is_found(db: Database, sealer: Sealer, what: str) -> None:
    entries = await fill(db, sealer)
    gone = (
        delete(evidence_entries).where(evidence_entries.c.id == entries[2])
        if what == "entry"
        else delete(evidence_heads).where(evidence_heads.c.number == 2)
    )
    await db.write(lambda session: session.execute(gone) and None)
    bad = await db.read(verify_log, "policy", sealer.public_key())
    assert bad is not None
    assert bad.head == 2


@pytest.mark.parametrize(
    "column",
    ["body", "leaf", "personal", "salt", "place", "root", "size", "previous", "sealed_at", "key_id", "signature"],
)
async def test_whatever_is_changed_in_a_row_the_log_no_longer_verifies_from_there(
    db: Database, sealer: Sealer, column: str
) -> None:
    entries = await fill(db, sealer)
    table, row = (
        (evidence_entries, evidence_entries.c.id == entries[3])
        if column in evidence_entries.c
        else (evidence_heads, evidence_heads.c.number == 2)
    )

    def change(session: Session) -> None:
        before = session.execute(select(table.c[column]).where(row)).scalar_one()
        session.execute(update(table).where(row).values({column: other_than(before)}))

    await db.write(change)
    bad = await db.read(verify_log, "policy", sealer.public_key())
    assert bad is not None
    assert bad.head == 2
    if column in evidence_entries.c:
        assert (bad.entry, bad.place) == (entries[3], 2)


def other_than(value: str | int | datetime) -> str | int | datetime:
    """Return the value with one byte flipped, one more, or a moment later."""
    if isinstance(value, str):
        return value[:9] + chr(ord(value[9]) ^ 1) + value[10:]
    return value + timedelta(microseconds=1) if isinstance(value, datetime) else value + 1


async def test_an_end_that_was_cut_off_is_found_by_the_entries_that_it_leaves(db: Database, sealer: Sealer) -> None:
    entries = await fill(db, sealer)
    gone = delete(evidence_heads).where(evidence_heads.c.number == 3)
    await db.write(lambda session: session.execute(gone) and None)
    bad = await db.read(verify_log, "policy", sealer.public_key())
    assert bad is not None
    assert (bad.head, bad.entry) == (3, entries[6])


async def test_a_person_stands_in_an_entry_only_as_a_commitment_that_survives_erasure(
    db: Database, sealer: Sealer
) -> None:
    await fill(db, sealer)
    erase = update(evidence_entries).values(salt="", personal=None)
    await db.write(lambda session: session.execute(erase) and None)

    bodies = await db.read(lambda session: list(session.execute(select(evidence_entries.c.body)).scalars()))
    assert len(bodies) == 14
    assert not any("ben" in body or "ana" in body for body in bodies)
    assert await db.read(verify_log, "policy", sealer.public_key()) is None


def test_the_seal_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    first = Sealer("policy", tmp_path / "keys" / "evidence.json")
    again = Sealer("policy", tmp_path / "keys" / "evidence.json")
    assert first.key_id == again.key_id
    assert (tmp_path / "keys" / "evidence.json").stat().st_mode & 0o077 == 0


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_leaf_of_a_tree_of_any_size_leads_to_its_root(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [evidence.leaf_hash(content.hex()) for content in contents]
    place = data.draw(st.integers(0, len(leaves) - 1))
    path = evidence.audit_path(leaves, place)
    assert evidence.root_of_path(leaves[place], place, len(leaves), path) == evidence.merkle_root(leaves)
    other = evidence.leaf_hash("something else")
    assert evidence.root_of_path(other, place, len(leaves), path) != evidence.merkle_root(leaves)
