"""A post that was deleted at its network stays as history, and nobody works on it any more."""

from datetime import UTC, datetime, timedelta

import pytest

from services.monitoring.domain.coaching import findings
from services.monitoring.domain.posts import intake, showing
from services.monitoring.schemas.posts import DeletionIn, Item, PostAnswer, read_post
from shared.db import Database, Session
from shared.pages import PageQuery
from shared.tables import outbox
from tests.evidence import evidence_of
from tests.monitoring.organisation import KEY, bring_into_force, hire, listed, open_count, post, words_rule

PAGE = PageQuery(200, None)


@pytest.fixture
def db(db_on_both: Database) -> Database:
    return db_on_both


async def send(db: Database, *items: Item, source: str | None = None) -> list[PostAnswer]:
    return await db.write(intake.take_in, items, source)


def deletion(network_id: str, **more: object) -> DeletionIn:
    return DeletionIn.model_validate({"network": "mastodon", "network_id": network_id, **more})


def told(session: Session) -> list[str]:
    return [row.type for row in session.execute(outbox.select()) if "deleted" in row.type]


async def test_a_deleted_post_is_history_its_findings_end_and_it_is_told_once(db: Database) -> None:
    await db.write(bring_into_force, [words_rule("no-thanks", "tone", "please")])
    (kept,) = await send(db, post("1", "please", kind="staff"))
    answers = [*await send(db, deletion("1")), *await send(db, deletion("1"), deletion("2"))]
    assert [(one.status, one.reason) for one in answers] == [
        ("accepted", "deleted"),
        ("duplicate", "deleted"),
        ("rejected", "there is no such post"),
    ]
    shown = await db.read(showing.read, kept.id or "", KEY)
    assert (shown.text, shown.deleted_at is not None, shown.revision) == ("please", True, 2)
    assert (await send(db, post("1", "please, again", kind="staff")))[0].status == "duplicate"
    (finding,) = (await db.read(findings.listed, PAGE, KEY, findings.Filter())).items
    assert finding.state == "closed"
    assert await db.read(told) == ["monitoring.post.deleted.v1"]
    assert [one[0] for one in await evidence_of(db, "post.delete")] == [f"post/{kept.id}"]


async def test_a_conversation_ends_with_the_last_post_that_asked_for_it_unless_somebody_answered(db: Database) -> None:
    await hire(db, 1)
    await send(db, post("1", author="@ann", lang="en"), post("2", author="@ann", lang="en"))
    await send(db, deletion("1"))
    (one,) = await listed(db)
    assert one.state == "assigned"
    await send(db, deletion("2"))
    (one,) = await listed(db)
    assert one.state == "resolved"
    assert await db.read(open_count, 1) == 0


async def test_a_source_deletes_and_edits_only_what_it_brought_and_nobody_edits_in_anothers_name(db: Database) -> None:
    here = "00000000-0000-7000-8000-00000000000a"
    await send(db, post("1", "mine", author="@ann"))
    (refused,) = await send(db, deletion("1"), source=here)
    assert (refused.status, refused.reason) == ("rejected", "the post came from elsewhere")
    (forged,) = await send(db, post("1", "not mine", author="@eve"))
    assert (forged.status, forged.reason) == ("rejected", "another author's post has this id")
    (edited,) = await send(db, post("1", "mine still", author="ANN"))
    assert (edited.status, edited.reason) == ("accepted", "edited")


async def test_a_post_and_its_deletion_in_one_call_are_kept_in_this_order(db: Database) -> None:
    first, second = await send(db, deletion("1"), post("1"))
    assert (first.status, second.status) == ("accepted", "accepted")
    assert first.id == second.id


def test_an_item_is_a_deletion_only_if_it_says_so_and_nothing_else() -> None:
    assert isinstance(read_post(b'{"network": "x", "network_id": "1", "deleted": true}'), DeletionIn)
    for bad in (
        b'{"network": "x", "network_id": "1", "deleted": false}',
        b'{"network": "x", "network_id": "1", "deleted": true, "text": "?"}',
        b'{"network": "x", "deleted": true}',
        b"[1]",
        b"\xff\xfe",
    ):
        answer = read_post(bad)
        assert isinstance(answer, PostAnswer)
        assert answer.status == "rejected"


async def test_a_deletion_from_tomorrow_happened_now(db: Database) -> None:
    (kept,) = await send(db, post("1"))
    await send(db, deletion("1", deleted_at=(datetime.now(UTC) + timedelta(days=1)).isoformat()))
    shown = await db.read(showing.read, kept.id or "", KEY)
    assert shown.deleted_at is not None
    assert shown.deleted_at < datetime.now(UTC) + timedelta(minutes=1)
