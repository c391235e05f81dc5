"""Which replies a connector of ours sends next: what waits holds up no other."""

from services.monitoring.domain.conversations import replies, sending
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import pauses
from services.monitoring.schemas.conversations import ReplyIn
from services.monitoring.schemas.pauses import PauseIn
from shared.db import Database
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
