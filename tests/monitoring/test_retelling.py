"""What a snapshot tells is what the events led to, also of what has ended."""

from services.monitoring.domain import accounts
from services.monitoring.domain.autonomy import changes
from services.monitoring.domain.coaching import findings, guidance
from services.monitoring.domain.conversations import conversations, replies
from services.monitoring.domain.keeping import holds
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import pauses
from services.monitoring.retelling import snapshots
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.autonomy import AutonomyAppealIn, AutonomyChangeIn
from services.monitoring.schemas.conversations import DeliveryIn, ReplyIn
from services.monitoring.schemas.findings import DismissalIn
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn
from services.monitoring.schemas.keeping import LegalHoldIn, ReleaseIn
from services.monitoring.schemas.pauses import PauseIn
from shared.context import Principal
from shared.db import Database, Session
from shared.pages import PageQuery
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    hire,
    listed,
    post,
    signed_in,
    words_rule,
)
from tests.retelling import retold, told


def trust(session: Session, coach: Principal) -> None:
    """Let a coach say how far E-1 is trusted, and E-1 appeal."""
    level = AutonomyChangeIn(network="mastodon", level="sampled", reason="New here.")
    changes.set_level(session, "E-1", level, coach, None)
    changes.appeal(session, "E-1", AutonomyAppealIn(network="mastodon", reason="Not new."), signed_in(1), None)


def hold(session: Session) -> None:
    """Let there be a hold that stands, one that somebody asked to lift, and one that was lifted."""
    held = [holds.place(session, LegalHoldIn(scope="network", subject=at, reason="Why."), KEY) for at in "xyz"]
    for one in held[:2]:
        holds.ask_release(session, one.id, ReleaseIn(reason="Settled."), signed_in(1))
    holds.confirm_release(session, held[0].id, signed_in(2))


async def live(db: Database) -> None:
    """Let there be something of everything, some of it ended."""
    await db.write(bring_into_force, [words_rule("brag", "tone", "best")])
    await hire(db, 1)
    await db.write(add_person, 2)
    for handle in ("ana", "ana.private"):
        account = AccountIn(network="mastodon", handle=handle, kind="staff", employee_number="E-1")
        kept = await db.write(accounts.register, account, KEY)
    await db.write(accounts.remove, kept.id, KEY)
    for number in range(4):
        await db.write(posts.ingest, [post(f"s-{number}", "We are the best", kind="staff", author="@ana")])
    some = (await db.read(findings.listed, PageQuery(200, None), KEY, findings.Filter())).items
    coach = signed_in(2, "monitoring:read", "monitoring:write")
    given = [
        await db.write(guidance.give, one.id, GuidanceIn(message="Say who you are."), coach, None) for one in some[:2]
    ]
    await db.write(guidance.acknowledge, given[0].id, signed_in(1), None)
    await db.write(guidance.appeal, given[1].id, AppealIn(reason="A quote."), signed_in(1), None)
    await db.write(trust, coach)
    await db.write(findings.dismiss, some[2].id, DismissalIn(reason="Fine."), coach, None)
    await db.write(posts.ingest, [post(f"c-{number}") for number in range(3)])
    first, second, _ = await listed(db)
    sent = await db.write(replies.send, first.id, ReplyIn(text="On its way."), KEY, None)
    await db.write(replies.report, sent.id, DeliveryIn(status="delivered", network_id="n-1"))
    await db.write(replies.send, second.id, ReplyIn(text="We look into it."), KEY, None)
    await db.write(conversations.resolve, first.id, KEY, None)
    over = await db.write(pauses.start, PauseIn(scope="all", reason="Outage."))
    await db.write(pauses.end, over.id)
    await db.write(pauses.start, PauseIn(scope="network:x", reason="Storm."))
    await db.write(hold)


async def test_a_snapshot_tells_the_state_that_the_events_led_to(db: Database) -> None:
    await live(db)
    expected, found = await told(db, snapshots), await retold(db, snapshots)

    removed = {subject for subject, event_type in expected if event_type == "monitoring.account.removed.v1"}
    assert len(removed) == 1
    expected = {key: data for key, data in expected.items() if key[0] not in removed or "removed" in key[1]}
    assert set(found) == set(expected)
    for key, data in expected.items():
        # That a finding was guided or appealed is told by the guidance, and why somebody was chosen only at the time.
        state = {"state": data["state"]} if found[key].get("state") in {"guided", "appealed"} else {}
        why = {"why": None} if "why" in data else {}
        assert {**found[key], **state} == {**data, **why}, key
    states = {data["state"] for data in found.values() if "state" in data}
    assert {"closed", "dismissed", "appealed", "open", "acknowledged", "resolved", "answered", "assigned"} <= states
