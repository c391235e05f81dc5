"""From a finding to its end: a coach takes it on, the person answers, and nobody judges themselves."""

import pytest
from sqlmodel import select

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, guidance, queue
from services.monitoring.domain.coaching.findings import ClaimedByAnother, Filter, NotOpen, OwnFinding
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn, DismissalIn, FindingOut
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn
from shared.context import Principal
from shared.db import Database, Session
from shared.pages import PageQuery
from shared.problems import NotFound, Stale
from shared.tables import evidence_entries, outbox
from tests.monitoring.organisation import KEY, add_person, bring_into_force, post, signed_in, words_rule

ALL = PageQuery(200, None)
COACH = ("monitoring:read", "monitoring:write")
WORDS = GuidanceIn(message="Well meant! Say who you work for.", better_wording="I work there, and I like it.")


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database with a finding about E-1; E-2 and E-3 are coaches."""
    await db.write(bring_into_force, [words_rule("brag", "tone", "best")])
    for number in (1, 2, 3):
        await db.write(add_person, number)
    await db.write(
        accounts.register, AccountIn(network="mastodon", handle="ana", kind="staff", employee_number="E-1"), KEY
    )
    await db.write(posts.ingest, [post("a", "We are the best", kind="staff", author="@ana")])
    return db


async def finding(db: Database) -> FindingOut:
    (one,) = (await db.read(findings.listed, ALL, KEY, Filter())).items
    return one


def events(session: Session) -> list[str]:
    types = session.execute(select(outbox.c.type).order_by(outbox.c.seq)).scalars()
    later = [kind for kind in types if not kind.startswith(("monitoring.account.", "monitoring.post."))]
    return [kind.removeprefix("monitoring.").removesuffix(".v1") for kind in later]


async def test_guidance_is_acknowledged_and_the_finding_closed_each_step_told_once_and_proven(db: Database) -> None:
    opened = await finding(db)
    assert (opened.state, opened.person, opened.span.start, opened.span.end) == ("open", "E-1", 11, 15)
    await db.write(findings.claim, opened.id, ClaimIn(), signed_in(2, *COACH), opened.revision)
    await db.write(findings.claim, opened.id, ClaimIn(), signed_in(2, *COACH), None)
    given = await db.write(guidance.give, opened.id, WORDS, signed_in(2, *COACH), None)
    assert (given.person, given.coach, given.state) == ("E-1", "E-2", "given")
    await db.write(guidance.acknowledge, given.id, signed_in(1), given.revision)
    await db.write(guidance.acknowledge, given.id, signed_in(1), None)

    assert (await finding(db)).state == "closed"
    assert await db.read(events) == [
        "finding.opened",
        "finding.claimed",
        "guidance.given",
        "guidance.acknowledged",
        "finding.closed",
    ]
    proven = await db.read(lambda session: "".join(session.execute(select(evidence_entries.c.body)).scalars()))
    assert all(action in proven for action in ("finding.claim", "guidance.give", "guidance.acknowledge"))


async def test_an_appeal_goes_to_another_coach(db: Database) -> None:
    opened = await finding(db)
    given = await db.write(guidance.give, opened.id, WORDS, signed_in(2, *COACH), None)
    await db.write(guidance.appeal, given.id, AppealIn(reason="It was a quote."), signed_in(1), None)
    assert (await finding(db)).state == "appealed"
    with pytest.raises(ClaimedByAnother):
        await db.write(findings.claim, opened.id, ClaimIn(), signed_in(2, *COACH), None)
    dismissed = await db.write(
        findings.dismiss, opened.id, DismissalIn(reason="A quote indeed."), signed_in(3, *COACH), None
    )
    assert (dismissed.state, dismissed.coach, dismissed.reason) == ("dismissed", "E-3", "A quote indeed.")
    with pytest.raises(guidance.GuidanceAnswered):
        await db.write(guidance.acknowledge, given.id, signed_in(1), None)
    with pytest.raises(NotOpen):
        await db.write(findings.claim, opened.id, ClaimIn(), signed_in(3, *COACH), None)


async def test_an_appeal_is_looked_at_though_an_edit_has_mended_the_post(db: Database) -> None:
    given = await db.write(guidance.give, (await finding(db)).id, WORDS, signed_in(2, *COACH), None)
    await db.write(posts.ingest, [post("a", "We are good", kind="staff", author="@ana")])
    assert (await finding(db)).state == "closed"
    await db.write(guidance.appeal, given.id, AppealIn(reason="It was a quote."), signed_in(1), None)

    listed = await db.read(queue.waiting, ALL, signed_in(3, *COACH), queue.Wanted(), None)
    assert [(one.id, one.state) for one in listed.items] == [(given.finding, "appealed")]
    own = await db.read(queue.waiting, ALL, signed_in(2, *COACH), queue.Wanted(), None)
    assert own.items == []


async def test_nobody_handles_a_finding_about_themselves(db: Database) -> None:
    opened = await finding(db)
    with pytest.raises(OwnFinding):
        await db.write(findings.claim, opened.id, ClaimIn(), signed_in(1, *COACH), None)
    with pytest.raises(OwnFinding):
        await db.write(findings.dismiss, opened.id, DismissalIn(reason="Fine.", employee_number="E-1"), KEY, None)


async def test_a_claim_made_on_an_older_state_is_refused(db: Database) -> None:
    opened = await finding(db)
    await db.write(findings.claim, opened.id, ClaimIn(), signed_in(2, *COACH), opened.revision)
    with pytest.raises(Stale):
        await db.write(findings.claim, opened.id, ClaimIn(), signed_in(3, *COACH), opened.revision)
    with pytest.raises(ClaimedByAnother):
        await db.write(findings.claim, opened.id, ClaimIn(), signed_in(3, *COACH), None)


async def test_a_person_sees_and_answers_only_what_concerns_them(db: Database) -> None:
    given = await db.write(guidance.give, (await finding(db)).id, WORDS, signed_in(2, *COACH), None)
    assert [one.id for one in (await db.read(guidance.listed, ALL, signed_in(1), None, None)).items] == [given.id]
    assert (await db.read(guidance.listed, ALL, signed_in(3), "E-1", None)).items == []
    assert (await db.read(findings.listed, ALL, signed_in(3), Filter())).items == []
    for colleague in (signed_in(3), signed_in(2, *COACH)):
        with pytest.raises(NotFound):
            await db.write(guidance.acknowledge, given.id, colleague, None)


async def test_a_coach_who_is_no_person_here_answers_no_guidance(db: Database) -> None:
    given = await db.write(guidance.give, (await finding(db)).id, WORDS, signed_in(2, *COACH), None)
    nobody = Principal("person:coach", scopes=frozenset({"self", *COACH}))
    with pytest.raises(NotFound):
        await db.write(guidance.acknowledge, given.id, nobody, None)


async def test_a_key_for_another_department_finds_nothing(db: Database) -> None:
    opened = await finding(db)
    other = Principal("key:legal", scopes=frozenset(COACH), departments=frozenset({"Legal"}))
    assert (await db.read(findings.listed, ALL, other, Filter())).items == []
    with pytest.raises(NotFound):
        await db.read(findings.read, opened.id, other)
    with pytest.raises(NotFound):
        await db.write(findings.claim, opened.id, ClaimIn(), other, None)
