"""Which finding a coach gets next, and how nobody is left alone with too much of it."""

from datetime import timedelta

import pytest

from services.monitoring import handlers
from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, guidance, openings, queue
from services.monitoring.domain.coaching.queue import Wanted
from services.monitoring.domain.posts import posts, showing
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn, DismissalIn, NextIn, OpeningIn, QueueOut, ReleaseIn
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn
from services.monitoring.settings import terms
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database
from shared.events.policy import RuleText
from shared.events.training import PersonLeftV1
from shared.pages import PageQuery, decode_cursor
from shared.problems import Stale
from tests.monitoring.organisation import KEY, add_person, bring_into_force, person_id, post, signed_in, words_rule

ALL = PageQuery(200, None)
NEXT = NextIn()


def coach(number: int) -> Principal:
    return signed_in(number, "monitoring:read", "monitoring:write")


def disturbing(rule: RuleText) -> RuleText:
    return RuleText(id=rule.id, section=rule.section, yaml=f"{rule.yaml}disturbing: true\n")


@pytest.fixture
async def db(db_on_both: Database) -> Database:
    """Open a database where E-1 posts; E-2, whose manager is E-1, and E-3 and E-4 are coaches; E-4 reads German."""
    db = db_on_both
    brag, leak = words_rule("brag", "tone", "best"), words_rule("leak", "secrets", "code", severity="block")
    await db.write(bring_into_force, [brag, leak, disturbing(words_rule("gore", "care", "blood", severity="hold"))])
    await db.write(add_person, 1)
    await db.write(add_person, 2, manager=1)
    await db.write(add_person, 3)
    await db.write(add_person, 4, languages=("de",))
    for number in (1, 3):
        own = AccountIn(network="mastodon", handle=f"e{number}", kind="staff", employee_number=f"E-{number}")
        await db.write(accounts.register, own, KEY)
    return db


async def write(db: Database, text: str, author: int = 1, **changes: object) -> None:
    """Take in a post by somebody of ours, and let a little time pass as posts do."""
    one = post(f"{author}-{text}-{changes}", text, kind="staff", author=f"@e{author}", **changes)
    await db.write(posts.ingest, [one])


async def waiting(db: Database, number: int, paging: PageQuery = ALL, **wanted: object) -> QueueOut:
    return await db.read(queue.waiting, paging, coach(number), Wanted(**wanted), None)  # type: ignore[arg-type]


async def test_the_gravest_waits_first_and_of_those_the_oldest_page_by_page(db: Database) -> None:
    for text in ("one of the best", "the code", "two of the best", "more code"):
        await write(db, text)
    listed = await waiting(db, 3)
    assert [one.text for one in listed.items] == ["the code", "more code", "one of the best", "two of the best"]
    pages, after = [], None
    while True:
        page = await waiting(db, 3, PageQuery(1, after))
        pages += [one.text for one in page.items]
        if page.next_cursor is None:
            break
        after = decode_cursor(page.next_cursor)
    assert pages == [one.text for one in listed.items]
    for text in ("the code", "more code", "one of the best"):
        claimed = await db.write(queue.claim_next, NEXT, coach(3))
        assert (claimed.coach, claimed.state) == ("E-3", "claimed"), text
    assert [one.text for one in (await waiting(db, 3)).items] == ["two of the best"]


async def test_nobody_is_offered_or_handles_what_is_about_them_or_their_manager(db: Database) -> None:
    await write(db, "the best")
    await write(db, "best of all", author=3)
    assert [one.person for one in (await waiting(db, 3)).items] == ["E-1"]
    assert [one.person for one in (await waiting(db, 2)).items] == ["E-3"]
    (about_manager,) = (await waiting(db, 3)).items
    for attempt in (
        db.write(findings.claim, about_manager.id, ClaimIn(), coach(2), None),
        db.write(findings.dismiss, about_manager.id, DismissalIn(reason="Fine.", employee_number="E-2"), KEY, None),
        db.write(openings.show_text, about_manager.id, OpeningIn(), coach(2)),
    ):
        with pytest.raises(findings.ManagersFinding):
            await attempt
    await db.write(queue.claim_next, NEXT, coach(2))
    with pytest.raises(queue.NothingWaiting):
        await db.write(queue.claim_next, NEXT, coach(2))


async def test_a_coach_is_offered_what_they_can_read_and_told_what_else_waits(db: Database) -> None:
    await write(db, "best one", lang="en")
    await write(db, "best eins", lang="de-AT")
    await write(db, "best", lang=None)
    german = await waiting(db, 4)
    assert ([one.text for one in german.items], german.other_languages) == (["best eins", "best"], 1)
    assert [one.text for one in (await waiting(db, 4, languages=("*",))).items] == ["best one", "best eins", "best"]
    assert [one.text for one in (await waiting(db, 4, languages=("en",))).items] == ["best one", "best"]


