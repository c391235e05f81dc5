"""Which replies a connector of ours sends next: what waits holds up no other."""

from typing import Any

from sqlalchemy import event, text

from services.monitoring.domain.conversations import replies, sending
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import pauses
from services.monitoring.schemas.conversations import ReplyIn
from services.monitoring.schemas.pauses import PauseIn
from services.monitoring.tables import metadata
from shared.db import Database, Session
from tests.monitoring.organisation import KEY, hire, listed, post

AT = "at://did:plc:kim/app.bsky.feed.post/"
WAITING = 21
"""More than are sent at once."""


async def answered(db: Database, *languages: str) -> list[str]:
    """Let customers write in these languages, and answer each; returns the replies, the first customer's first."""
    await hire(db, 1, languages=["de", "en"], capacity=100, weekly_minutes=10_000)
    mentions = [post(f"{AT}{n}", network="bluesky", lang=lang) for n, lang in enumerate(languages)]
    await db.write(posts.ingest, mentions)
    said = ReplyIn(text="It is on its way.")
    ones = (await listed(db))[::-1]
    return [(await db.write(replies.send, one.id, said, KEY, None)).id for one in ones]


async def due(db: Database, *but: str) -> list[str]:
    return [one.id for one in await db.read(sending.due, "bluesky", "at://", but)]


async def test_replies_that_a_pause_holds_back_keep_no_other_from_being_sent(db_on_both: Database) -> None:
    sent = await answered(db_on_both, *["de"] * WAITING, "en")
    assert await due(db_on_both) == sent[:20]

    pause = await db_on_both.write(pauses.start, PauseIn(scope="language:de-CH", reason="A storm."))
    assert pause.scope == "language:de"
    assert await due(db_on_both) == sent[WAITING:]

    await db_on_both.write(pauses.start, PauseIn(scope="topic:boats", reason="A storm."))
    assert await due(db_on_both) == sent[WAITING:]
    await db_on_both.write(pauses.start, PauseIn(scope="all", reason="A storm."))
    assert await due(db_on_both) == []


async def test_replies_that_wait_for_another_attempt_keep_no_other_from_being_sent(db: Database) -> None:
    sent = await answered(db, *["en"] * (WAITING + 1))
    assert await due(db, *sent[:WAITING]) == sent[WAITING:]


def make_history(session: Session, replies: int) -> None:
    """Let so many replies have been sent, of which two wait."""
    now = session.now
    conversation = {"network": "bluesky", "customer": "@kim", "kind": "other", "urgency": 1, "state": "answered"}
    conversation |= {"opened_at": now, "queued_at": now, "passed_over": [], "given_back": [], "overdue": False}
    reply = {"person": "p", "text": "Soon.", "approved_at": now, "changed_at": now, "awaits_customer": False}
    made: dict[str, list[dict[str, object]]] = {"conversations": [], "messages": [], "replies": []}
    for number in range(replies):
        of = {"conversation": f"c-{number:06}", "revision": 1}
        made["conversations"].append({**conversation, "id": of["conversation"], "thread": str(number), "revision": 1})
        message = {"network_id": f"{AT}{number}", "author": "@kim", "text": "Hello?", "sent_at": now}
        made["messages"].append({**message, "id": f"m-{number:06}", "conversation": of["conversation"]})
        status = "approved" if number >= replies - 2 else "delivered"
        made["replies"].append({**reply, **of, "id": f"r-{number:06}", "status": status, "times_told": 1})
    for table, rows in made.items():
        session.execute(metadata.tables[table].insert(), rows)


def plan(session: Session) -> str:
    """Return how the database looks for what is to be sent."""
    connection = session.connection()
    asked: list[tuple[str, Any]] = []
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    assert len(sending.due(session, "bluesky", AT)) == 2
    statement, values = next((said, values) for said, values in asked if "messages" in said)
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {statement}", values))


async def test_what_is_to_be_sent_is_found_without_a_look_at_all_that_was(
    db_on_both: Database, database_kind: str
) -> None:
    await db_on_both.write(make_history, 3000)
    plans = [await db_on_both.read(plan)] if database_kind == "sqlite" else []
    await db_on_both.write(lambda session: session.execute(text("ANALYZE")))
    for found in [*plans, await db_on_both.read(plan)]:
        assert "replies_status" in found
        assert "Seq Scan on replies" not in found
        assert "SCAN replies" not in found
        assert "TEMP B-TREE" not in found, "nor sorted"
