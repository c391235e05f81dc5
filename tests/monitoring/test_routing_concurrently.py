"""Many transactions hand out conversations at once, and still nobody is given more than they have room for."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlmodel import select

from services.monitoring.domain.conversations import conversations, showing
from services.monitoring.domain.posts import posts
from services.monitoring.tables import Availability
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.pages import PageQuery
from tests.conftest import DatabaseUrl
from tests.monitoring.organisation import KEY, hire, post

PEOPLE = range(1, 9)
CAPACITY = 4


@pytest.fixture
def replicas(database_url: DatabaseUrl, clock: ShiftedClock, database_kind: str) -> Iterator[list[Database]]:
    url = database_url("monitoring")
    opened = [Database(url, clock) for _ in range(3 if database_kind == "postgresql" else 1)]
    yield opened
    for database in opened:
        database.stop()


def open_counts(session: Session) -> dict[str, int]:
    return {row.person: row.open for row in session.execute(select(Availability)).scalars()}


async def test_concurrent_mentions_fill_everybody_up_to_their_room_and_nobody_beyond(replicas: list[Database]) -> None:
    await hire(replicas[0], *PEOPLE, capacity=CAPACITY)
    writes = [
        replicas[number % len(replicas)].write(posts.ingest, [post(f"{number}-{n}") for n in range(2)])
        for number in range(30)
    ]
    await asyncio.gather(*writes)

    page = await replicas[0].read(showing.listed, PageQuery(200, None), KEY, showing.Filter())
    given = Counter(one.assignee for one in page.items if one.state == "assigned")
    assert len(page.items) == 60
    assert given == {f"E-{number}": CAPACITY for number in PEOPLE}
    assert set((await replicas[0].read(open_counts)).values()) == {CAPACITY}


async def test_concurrent_resolutions_bring_each_queued_conversation_to_exactly_one_person(
    replicas: list[Database],
) -> None:
    await hire(replicas[0], *PEOPLE, capacity=CAPACITY)
    await replicas[0].write(posts.ingest, [post(str(number)) for number in range(60)])
    page = await replicas[0].read(showing.listed, PageQuery(200, None), KEY, showing.Filter("assigned"))
    await asyncio.gather(
        *(
            replicas[place % len(replicas)].write(conversations.resolve, one.id, KEY, None)
            for place, one in enumerate(page.items)
        )
    )

    left = await replicas[0].read(showing.listed, PageQuery(200, None), KEY, showing.Filter())
    states = Counter(one.state for one in left.items)
    assert states == {"resolved": 32, "assigned": 28}
    given = Counter(one.assignee for one in left.items if one.state == "assigned")
    assert {
        f"00000000-0000-7000-8000-{int(who.removeprefix('E-')):012d}": number for who, number in given.items() if who
    } == {person: number for person, number in (await replicas[0].read(open_counts)).items() if number}
