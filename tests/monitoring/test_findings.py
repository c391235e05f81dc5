"""What opens a finding, what mends it, and by what was so when the post was written."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, outcomes
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.figures import summary
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn, FindingOut
from services.monitoring.schemas.posts import PostIn
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.policy import RuleText
from shared.pages import PageQuery
from shared.tables import outbox
from tests.monitoring.organisation import (
    KEY,
    add_person,
    bring_into_force,
    certify,
    post,
    signed_in,
    suspend,
    words_rule,
)

ALL = PageQuery(200, None)
BRAG = words_rule("brag", "tone", "best")
COACH = signed_in(2, "monitoring:read", "monitoring:write")


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database where E-1 has registered @ana; E-2 is a coach."""
    for number in (1, 2):
        await db.write(add_person, number)
    own = AccountIn(network="mastodon", handle="ana", kind="staff", employee_number="E-1")
    await db.write(accounts.register, own, KEY)
    return db


def by_ana(network_id: str, text: str, at: datetime | None = None) -> PostIn:
    """Return a post of hers."""
    changes = {"posted_at": at} if at is not None else {}
    return post(network_id, text, kind="staff", author="@ana", **changes)


async def found(db: Database) -> list[FindingOut]:
    return (await db.read(findings.listed, ALL, KEY, Filter())).items


def with_line(rule: RuleText, line: str) -> RuleText:
    """Return a rule that says one thing more."""
    return RuleText(id=rule.id, section=rule.section, yaml=f"{rule.yaml}{line}\n")


def told_of_findings(session: Session) -> list[str]:
    types = session.execute(select(outbox.c.type).order_by(outbox.c.seq)).scalars()
    return [each.split(".")[2] for each in types if each.startswith("monitoring.finding.")]


async def test_an_edit_that_mends_a_post_closes_its_finding_and_one_that_breaks_it_again_opens_the_same(
    db: Database,
) -> None:
    await db.write(bring_into_force, [BRAG, words_rule("haste", "tone", "now")])
    await db.write(posts.ingest, [by_ana("a", "We are the best")])
    (opened,) = await found(db)
    await db.write(findings.claim, opened.id, ClaimIn(), COACH, None)
    await db.write(posts.ingest, [by_ana("a", "We do well, now")])
    closed, haste = sorted(await found(db), key=lambda one: one.rule)
    assert (closed.id, closed.state, closed.mended, closed.claimed_at) == (opened.id, "closed", True, None)
    assert (haste.rule, haste.state) == ("haste", "open")

    await db.write(posts.ingest, [by_ana("a", "Now we are simply the best")])
    again, haste = sorted(await found(db), key=lambda one: one.rule)
    assert (again.id, again.state, again.coach, again.span.start) == (opened.id, "open", None, 22)
    assert (haste.state, haste.span.start) == ("open", 0)
    assert await db.read(told_of_findings) == ["opened", "claimed", "closed", "opened", "opened"]


async def test_an_edit_mends_nothing_of_a_rule_that_is_no_longer_asked(db: Database) -> None:
    await db.write(bring_into_force, [BRAG])
    await db.write(posts.ingest, [by_ana("a", "We are the best")])
    await db.write(bring_into_force, [words_rule("haste", "tone", "now")], 2)
    await db.write(posts.ingest, [by_ana("a", "We do well")])
    assert [one.state for one in await found(db)] == ["open"]


async def test_a_publication_opens_nothing_on_what_was_posted_before(db: Database) -> None:
    await db.write(posts.ingest, [by_ana("a", "We are the best")])
    await db.write(bring_into_force, [BRAG])
    await db.write(posts.ingest, [by_ana("a", "We are the best")])
    assert await found(db) == []


async def test_what_the_law_protects_opens_no_finding_and_an_edit_towards_it_closes_one(db: Database) -> None:
    await db.write(bring_into_force, [BRAG])
    await db.write(posts.ingest, [by_ana("a", "The best joke: our pay. We earn too little, and our union says so")])
    assert await found(db) == []
    await db.write(posts.ingest, [by_ana("b", "We are the best")])
    await db.write(posts.ingest, [by_ana("b", "We are the best paid? Our wages are a joke, join the union")])
    assert [one.state for one in await found(db)] == ["closed"]


async def test_a_rule_on_trial_is_counted_once_a_post_and_opens_nothing(db: Database) -> None:
    await db.write(bring_into_force, [with_line(BRAG, "mode: shadow"), words_rule("haste", "tone", "now")])
    (waiting,) = (await db.read(outcomes.on_trial, None)).items
    assert (waiting.rule, waiting.posts) == ("brag", 0)
    for text in ("We are the best", "We are the best!", "The best of all"):
        await db.write(posts.ingest, [by_ana("a", text)])
    await db.write(posts.ingest, [by_ana("b", "best")])
    assert await found(db) == []
    assert [one.findings for one in (await db.read(summary.count, "rule", None, None, KEY)).items] == []
    (counted,) = (await db.read(outcomes.on_trial, "social-media")).items
    assert (counted.rule, counted.posts, counted.section) == ("brag", 2, "tone")


async def test_a_post_is_judged_by_the_department_and_the_certificates_of_its_time(
    db: Database, clock: ShiftedClock
) -> None:
    sales = with_line(BRAG, "").yaml.replace("{kinds: [post, reply]}", "{departments: [Sales]}")
    juniors = words_rule("haste", "tone", "now").yaml.replace(
        "{kinds: [post, reply]}", "{without_certification: [responder]}"
    )
    rules = [RuleText(id="brag", section="tone", yaml=sales), RuleText(id="haste", section="tone", yaml=juniors)]
    await db.write(bring_into_force, rules)
    before = clock.now()
    issued = before - timedelta(days=30)
    await db.write(certify, 1, issued_at=issued)
    clock.advance(timedelta(days=10))
    await db.write(add_person, 1, "Sales")
    await db.write(suspend, 1, issued_at=issued)
    clock.advance(timedelta(days=10))
    await db.write(posts.ingest, [by_ana("then", "The best, now", before)])
    assert await found(db) == []
    await db.write(posts.ingest, [by_ana("since", "The best, now", clock.now())])
    assert sorted((one.rule, one.department) for one in await found(db)) == [("brag", "Sales"), ("haste", "Sales")]
    await db.write(certify, 1, issued_at=issued)
    clock.advance(timedelta(days=1))
    await db.write(posts.ingest, [by_ana("later", "Hurry up now", clock.now())])
    assert len(await found(db)) == 2
