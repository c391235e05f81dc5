"""Counts by group never tell of a department with few people, whoever asks and by whatever they ask."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.monitoring.domain.figures import summary
from services.monitoring.domain.figures.summary import Counts, Place
from services.monitoring.schemas.summary import By
from shared.context import Principal
from shared.db import Database, Session
from tests.monitoring.organisation import KEY, add_person

PEOPLE = {"Board": 2, "Legal": 3, "Press": 5, "Sales": 9, "Care": 20, "Closed": 0}
"""Board, Legal and Press are too small, and enough together; nobody is in Closed any more."""
POSTS = {"Board": 1, "Legal": 10, "Press": 100, "Sales": 1000, "Care": 10_000, "Closed": 100_000}
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def key(*departments: str) -> Principal:
    return replace(KEY, departments=frozenset(departments))


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database with departments of all sizes; each digit of a count says whose posts are in it."""

    def fill(session: Session) -> None:
        number = 0
        counts = Counts()
        for department, people in PEOPLE.items():
            for number in range(number + 1, number + 1 + people):  # noqa: B020  numbers go on
                add_person(session, number, department)
            place = Place(AT, "bluesky", department, "post")
            for found in (place.key(), place.key("p", "tone"), place.key("p", "tone", "brag")):
                counts.add(found, posts=POSTS[department])
        counts.keep(session)

    await db.write(fill)
    return db


async def seen(db: Database, caller: Principal, by: By) -> dict[str | None, int]:
    answer = await db.read(summary.count, by, None, None, caller)
    return {item.key: item.posts for item in answer.items}


async def test_departments_with_few_people_are_shown_as_one(db: Database) -> None:
    assert await seen(db, KEY, "department") == {"Sales": 1000, "Care": 10_000, "other": 100_111}
    assert set((await seen(db, KEY, "section")).values()) == {111_111}


@pytest.mark.parametrize(
    ("departments", "total"),
    [
        (["Legal"], 0),
        (["Board", "Legal", "Press"], 0),
        (["Board", "Legal", "Press", "Closed"], 100_111),
        (["Legal", "Sales"], 1000),
        (["Sales", "Care"], 11_000),
    ],
)
async def test_a_key_gets_counts_of_whole_groups_whatever_it_asks_by(
    db: Database, departments: list[str], total: int
) -> None:
    for by in get_args(By):
        assert sum((await seen(db, key(*departments), by)).values()) == total, by
