"""What a post answers, as far as it came in: read beside the post by whoever may see it."""

import pytest

from services.monitoring.domain.posts import posts, showing
from shared.db import Database
from shared.problems import NotFound
from tests.monitoring.organisation import KEY, add_person, post, signed_in


async def take(db: Database, name: str, to: str | None = None) -> str:
    """Take in a post and return its id."""
    (answer,) = await db.write(posts.ingest, [post(name, f"Word of {name}", in_reply_to=to)])
    assert answer.id is not None
    return answer.id


async def test_a_post_stands_after_those_that_it_answers_the_oldest_first(db: Database) -> None:
    await take(db, "first")
    await take(db, "second", "first")
    await take(db, "beside", "first")
    last = await take(db, "last", "second")

    found = await db.read(showing.thread, last, KEY)
    assert [one.network_id for one in found.items] == ["first", "second", "last"]


async def test_posts_that_answer_each_other_end_somewhere_and_so_does_a_long_talk(db: Database) -> None:
    await take(db, "hen", "egg")
    egg = await take(db, "egg", "hen")
    assert [one.network_id for one in (await db.read(showing.thread, egg, KEY)).items] == ["hen", "egg"]

    long = [await take(db, f"p{number}", f"p{number - 1}") for number in range(1, 16)]
    assert len((await db.read(showing.thread, long[-1], KEY)).items) == showing.BEFORE + 1


async def test_who_may_not_see_a_post_sees_no_thread_of_it(db: Database) -> None:
    await db.write(add_person, 1)
    with pytest.raises(NotFound):
        await db.read(showing.thread, await take(db, "of-a-customer"), signed_in(1))
