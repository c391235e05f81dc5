"""Findings that repeat themselves: a course is proposed once for each pattern, and praise is asked for after corrections."""

import pytest

from services.monitoring import handlers, retelling
from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, guidance, refreshers
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import DismissalIn, FindingOut
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn, GuidanceOut
from services.monitoring.schemas.refreshers import RefreshersIn
from shared.db import Database
from shared.problems import Stale
from tests.evidence import evidence_of
from tests.monitoring.organisation import KEY, add_person, bring_into_force, person_id, post, signed_in, words_rule
from tests.monitoring.test_guidance import ALL, COACH
from tests.monitoring.test_works_council import switch
from tests.retelling import told as told_by

PLAN = RefreshersIn.model_validate({"items": [{"policy": "social-media", "section": "tone", "course": "calm"}]})


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database where nine people of Support write, and E-20 and E-21 are coaches."""
    await db.write(bring_into_force, [words_rule("brag", "tone", "best"), words_rule("leak", "secrets", "code")])
    for number in (*range(1, 10), 20, 21):
        await db.write(add_person, number, "Support" if number < 20 else "Coaches")
    for number in range(1, 10):
        own = AccountIn(network="mastodon", handle=f"e{number}", kind="staff", employee_number=f"E-{number}")
        await db.write(accounts.register, own, KEY)
    await db.write(refreshers.put, PLAN, None)
    return db


async def found(db: Database, author: int, text: str = "We are the best") -> FindingOut:
    """Let somebody write what a rule finds."""
    count = len((await db.read(findings.listed, ALL, KEY, Filter())).items)
    await db.write(posts.ingest, [post(f"p-{count}", text, kind="staff", author=f"@e{author}")])
    return (await db.read(findings.listed, ALL, KEY, Filter())).items[0]


async def guided(db: Database, author: int, text: str = "We are the best", coach: int = 20) -> GuidanceOut:
    """Let a coach say something about it."""
    one = await found(db, author, text)
    said = GuidanceIn(message="Gently.")
    return await db.write(guidance.give, one.id, said, signed_in(coach, *COACH), None)


async def accepted(db: Database, author: int, text: str = "We are the best") -> None:
    """Let the author accept it."""
    await db.write(guidance.acknowledge, (await guided(db, author, text)).id, signed_in(author), None)


async def proposed(db: Database) -> list[tuple[str | None, str | None, str, int]]:
    """Let the clock come round, and return what was proposed."""
    await db.write(handlers.propose_refreshers)
    every = await told_by(db, retelling.snapshots)
    told = [data for (_, kind), data in every.items() if kind == "monitoring.refresher.proposed.v1"]
    return [(one["person"], one["department"], one["course"], one["findings"]) for one in told]


async def test_the_third_finding_in_a_section_that_held_proposes_its_course_once(db: Database) -> None:
    await accepted(db, 1)
    await guided(db, 1)
    await accepted(db, 1, "the code")
    dismissed = await found(db, 1)
    await db.write(findings.dismiss, dismissed.id, DismissalIn(reason="A quote."), signed_in(20, *COACH), None)
    await accepted(db, 1)
    await accepted(db, 2)
    assert await proposed(db) == [], "unanswered, dismissed and other sections' findings do not count"

    confirmed = await guided(db, 1)
    await db.write(guidance.appeal, confirmed.id, AppealIn(reason="Really?"), signed_in(1), None)
    assert await proposed(db) == []
    again = GuidanceIn(message="Yes, really.")
    await db.write(guidance.give, confirmed.finding or "", again, signed_in(21, *COACH), None)
    once = [(person_id(1), None, "calm", 3)]
    assert await proposed(db) == once
    await accepted(db, 1)
    assert await proposed(db) == once, "what led to a proposal leads to no other"
    assert [who for _, _, who in await evidence_of(db, "refresher.propose")] == [person_id(1)]


async def test_a_department_is_proposed_a_course_when_several_of_many_people_had_the_same_finding(
    db: Database,
) -> None:
    for number in (1, 1, 2, 2, 3, 3, 4, 4, 5):
        await accepted(db, number)
    assert await proposed(db) == []
    await accepted(db, 6)
    assert await proposed(db) == [(None, "Support", "calm", 10)]


async def test_of_a_small_department_nothing_is_said(db: Database) -> None:
    for number in (7, 8, 9):
        await db.write(add_person, number, "Legal")
    for number in (1, 1, 2, 2, 3, 3, 4, 4, 5):
        await accepted(db, number)
    await accepted(db, 6)
    assert await proposed(db) == [], "six are left in Support"


async def test_of_people_in_works_council_mode_only_their_department_is_proposed_anything(db: Database) -> None:
    await db.write(switch, "*", True)
    for number in (1, 1, 1, 1, 2, 2, 2, 3, 3, 3):
        await accepted(db, number)
    assert await proposed(db) == [(None, "Support", "calm", 10)]


async def test_refreshers_are_stated_as_a_whole_and_not_over_what_nobody_saw(db: Database) -> None:
    shown = await db.read(refreshers.read)
    assert [(one.section, one.course) for one in shown.items] == [("tone", "calm")]
    assert (shown.person_findings, shown.department_findings, shown.days) == (3, 10, 90)
    with pytest.raises(Stale):
        await db.write(refreshers.put, RefreshersIn(items=[]), shown.revision + 1)
    assert (await db.write(refreshers.put, RefreshersIn(items=[]), shown.revision)).items == []
