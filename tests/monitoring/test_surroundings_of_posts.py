"""What rules know of a post beside its text: whom it answers for the first time, and what its pictures tell."""

import pytest

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.conversations import inbound, replies
from services.monitoring.domain.posts import posts, showing
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.conversations import DeliveryIn, MessageIn, ReplyIn
from services.monitoring.schemas.posts import PostIn
from shared.db import Database
from shared.events.policy import RuleText
from shared.pages import PageQuery
from tests.monitoring.organisation import KEY, bring_into_force, hire, only, post

PITCH = """id: no-pitch
severity: {severity}
detect:
  first_contact_pitch: {{words: [discount]}}
message: You have only just met.
examples: {{match: [A discount!], pass: [Hello]}}
"""
ALT_TEXT = """id: say-what-it-shows
severity: advise
detect: {missing: alt_text}
message: Describe the picture.
examples: {match: [{text: Look, media: [{kind: image}]}], pass: [Hello]}
"""


def rule(name: str, yaml: str) -> RuleText:
    return RuleText(id=name, section="tone", yaml=yaml)


@pytest.fixture
async def db(db_on_both: Database) -> Database:
    yaml = PITCH.format(severity="advise")
    await db_on_both.write(bring_into_force, [rule("no-pitch", yaml), rule("say-what-it-shows", ALT_TEXT)])
    return db_on_both


async def found(db: Database) -> list[tuple[str, str]]:
    """Return which rule found something in which post of ours, by the network's id."""
    items = (await db.read(findings.listed, PageQuery(200, None), KEY, Filter())).items
    names = [(await db.read(showing.read, one.post, KEY)).network_id for one in items]
    return sorted(zip(names, (one.rule for one in items), strict=True))


async def test_only_the_first_answer_to_a_customer_is_a_first_contact(db: Database) -> None:
    def answer(name: str, to: str, author: str = "@ana") -> None:
        sent.append(post(name, "A discount for you!", kind="staff", author=author, in_reply_to=to))

    await db.write(posts.ingest, [post("q1", author="@carla"), post("q2", author="@Carla"), post("q3", author="@dan")])
    sent: list[PostIn] = []
    answer("first", "q1")
    answer("second-to-her", "q2")
    answer("first-to-dan", "q3")
    answer("by-a-colleague", "q1", "@ben")
    answer("to-nobody-we-know", "q9")
    for one in sent:
        await db.write(posts.ingest, [one])
    await db.write(posts.ingest, [post("into-the-air", "A discount for all!", kind="staff", author="@ana")])
    await db.write(posts.ingest, [post("first", "A discount for you, Carla!", kind="staff", author="@ana")])
    assert await found(db) == [
        ("by-a-colleague", "no-pitch"),
        ("first", "no-pitch"),
        ("first-to-dan", "no-pitch"),
    ]


async def test_the_first_reply_through_us_is_a_first_contact_and_a_later_one_is_not(db: Database) -> None:
    await db.write(bring_into_force, [rule("no-pitch", PITCH.format(severity="block"))], 2)
    await hire(db, 1)
    handle = AccountIn(network="mastodon", handle="@ana", kind="staff", employee_number="E-1")
    await db.write(accounts.register, handle, KEY)
    await db.write(posts.ingest, [post("q1", author="@carla")])
    conversation = await only(db)
    pitch = ReplyIn(text="A discount for you!")
    with pytest.raises(replies.ReplyBlocked):
        await db.write(replies.send, conversation.id, pitch, KEY, None)
    reply = await db.write(replies.send, conversation.id, ReplyIn(text="How can I help?"), KEY, None)
    await db.write(replies.report, reply.id, DeliveryIn(status="delivered", network_id="a1"))

    await db.write(inbound.add_message, conversation.id, MessageIn(network_id="q2", text="Is it dear?"))
    assert (await db.write(replies.send, conversation.id, pitch, KEY, None)).status == "approved"
    by_hand = post("a2", "And a discount!", kind="reply", author="@ana", in_reply_to="q1")
    await db.write(posts.ingest, [by_hand])
    assert await found(db) == []


async def test_a_picture_that_nobody_described_is_found_until_an_edit_describes_it(db: Database) -> None:
    silent, described = [{"kind": "image"}], [{"kind": "image", "alt_text": "A crane at dusk"}]
    await db.write(
        posts.ingest,
        [
            post("silent", "Look", kind="staff", media=silent),
            post("described", "Look", kind="staff", media=described),
            post("none", "Look", kind="staff"),
        ],
    )
    assert await found(db) == [("silent", "say-what-it-shows")]
    (edited,) = await db.write(posts.ingest, [post("silent", "Look here", kind="staff", media=described)])
    shown = (await db.read(showing.read, edited.id or "", KEY)).media
    assert shown is not None
    assert shown[0].alt_text == "A crane at dusk"
    assert len(await found(db)) == 1
