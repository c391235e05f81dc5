"""Guidance is between two: its words, the talk about it, praise, and what of all that others can count."""

import pytest
from sqlmodel import select

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, guidance, outcomes, talks, templates
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn, DismissalIn
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn, GuidanceOut, MessageIn, PraiseIn, TemplateIn
from services.monitoring.settings import terms
from shared.context import Principal
from shared.db import Database
from shared.pages import PageQuery
from shared.problems import NotFound, Stale
from shared.tables import outbox
from tests.monitoring.organisation import KEY, add_person, bring_into_force, post, signed_in, words_rule

ALL = PageQuery(200, None)
TEMPLATE = TemplateIn(
    policy="social-media", rule="brag", title="Modesty", message="Glad you like us.", better_wording="I like it here."
)


def coach(number: int) -> Principal:
    return signed_in(number, "monitoring:read", "monitoring:write")


@pytest.fixture
async def db(db: Database) -> Database:
    """Open a database where E-1 and E-20 are read along, and E-2, E-3 and E-4 are coaches."""
    await db.write(bring_into_force, [words_rule("brag", "tone", "best"), words_rule("haste", "pace", "now")])
    for number in range(1, 5):
        await db.write(add_person, number)
    await db.write(add_person, 20, "Legal")
    for number in (1, 20):
        own = AccountIn(network="mastodon", handle=f"e{number}", kind="staff", employee_number=f"E-{number}")
        await db.write(accounts.register, own, KEY)
    return db


async def write(db: Database, text: str, author: int = 1) -> str:
    """Take in a post by somebody of ours and return its id."""
    (answer,) = await db.write(posts.ingest, [post(f"{author}-{text}", text, kind="staff", author=f"@e{author}")])
    assert answer.id is not None
    return answer.id


async def guided(db: Database, text: str = "the best", author: int = 1, by: int = 2) -> GuidanceOut:
    """Let a coach say something about a new finding."""
    written = await write(db, text, author)
    (one,) = (await db.read(findings.listed, ALL, KEY, Filter(post=written))).items
    return await db.write(guidance.give, one.id, GuidanceIn(message="Say who you are."), coach(by), None)


async def test_only_the_person_and_their_coach_read_the_words_and_no_event_carries_them(db: Database) -> None:
    given = await guided(db)
    await db.write(talks.say, given.id, MessageIn(text="Where?"), signed_in(1))
    for reader, sees in ((signed_in(1), True), (coach(2), True), (coach(3), False), (KEY, False)):
        shown = await db.read(guidance.read, given.id, reader)
        assert (shown.message, shown.withheld) == (("Say who you are.", False) if sees else (None, True)), reader.id
        (listed,) = (await db.read(guidance.listed, ALL, reader, None, None)).items
        assert listed == shown
        if sees:
            assert [one.text for one in (await db.read(talks.listed, ALL, given.id, reader)).items] == ["Where?"]
        else:
            with pytest.raises(NotFound):
                await db.read(talks.listed, ALL, given.id, reader)
    with pytest.raises(NotFound):
        await db.read(guidance.read, given.id, signed_in(4))
    bodies = await db.read(lambda session: [str(row) for row in session.execute(select(outbox.c.body)).scalars()])
    assert any(given.id in body for body in bodies)
    assert not any(words in body for body in bodies for words in ("Say who", "Where?"))


async def test_who_looks_again_at_an_appeal_reads_what_was_said(db: Database) -> None:
    given = await guided(db)
    await db.write(guidance.appeal, given.id, AppealIn(reason="A quote."), signed_in(1), None)
    assert (await db.read(guidance.read, given.id, coach(3))).withheld
    assert given.finding is not None
    await db.write(findings.claim, given.finding, ClaimIn(), coach(3), None)
    shown = await db.read(guidance.read, given.id, coach(3))
    assert (shown.message, shown.appeal) == ("Say who you are.", "A quote.")


async def test_the_two_talk_until_it_is_better_said_in_person(db: Database) -> None:
    given = await guided(db)
    assert given.read_at is None
    read = await db.write(guidance.note_reading, given.id, signed_in(1))
    assert read.read_at is not None
    assert await db.write(guidance.note_reading, given.id, signed_in(1)) == read
    for number in range(talks.MOST):
        speaker = signed_in(1) if number % 2 else coach(2)
        await db.write(talks.say, given.id, MessageIn(text=f"Word {number}"), speaker)
    with pytest.raises(talks.TalkTooLong):
        await db.write(talks.say, given.id, MessageIn(text="And"), signed_in(1))
    said = (await db.read(talks.listed, ALL, given.id, coach(2))).items
    assert [(one.text, one.side, one.author) for one in said[:2]] == [
        ("Word 0", "coach", "E-2"),
        ("Word 1", "person", "E-1"),
    ]
    for stranger in (coach(3), signed_in(20)):
        with pytest.raises(NotFound):
            await db.write(talks.say, given.id, MessageIn(text="Me, too"), stranger)


