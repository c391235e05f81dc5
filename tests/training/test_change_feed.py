"""The change feed under many writers and readers: each change once, in order, nothing skipped."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col

from services.training.domain.certification import changes, expiry
from services.training.domain.certification.standing import status_at
from services.training.domain.provisioning import people
from services.training.schemas.certificates import Change, ChangeOut
from services.training.tables import Certificate, CertificateChange, Person
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.pages import encode_cursor
from shared.tables import outbox
from tests.conftest import DatabaseUrl
from tests.training.feed_writers import write_many
from tests.training.organisation import add_people, complete, define_tier, person

WRITERS = 20
READERS = 5
PEOPLE = 12
YEAR = 365


async def follow(db: Database, done: asyncio.Event) -> list[ChangeOut]:
    """Poll the feed from its beginning until the writers are done and nothing is left."""
    cursor, heard = None, []
    while True:
        last_round = done.is_set()
        page = await db.read(changes.read, cursor, 7)
        heard += page.items
        cursor = page.next_cursor
        if not page.items:
            if last_round:
                return heard
            await asyncio.sleep(0.005)


async def write_in_process(url: str, writers: int, seed: int) -> int:
    """Let a process of its own write; returns how many units it kept."""
    command = (sys.executable, "-m", "tests.training.feed_writers", url, str(writers), str(seed))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return int(output)


async def certify_people(db: Database) -> None:
    """Let people hold certificates, of which some end while the writers are at work."""
    numbers = await add_people(db, PEOPLE)
    await define_tier(db, policies=())
    for place, number in enumerate(numbers):
        await db.write(complete, number, days_ago=YEAR - (4 + place) / 86_400 if place % 2 else 0)


def certify_one_more(session: Session) -> None:
    """Let somebody whom no writer knows hold a certificate that ends in some seconds."""
    people.create(session, person(PEOPLE + 1))
    complete(session, f"E-{PEOPLE + 1}", days_ago=YEAR - 30 / 86_400)


async def let_all_expire(db: Database, clock: ShiftedClock) -> None:
    """Sweep once more when all that ends soon has ended, also of somebody whom no writer touched."""
    await db.write(certify_one_more)
    clock.advance(timedelta(minutes=1))
    while await db.write(expiry.sweep):
        pass


async def write(db: Database, url: str) -> int:
    """Let all writers write, on PostgreSQL in two processes; returns how many units were kept."""
    if db.dialect == "sqlite":  # one process writes to an SQLite file
        return await write_many(db, WRITERS, seed=1)
    return sum(await asyncio.gather(*(write_in_process(url, WRITERS // 2, seed) for seed in (1, 2))))


@pytest.mark.timeout(180)
async def test_readers_see_each_change_once_and_in_order_while_writers_are_slow_and_fail(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    url = database_url("training")
    db = Database(url, clock)
    try:
        await certify_people(db)
        done = asyncio.Event()
        readers = [asyncio.create_task(follow(db, done)) for _ in range(READERS)]
        kept = await write(db, url)
        await let_all_expire(db, clock)
        done.set()
        first, *others = await asyncio.gather(*readers)

        assert kept > WRITERS * 5
        cursors = [one.cursor for one in first]
        assert cursors == await db.read(entered), "every change that was committed, once and in its place"
        assert all([one.cursor for one in heard] == cursors for heard in others)
        assert {one.change for one in first} >= {"expired", "person_left", "suspended", "reinstated"}
        heard = by_certificate(first)
        of_events = {key: told_by_events(changes) for key, changes in heard.items()}
        assert of_events == await db.read(told), "the feed and the events say the same in the same order"
        replayed = {key: changes[-1].certificate.status for key, changes in heard.items() if changes[-1].certificate}
        assert replayed == await db.read(standing), "who replays the feed knows how it stands"
    finally:
        db.stop()


def entered(session: Session) -> list[str]:
    """Return the cursors of all changes that were committed."""
    rows = session.execute(select(col(CertificateChange.position)).order_by(col(CertificateChange.position)))
    return [encode_cursor(position) for (position,) in rows]


def by_certificate(heard: Sequence[ChangeOut]) -> dict[str, list[ChangeOut]]:
    """Return the changes of each certificate, in the order of the feed."""
    found: dict[str, list[ChangeOut]] = defaultdict(list)
    for one in heard:
        if one.certificate is not None:
            found[one.certificate.id].append(one)
    return found


def told_by_events(heard: Sequence[ChangeOut]) -> list[str]:
    """Return the changes that the certificate's events tell: not that its holder left or is back.

    Fails where a change cannot follow those before it: each was made on what the one before had left.
    """
    assert heard[0].change is Change.ISSUED
    suspended = away = False
    events = [str(heard[0].change)]
    for one in heard[1:]:
        is_back = away and one.certificate is not None and one.certificate.status != "none"
        if one.change is Change.PERSON_LEFT or is_back:
            assert away == is_back
            assert one.change in {Change.PERSON_LEFT, Change.SUSPENDED if suspended else Change.REINSTATED}
            away = not away
            continue
        events.append(str(one.change))
        if one.change in {Change.SUSPENDED, Change.REINSTATED}:
            assert suspended == (one.change is Change.REINSTATED)
            suspended = not suspended
        else:
            assert one.change in {Change.EXPIRING, Change.EXPIRED}
            assert not suspended
            assert not away
    return events


def told(session: Session) -> dict[str, list[str]]:
    """Return what was told of each certificate, in the order of its versions."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    events = select(outbox.c.type, outbox.c.body).where(outbox.c.type.like("training.certificate.%"))
    for event_type, raw in session.execute(events):
        body = orjson.loads(raw)
        what = event_type.split(".")[2]
        if what != "reminder":
            found[body["data"]["id"]].append((body["aggregateversion"], what))
    return {key: [what for _, what in sorted(events)] for key, events in found.items()}


def standing(session: Session) -> dict[str, str]:
    """Return how each certificate stands now."""
    rows = session.execute(select(Certificate, Person).join(Person, col(Person.id) == col(Certificate.person)))
    return {row.id: status_at(row, session.now, person.left_at) for row, person in rows}