async def test_a_coach_with_enough_in_hand_gets_no_more_until_one_is_given_back(db: Database) -> None:
    for number in range(terms().coach_capacity + 1):
        await write(db, f"best {number}")
    for _ in range(terms().coach_capacity):
        last = await db.write(queue.claim_next, NEXT, coach(3))
    with pytest.raises(queue.EnoughInHand):
        await db.write(queue.claim_next, NEXT, coach(3))
    assert (await waiting(db, 3)).in_hand == terms().coach_capacity
    mine = findings.Filter(in_hand=True)
    theirs = [await db.read(findings.listed, ALL, coach(number), mine) for number in (3, 4)]
    assert [len(page.items) for page in theirs] == [terms().coach_capacity, 0]
    with pytest.raises(Stale):
        await db.write(findings.release, last.id, ReleaseIn(), coach(3), last.revision - 1)
    with pytest.raises(findings.NotInHand):
        await db.write(findings.release, last.id, ReleaseIn(), coach(4), None)
    released = await db.write(findings.release, last.id, ReleaseIn(), coach(3), last.revision)
    assert (released.state, released.coach) == ("open", None)
    assert (await db.write(queue.claim_next, NEXT, coach(3))).id == last.id


async def test_what_lies_too_long_or_is_with_a_leaver_waits_for_another_coach(
    db: Database, clock: ShiftedClock
) -> None:
    await write(db, "best one")
    await write(db, "best two")
    first = await db.write(queue.claim_next, NEXT, coach(3))
    clock.advance(terms().claim_for / 2)
    second = await db.write(queue.claim_next, NEXT, coach(3))
    clock.advance(terms().claim_for / 2)
    await db.write(handlers.return_what_lies_too_long)
    assert [one.id for one in (await waiting(db, 3)).items] == [first.id]
    left = PersonLeftV1(id=person_id(3), left_at=clock.now())
    await db.write(lambda session: handlers.part_with_leaver(left, session))
    assert {one.id for one in (await waiting(db, 4, languages=("*",))).items} == {first.id, second.id}


async def test_an_appeal_that_is_given_back_still_waits_for_another_coach(db: Database) -> None:
    await write(db, "the best")
    (one,) = (await waiting(db, 3)).items
    given = await db.write(guidance.give, one.id, GuidanceIn(message="Hm."), coach(3), None)
    await db.write(guidance.appeal, given.id, AppealIn(reason="A quote."), signed_in(1), None)
    everything = NextIn(languages=["*"])
    claimed = await db.write(queue.claim_next, everything, coach(4))
    released = await db.write(findings.release, claimed.id, ReleaseIn(), coach(4), None)
    assert released.state == "appealed"
    assert (await waiting(db, 3)).items == []
    assert (await db.write(queue.claim_next, everything, coach(4))).id == one.id


async def test_what_disturbs_is_seen_by_choice_and_only_so_often_a_day(db: Database, clock: ShiftedClock) -> None:
    most = terms().disturbing_a_day
    for number in range(most + 1):
        await write(db, f"blood {number}")
    listed = (await waiting(db, 3)).items
    assert {(one.text, one.withheld, one.disturbing) for one in listed} == {(None, True, True)}
    in_list = {one.text for one in (await db.read(showing.listed, ALL, coach(3), showing.Filter())).items}
    assert in_list == {""}
    own = {one.withheld for one in (await db.read(showing.listed, ALL, signed_in(1), showing.Filter())).items}
    assert own == {False}

    for number, one in enumerate(listed[:most]):
        opened = await db.write(openings.show_text, one.id, OpeningIn(), coach(3))
        assert (opened.text, opened.left_today) == (f"blood {number}", most - number - 1)
    again = await db.write(openings.show_text, listed[0].id, OpeningIn(), coach(3))
    assert (again.text, again.left_today) == ("blood 0", 0)
    with pytest.raises(openings.EnoughForToday):
        await db.write(openings.show_text, listed[most].id, OpeningIn(), coach(3))
    assert [one.withheld for one in (await waiting(db, 3)).items] == [False] * most + [True]
    with pytest.raises(queue.NothingWaiting):
        await db.write(queue.claim_next, NEXT, coach(3))
    clock.advance(timedelta(days=1))
    assert (await db.write(openings.show_text, listed[most].id, OpeningIn(), coach(3))).left_today == most - 1
    assert (await db.write(queue.claim_next, NEXT, coach(3))).disturbing