async def test_guidance_begins_with_a_template_and_cites_its_section(db: Database) -> None:
    template = await db.write(templates.create, TEMPLATE)
    written = await write(db, "the best")
    (one,) = (await db.read(findings.listed, ALL, KEY, Filter(post=written))).items
    other = await db.write(templates.create, TEMPLATE.model_copy(update={"rule": "haste"}))
    with pytest.raises(templates.TemplateOfAnother):
        await db.write(guidance.give, one.id, GuidanceIn(template=other.id), coach(2), None)
    with pytest.raises(templates.UnknownTemplate):
        await db.write(guidance.give, one.id, GuidanceIn(template="none"), coach(2), None)
    body = GuidanceIn(template=template.id, message="Lovely photo, too!")
    given = await db.write(guidance.give, one.id, body, coach(2), None)
    assert (given.message, given.better_wording) == ("Glad you like us.\n\nLovely photo, too!", "I like it here.")
    assert given.cites is not None
    assert (given.cites.policy, given.cites.version, given.cites.section) == ("social-media", 1, "tone")

    changed = TEMPLATE.model_copy(update={"message": "Other words."})
    await db.write(templates.replace, template.id, changed, template.revision)
    with pytest.raises(Stale):
        await db.write(templates.remove, template.id, template.revision)
    assert (await db.read(guidance.read, given.id, signed_in(1))).message == given.message
    await db.write(templates.remove, template.id, None)
    assert [each.id for each in (await db.read(templates.listed, ALL, None, None, None)).items] == [other.id]


async def test_praise_needs_no_finding_is_read_and_is_not_appealed(db: Database) -> None:
    well_done = await write(db, "Let me look into that for you.")
    praise = PraiseIn(post=well_done, message="You listened first.")
    given = await db.write(talks.praise, praise, coach(2))
    assert (given.kind, given.finding, given.post, given.person) == ("praise", None, well_done, "E-1")
    with pytest.raises(guidance.NothingToAppeal):
        await db.write(guidance.appeal, given.id, AppealIn(reason="No!"), signed_in(1), None)
    accepted = await db.write(guidance.acknowledge, given.id, signed_in(1), None)
    assert (accepted.state, accepted.message) == ("acknowledged", "You listened first.")

    with pytest.raises(talks.OwnPost):
        await db.write(talks.praise, praise, coach(1))
    with pytest.raises(NotFound):
        await db.write(talks.praise, praise.model_copy(update={"post": "none"}), coach(2))
    (asked,) = await db.write(posts.ingest, [post("asked", "@harbour where is it?")])
    assert asked.id is not None
    with pytest.raises(talks.NobodyToPraise):
        await db.write(talks.praise, PraiseIn(post=asked.id, message="Well asked."), coach(2))


async def test_the_share_of_praise_is_a_figure_of_groups_large_enough(db: Database) -> None:
    await guided(db)
    await db.write(talks.praise, PraiseIn(post=await write(db, "hello"), message="Kind."), coach(2))
    await guided(db, "legally the best", author=20)
    assert (await db.read(outcomes.figures, "all", None, None, KEY)).items == []
    for number in range(5, 6 + terms().min_group_size):
        await db.write(add_person, number, "Sales")
    (together,) = (await db.read(outcomes.figures, "department", None, None, KEY)).items
    assert (together.key, together.given, together.praise, together.positive_share) == ("other", 3, 1, 0.3333)
    for number in range(30, 30 + terms().min_group_size):
        await db.write(add_person, number)
    shown = {one.key: one for one in (await db.read(outcomes.figures, "department", None, None, KEY)).items}
    assert {key: (one.given, one.positive_share) for key, one in shown.items()} == {
        "Support": (2, 0.5),
        "other": (1, 0.0),
    }
    legal = Principal("key:legal", scopes=KEY.scopes, departments=frozenset({"Legal"}))
    assert (await db.read(outcomes.figures, "all", None, None, legal)).items == []


async def test_a_section_whose_findings_are_dismissed_or_appealed_shows_as_unclear(db: Database) -> None:
    await guided(db, "best one")
    appealed = await guided(db, "best two")
    await db.write(guidance.appeal, appealed.id, AppealIn(reason="A quote."), signed_in(1), None)
    written = await write(db, "hurry now")
    (one,) = (await db.read(findings.listed, ALL, KEY, Filter(post=written))).items
    await db.write(findings.dismiss, one.id, DismissalIn(reason="Harmless."), coach(2), None)
    await write(db, "go now")
    tone, pace = sorted((await db.read(outcomes.by_section, None, None, None, KEY)).items, key=lambda s: -s.guided)
    assert (tone.section, tone.findings, tone.waiting, tone.appealed, tone.unclear_share) == ("tone", 2, 1, 1, 0.5)
    assert (pace.section, pace.findings, pace.waiting, pace.dismissed, pace.unclear_share) == ("pace", 2, 1, 1, 1.0)
