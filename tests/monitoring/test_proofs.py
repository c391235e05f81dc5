"""What monitoring did is in its evidence: posts that came in, findings, conversations pushed, returned and taken."""

import hashlib
from datetime import timedelta

from sqlalchemy import select

from services.monitoring.domain import accounts
from services.monitoring.domain.conversations import inbound
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import assignments, sweeping
from services.monitoring.handlers import part_with_leaver
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.conversations import ConversationIn
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.training import PersonLeftV1
from shared.evidence import digest_of
from shared.tables import outbox
from tests.evidence import evidence_of
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    hire,
    only,
    person_id,
    post,
    words_rule,
)


async def test_one_entry_stands_for_all_that_a_call_brought_and_none_for_what_was_known(db: Database) -> None:
    bodies = [post(str(number), f"Text {number}") for number in range(3)]
    answers = await db.write(posts.ingest, bodies)
    await db.write(posts.ingest, bodies)
    (edited,) = await db.write(posts.ingest, [post("1", "Another text")])

    def digest(*pairs: tuple[str | None, str]) -> str:
        lines = sorted(f"{one} {hashlib.sha256(text.encode()).hexdigest()}\n" for one, text in pairs)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    first, second = await evidence_of(db, "posts.ingest")
    assert first[1:] == (digest(*((answer.id, f"Text {number}") for number, answer in enumerate(answers))), None)
    assert second[1:] == (digest((edited.id, "Another text")), None)


async def test_a_finding_is_proved_with_the_text_it_rests_on_and_whom_it_concerns(db: Database) -> None:
    await db.write(add_person, 1)
    await db.write(bring_into_force, [words_rule("no-thanks", "tone", "please")])
    account = AccountIn(network="mastodon", handle="@ana", kind="staff", employee_number="E-1")
    await db.write(accounts.register, account, KEY)
    texts = ["Oh please", "Lovely weather"]
    bodies = [post(text, text, kind="staff", author="@ana") for text in texts]
    await db.write(posts.ingest, bodies)
    await db.write(posts.ingest, bodies)

    ((subject, content, who),) = await evidence_of(db, "finding.open")
    assert (subject.split("/")[0], content, who) == ("finding", digest_of("Oh please"), person_id(1))

    await db.write(lambda session: part_with_leaver(PersonLeftV1(id=person_id(1), left_at=session.now), session))
    assert [who for _, _, who in await evidence_of(db, "account.remove")] == [person_id(1)]
    assert await db.read(told_of_accounts) == ["monitoring.account.registered.v1", "monitoring.account.removed.v1"]


def told_of_accounts(session: Session) -> list[str]:
    """Return the types of what was told of accounts, in order."""
    told = select(outbox.c.type).where(outbox.c.aggregate.like("account/%")).order_by(outbox.c.seq)
    return list(session.execute(told).scalars())


async def test_a_pushed_conversation_is_proved_once_by_its_content(db: Database) -> None:
    message = {"network_id": "m-1", "text": "Where is my parcel?"}
    thread = ConversationIn.model_validate(
        {"network": "email", "thread": "t-1", "customer": "C-7", "messages": [message]}
    )
    for body in (thread, thread, thread.model_copy(update={"thread": "t-2", "messages": []})):
        await db.write(inbound.push, body)
    first, second = await evidence_of(db, "conversation.push")
    assert first[1:] == (digest_of(thread), None)
    assert second[1] != first[1]


async def test_a_conversation_that_goes_back_by_its_deadline_is_proved_with_whom_it_was_with(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("a")])
    clock.advance(timedelta(minutes=16))
    await db.write(sweeping.sweep)
    await db.write(sweeping.sweep)

    conversation = await only(db)
    assert conversation.state == "queued"
    assert await evidence_of(db, "conversation.return") == [
        (f"conversation/{conversation.id}", digest_of(assignments.SILENT), person_id(1))
    ]
