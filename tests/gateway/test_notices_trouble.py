"""Notices when things go wrong: mail servers that are away or refuse, deaths half way, chats that hang or are inside."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, update

from services.gateway.domain.notices import outgoing
from services.gateway.tables import NoticeMessage, NoticePreferences
from shared.db import Session
from shared.tables import outbox
from tests.evidence import evidence_of
from tests.gateway.mailing import Post, assigned, guidance
from tests.gateway.telling import Answer, Heard, until


async def test_nothing_is_lost_while_the_mail_server_is_away(post: Post) -> None:
    people = [await post.joins(number) for number in range(1, 4)]
    await post.box.close()
    for person in people:
        await post.hear(guidance(person))
    await until_tried(post, 3)
    for hour in range(4):
        await post.hear(guidance(people[0], f"later-{hour}"))
        await post.pass_time(hours=1)
        await post.idle()
    await post.box.open()
    await post.pass_time(hours=2, minutes=2)
    await post.ended("sent", 3)
    await post.pass_time(hours=2, minutes=2)
    mails = await post.arrive(4)

    text = dict.fromkeys(people, "")
    for mail in mails:
        text[people[int(mail["To"][1]) - 1]] += mail.get_content()
    assert all(each.count("guidance/g-1") == 1 for each in text.values())
    assert [text[people[0]].count(f"guidance/later-{hour}") for hour in range(4)] == [1] * 4
    assert len({mail["Message-ID"] for mail in mails}) == 4


async def until_tried(post: Post, count: int) -> None:
    """Wait until so many messages were tried in vain."""

    async def tried() -> bool:
        return len([each for each in await post.messages() if each.tries]) == count

    await post.gateway.eventually(tried)


async def test_after_three_days_a_message_is_dead_and_its_person_finds_it_behind_the_bell(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    await post.box.close()
    await post.hear(guidance(person))
    await until_tried(post, 1)
    for _ in range(20):
        await post.pass_time(hours=4)
        await post.idle()
    [dead] = await post.ended("dead")
    assert timedelta(days=3) <= dead.ended_at - dead.created_at < timedelta(days=3, hours=5)  # type: ignore[operator]
    assert dead.tries >= 18
    await post.box.open()
    await post.pass_time(hours=2)
    await post.idle()
    assert post.box.mails == []
    client = await post.as_person(person)
    assert len((await client.get("/v1/notices", params={"unread": True})).json()["items"]) == 1
    assert await evidence_of(post.gateway.db, "notice.dead") == [(f"notice-messages/{dead.id}", None, person)]


async def test_an_address_that_is_refused_for_good_holds_up_nobody_and_one_for_now_is_tried_again(
    quick_post: Post,
) -> None:
    post = quick_post
    gone, full, fine, odd = [await post.joins(number) for number in (1, 2, 3)] + [
        await post.joins(4, email="no address")
    ]
    post.box.refusals = {
        "e1@harbour.example": "550 5.1.1 e1@harbour.example is nobody",
        "e2@harbour.example": "452 full",
    }
    await post.hear(*(guidance(person) for person in (gone, full, fine, odd)))
    await post.arrive(1)
    dead = await post.ended("dead", 2)
    assert {each.person: each.error for each in dead} == {
        gone: "the mail server refused it (550)",
        odd: "no e-mail address",
    }, "what a server says may name somebody, and is not kept"
    post.box.refusals = {}
    await until_tried(post, 1)
    await post.pass_time(minutes=2)
    assert [mail["To"] for mail in await post.arrive(2)] == ["e3@harbour.example", "e2@harbour.example"]


async def test_who_dies_between_sending_and_noting_it_sends_the_same_message_once_more(quick_post: Post) -> None:
    post = quick_post
    await post.hear(guidance(await post.joins(1)))
    [first] = await post.arrive(1)

    def as_if_not_noted(session: Session) -> None:
        session.execute(update(NoticeMessage).values(state="waiting", next_at=session.now, ended_at=None))

    await post.gateway.db.write(as_if_not_noted)
    post.worker.wake()
    await until(lambda: len(post.box.mails) == 2)
    await post.ended("sent")
    assert post.box.mails[1]["Message-ID"] == first["Message-ID"]
    await post.pass_time(hours=1)
    await post.idle()
    assert len(post.box.mails) == 2


@pytest.mark.parametrize("kind", ["slack", "teams"])
async def test_a_chat_is_told_in_its_own_form_and_its_address_is_shown_to_nobody(quick_post: Post, kind: str) -> None:
    post = quick_post
    person = await post.joins(1)
    client = await post.as_person(person)
    url = f"{post.gateway.receiver.url}/services/a-secret-of-the-chat"
    shown = await post.prefer(client, email=False, chat={"kind": kind, "url": url})
    assert shown["chat"] == {"kind": kind, "host": "127.0.0.1"}
    assert (await post.prefer(client, email=False))["chat"] == shown["chat"], "left out, it stays"
    await post.hear(guidance(person))
    await post.ended("sent")
    [heard] = post.gateway.receiver.heard
    said = orjson.loads(heard.body)
    if kind == "slack":
        assert said == {"text": "Your coach has written to you: <http://gateway/guidance/g-1|Shareload>"}
    else:
        [attached] = said["attachments"]
        assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert attached["content"]["actions"][0]["url"] == "http://gateway/guidance/g-1"
    assert post.box.mails == []

    kept = await post.gateway.db.read(lambda session: session.get_one(NoticePreferences, person).chat_url)
    assert kept is not None
    assert b"a-secret-of-the-chat" not in kept
    assert "a-secret" not in (await client.get("/v1/notice-preferences")).text
    assert (await post.prefer(client, chat=None))["chat"] is None


async def test_a_chat_leads_inside_for_nobody(quick_post: Post) -> None:
    post = quick_post
    client = await post.as_person(await post.joins(1))
    for url in (
        "http://10.0.0.8/hook",
        "https://169.254.169.254/latest",
        "https://user:pw@chat.example/x",
        "ftp://x.y/z",
    ):
        refused = await client.put("/v1/notice-preferences", json={"chat": {"kind": "slack", "url": url}})
        assert refused.status_code == 422, url
        assert refused.json()["type"].endswith("/address-refused")


async def test_a_chat_that_hangs_holds_up_no_mail_and_one_that_is_gone_is_told_no_more(quick_post: Post) -> None:
    post = quick_post
    hanging, gone, reader = [await post.joins(number) for number in (1, 2, 3)]
    let_go = asyncio.Event()

    async def hang(_heard: Heard) -> Answer:
        await let_go.wait()
        return 200, {}, b"ok"

    post.gateway.receiver.answers["/hang"] = hang
    post.gateway.receiver.answer("/gone", 404)
    for person, path in ((hanging, "/hang"), (gone, "/gone")):
        chat = {"kind": "slack", "url": post.gateway.receiver.url + path}
        await post.prefer(await post.as_person(person), email=False, chat=chat)
    await post.hear(*(guidance(person) for person in (hanging, gone, reader)))
    await post.arrive(1)
    assert [each.person for each in await post.ended("dead")] == [gone]
    assert [each.person for each in await post.messages() if each.state == "waiting"] == [hanging]
    let_go.set()
    await post.ended("sent", 2)


async def test_that_a_notice_has_left_is_told_once_to_those_who_may_know_whose_it_is(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    await post.hear(guidance(person), guidance(person, "g-2"))
    await post.arrive(1)

    def told(session: Session) -> list[dict[str, object]]:
        kind = outbox.c.type == "gateway.notice.delivered.v1"
        bodies = session.execute(select(outbox.c.body).where(kind)).scalars()
        return [orjson.loads(body)["data"] for body in bodies]

    events = await post.gateway.db.read(told)
    assert [(each["kind"], each["person"], each["channel"]) for each in events] == [
        ("guidance_given", person, "email")
    ] * 2


async def test_who_waits_for_a_notice_is_told_of_it_only_where_one_goes_out_at_once(quick_post: Post) -> None:
    post = quick_post
    reached, asleep, nowhere = [await post.joins(number) for number in (1, 2, 3)]
    await post.prefer(await post.as_person(asleep), quiet_from="11:00", quiet_until="14:00")
    await post.prefer(await post.as_person(nowhere), email=False)
    await post.hear(*(assigned(post, each, f"c-{number}") for number, each in enumerate((reached, asleep, nowhere))))
    await post.hear(guidance(reached))
    await post.arrive(1)

    def told(session: Session) -> list[tuple[str, str]]:
        about = outbox.c.type.like("gateway.notice.%")
        bodies = session.execute(select(outbox.c.type, outbox.c.body).where(about).order_by(outbox.c.seq)).all()
        facts = [(kind.split(".")[2], orjson.loads(body)["data"]) for kind, body in bodies]
        return [(kind, data["fact"]) for kind, data in facts if data["kind"] == "conversation_yours"]

    assert await post.gateway.db.read(told) == [("planned", "a-c-0"), ("delivered", "a-c-0")]


async def test_notices_go_after_ninety_days_with_all_that_was_sent_of_them(quick_post: Post) -> None:
    post = quick_post
    await post.hear(guidance(await post.joins(1)))
    await post.arrive(1)
    await post.pass_time(days=89)
    await post.gateway.db.write(outgoing.forget_old)
    assert await post.rows() == 3
    await post.pass_time(days=2)
    await post.gateway.db.write(outgoing.forget_old)
    assert await post.rows() == 0
