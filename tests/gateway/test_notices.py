"""People are told what is theirs to do: by e-mail to a real server, each once, when and as they want it."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.notices import addressees
from services.gateway.domain.notices.hours import Hours
from services.gateway.rights import Role
from shared.events.gateway import WebhookPausedV1
from shared.events.monitoring import (
    ConversationAcceptedV1,
    ConversationAnsweredV1,
    DigestReadyV1,
    GuidanceReadV1,
)
from shared.events.policy import (
    AcknowledgementRecordedV1,
    AcknowledgementRequestedV1,
    ApprovalDecidedV1,
    ApprovalRequestedV1,
    TaskTeamChangedV1,
)
from shared.events.training import CertificateReminderV1, PersonErasedV1, PersonLeftV1
from tests.evidence import evidence_of
from tests.gateway.mailing import Post, assigned, guidance

PORTAL = "http://gateway"
LINK = re.compile(rf"<{re.escape(PORTAL)}(/notices/unsubscribe/[\w-]+)>")


async def test_a_conversation_is_told_by_one_e_mail_that_holds_nobodys_words(post: Post) -> None:
    person = await post.joins(1)
    event = assigned(post, person)
    await post.hear(event, event_id="0190d0d0-0000-7000-8000-000000000001")
    await post.hear(event, event_id="0190d0d0-0000-7000-8000-000000000001")
    await post.hear(event)

    [mail] = await post.arrive(1)
    text = mail.get_content()
    assert (mail["To"], mail["Subject"]) == ("e1@harbour.example", "A conversation is with you")
    assert mail["From"] == "Shareload <shareload@harbour.example>"
    assert "Hello Ada 1," in text
    assert "(mastodon), by 08 January 2031, 12:15 UTC" in text
    assert "http://gateway/conversations/c-1" in text
    assert "no mail holds" not in str(mail)
    assert mail["Auto-Submitted"] == "auto-generated"
    [message] = await post.messages()
    assert await evidence_of(post.gateway.db, "notice.sent") == [(f"notice-messages/{message.id}", None, person)]


async def test_what_is_dealt_with_before_it_is_sent_is_not_sent(post: Post) -> None:
    person = await post.joins(1)
    client = await post.as_person(person)
    await post.prefer(client, quiet_from="11:00", quiet_until="14:00")
    await post.hear(assigned(post, person), guidance(person), guidance(person, "g-2"), guidance(person, "g-3"))
    await post.hear(ConversationAnsweredV1.model_validate(assigned(post, person).model_dump()))
    await post.hear(GuidanceReadV1.model_validate(guidance(person).model_dump()))
    waiting = (await client.get("/v1/notices", params={"unread": True})).json()["items"]
    assert [one["link"] for one in waiting] == ["/guidance/g-3", "/guidance/g-2"]
    read = await client.post(f"/v1/notices/{waiting[0]['id']}/reading", json={})
    assert read.json()["read_at"] is not None
    await post.idle()
    assert await post.messages() == []

    await post.pass_time(hours=2)
    [mail] = await post.arrive(1)
    assert "guidance/g-2" in mail.get_content()
    assert not {"c-1", "g-1", "g-3"} & set(re.findall(r"\b[cg]-\d\b", mail.get_content()))


async def test_what_is_due_at_the_same_time_is_one_e_mail_and_what_follows_waits_a_minute(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1, locale="de-AT")
    other = await post.joins(2)
    await post.hear(*(guidance(person, f"g-{number}") for number in range(3)), guidance(other, "g-9"))
    both = await post.arrive(2)
    theirs = next(mail for mail in both if mail["To"] == "e1@harbour.example")
    assert theirs["Subject"] == "3 Dinge für Sie"
    assert theirs.get_content().count("Ihr Coach hat Ihnen geschrieben") == 3

    await post.hear(guidance(person, "g-3"))
    await post.idle()
    assert len(post.box.mails) == 2
    await post.pass_time(seconds=61)
    assert (await post.arrive(3))[2]["Subject"] == "Ihr Coach hat Ihnen geschrieben"


async def test_somebody_is_reminded_half_an_hour_before_a_customer_should_have_an_answer(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    event = assigned(post, person)
    await post.hear(event, ConversationAcceptedV1.model_validate(event.model_dump() | {"accept_by": None}))
    answered = assigned(post, person, "c-2")
    await post.hear(ConversationAcceptedV1.model_validate(answered.model_dump()))
    await post.hear(ConversationAnsweredV1.model_validate(answered.model_dump()))
    await post.pass_time(hours=3, minutes=29)
    await post.idle()
    client = await post.as_person(person)
    assert [one["kind"] for one in (await client.get("/v1/notices")).json()["items"]] == ["conversation_yours"]
    assert post.box.mails == []

    await post.pass_time(minutes=2)
    [mail] = await post.arrive(1)
    assert mail["Subject"] == "A customer is waiting for your answer"
    assert "conversations/c-1" in mail.get_content()


async def test_what_can_wait_comes_once_a_day_at_the_readers_own_time(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    client = await post.as_person(person)
    shown = await post.prefer(client, zone="Asia/Tokyo", digest_at="09:00", choices={"digest_ready": "off"})
    assert (shown["choices"]["digest_ready"], shown["choices"]["delta_due"]) == ("off", "daily")
    now = post.gateway.clock.now()
    expiring = {"certification": "responder", "expires_at": now + timedelta(days=30), "renewable_from": now}
    await post.hear(
        DigestReadyV1(id="d-1", week=date(2031, 1, 6), person=person, ready_at=now),
        CertificateReminderV1.model_validate(
            {"id": "t-1", "person": person, "days_before": 30, "days_left": 30, **expiring}
        ),
        AcknowledgementRequestedV1(
            id="k-1", campaign="k", person=person, policy="social-media", version=2, due_at=now + timedelta(days=9)
        ),
        AcknowledgementRequestedV1(
            id="k-2", campaign="k", person=person, policy="privacy", version=1, due_at=now + timedelta(days=9)
        ),
        AcknowledgementRecordedV1(id="r", person=person, policy="privacy", version=1, acknowledged_at=now),
    )
    await post.pass_time(hours=11, minutes=59)
    await post.idle()
    assert post.box.mails == []
    await post.pass_time(minutes=2)
    [mail] = await post.arrive(1)
    assert mail["Subject"] == "2 things for you"
    assert "Your certificate is about to expire (responder), by 07 February 2031, 21:00 JST" in mail.get_content()
    assert "http://gateway/policies/social-media" in mail.get_content()


async def test_what_was_told_long_ago_is_no_news(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    await post.hear(assigned(post, person), guidance(person), days_ago=8)
    await post.hear(guidance(person, "g-2"), days_ago=6)
    client = await post.as_person(person)
    assert [one["link"] for one in (await client.get("/v1/notices")).json()["items"]] == ["/guidance/g-2"]


async def test_the_link_in_an_e_mail_ends_them_without_signing_in_and_only_by_a_click(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    await post.hear(guidance(person))
    [mail] = await post.arrive(1)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = LINK.fullmatch(mail["List-Unsubscribe"])
    assert found is not None
    transport = httpx.ASGITransport(post.gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url=PORTAL) as anybody:
        assert "Stop the e-mails" in (await anybody.get(found[1])).text
        client = await post.as_person(person)
        before = await client.get("/v1/notice-preferences")
        done = await anybody.post(found[1], data={"List-Unsubscribe": "One-Click"})
        again = await anybody.post(found[1])
        forged = await anybody.post(found[1][:-4] + "AAAA")
    after = await client.get("/v1/notice-preferences")
    assert (before.json()["email"], done.status_code, again.status_code, forged.status_code) == (True, 200, 200, 404)
    assert after.json()["email"] is False
    assert before.headers["ETag"] != after.headers["ETag"]
    entry = (f"notice-preferences/{person}", None, person)
    assert await evidence_of(post.gateway.db, "notice.unsubscribed") == [entry]

    await post.hear(guidance(person, "g-2"))
    await post.idle()
    assert len(await post.messages()) == 1
    assert len((await client.get("/v1/notices")).json()["items"]) == 2, "the bell goes on"


async def test_preferences_are_changed_by_their_person_or_an_administrator_and_a_stale_change_is_refused(
    quick_post: Post,
) -> None:
    post = quick_post
    await post.joins(2)
    client = await post.as_person(await post.joins(1))
    first = (await client.get("/v1/notice-preferences")).headers["ETag"]
    await post.prefer(client, quiet_days=[5, 6])
    stale = await client.put("/v1/notice-preferences", json={}, headers={"If-Match": first})
    assert stale.status_code == 412
    for wrong in (
        {"quiet_from": "20:00"},
        {"quiet_days": [*range(7)]},
        {"zone": "Mars/Olympus"},
        {"choices": {"x": "off"}},
    ):
        assert (await client.put("/v1/notice-preferences", json=wrong)).status_code == 422, wrong
    assert (await client.get("/v1/notice-preferences/E-2")).status_code == 403
    by_key = await post.gateway.client.put("/v1/notice-preferences/E-2", json={"email": False})
    assert (by_key.status_code, by_key.json()["email"]) == (200, False)
    assert (await post.gateway.client.get("/v1/notice-preferences/E-3")).status_code == 404
    limited = {"name": "care", "scopes": ["admin:read"], "departments": ["Sales"]}
    key = (await post.gateway.client.post("/v1/api-keys", json=limited)).json()["key"]
    hidden = await client.get("/v1/notice-preferences/E-2", headers={"Authorization": f"Bearer {key}"})
    assert hidden.status_code == 404


async def test_nobody_reads_or_ticks_off_what_is_for_somebody_else(quick_post: Post) -> None:
    post = quick_post
    person, other = await post.joins(1), await post.joins(2)
    await post.hear(guidance(person))
    theirs, colleague = await post.as_person(person), await post.as_person(other, Role.ADMIN)
    [notice] = (await theirs.get("/v1/notices")).json()["items"]
    assert (await colleague.get("/v1/notices")).json()["items"] == []
    assert (await colleague.post(f"/v1/notices/{notice['id']}/reading", json={})).status_code == 404
    assert (await post.gateway.client.get("/v1/notices")).status_code == 403


async def test_who_leaves_or_is_erased_is_told_nothing_and_nothing_of_them_is_kept(quick_post: Post) -> None:
    post = quick_post
    people = [await post.joins(number) for number in (1, 2)]
    await post.box.close()
    for person in people:
        await post.prefer(await post.as_person(person), digest_at="07:00")
        await post.hear(guidance(person))
    await post.gateway.eventually(post.messages)
    now = post.gateway.clock.now()
    await post.hear(PersonLeftV1(id=people[0], left_at=now), PersonErasedV1(id=people[1], erased_at=now))
    await post.box.open()
    await post.pass_time(hours=3)
    await post.idle()
    assert post.box.mails == []
    assert await post.rows() == 0


async def test_administrators_are_told_that_a_webhook_was_paused_because_it_fails(quick_post: Post) -> None:
    post = quick_post
    admin, other = await post.joins(1), await post.joins(2)
    client = await post.as_person(admin, Role.ADMIN)
    colleague = await post.as_person(other, Role.LEAD)
    await post.hear(WebhookPausedV1(id="w-1", name="Dashboard", because="by_hand"))
    await post.hear(WebhookPausedV1(id="w-2", name="Intranet", because="failing"))
    [notice] = (await client.get("/v1/notices")).json()["items"]
    assert (notice["title"], notice["name"]) == ("A webhook has been paused", "Intranet")
    assert (await colleague.get("/v1/notices")).json()["items"] == []


async def test_administrators_whom_the_settings_name_hear_while_they_are_not_signed_in(quick_post: Post) -> None:
    post = quick_post
    await post.gateway.db.write(addressees.name_administrators, ["E-1", "E-2", "E-9"])
    here, left = await post.joins(1), await post.joins(2, active=False)
    await post.hear(WebhookPausedV1(id="w-2", name="Intranet", because="failing"))
    [mail] = await post.arrive(1)
    assert (mail["To"], mail["Subject"]) == ("e1@harbour.example", "A webhook has been paused")
    assert [each.person for each in await post.messages()] == [here] != [left]


async def test_what_anybody_on_the_team_may_approve_is_told_all_of_them_until_one_has_decided(quick_post: Post) -> None:
    post = quick_post
    lead, reviewer, coach, author = [await post.joins(number) for number in range(1, 5)]
    for seat, role, person in (("s-1", "lead", lead), ("s-2", "reviewer", reviewer), ("s-3", "coach", coach),
                               ("s-4", "reviewer", author)):  # fmt: skip
        await post.hear(TaskTeamChangedV1(seat=seat, role=role, person=person, change="filled"))
    await post.hear(ApprovalRequestedV1(id="a-1", person=author, text=""))
    await post.hear(ApprovalRequestedV1(id="a-2", person=author, text="", approver=lead))

    async def told(person: str) -> list[str]:
        client = await post.as_person(person)
        items = (await client.get("/v1/notices", params={"unread": True})).json()["items"]
        return [item["kind"] for item in items]

    assert [len(await told(person)) for person in (lead, reviewer, coach, author)] == [2, 1, 0, 0]
    await post.hear(ApprovalDecidedV1(id="a-1", decision="approved", decided_by=lead))
    assert [len(await told(person)) for person in (lead, reviewer)] == [1, 0]


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
TIMES = st.times(max_value=time(23, 59)).map(lambda value: value.replace(second=0, microsecond=0))


@settings(max_examples=50)
@given(
    zone=ZONES,
    begin=TIMES,
    end=TIMES,
    days=st.sets(st.integers(0, 6), max_size=6),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  hypothesis adds the zone
)
def test_quiet_hours_end_as_soon_as_they_may_and_never_early(
    zone: str, begin: time, end: time, days: set[int], at: datetime
) -> None:
    nightly = (begin, end) if begin != end else (None, None)
    hours = Hours(ZoneInfo(zone), time(8), nightly[0], nightly[1], days)
    allowed = hours.next_allowed(at)
    assert allowed >= at
    assert not hours.quiet(allowed)
    steps = int((allowed - at) / timedelta(minutes=7))
    assert all(hours.quiet(at + timedelta(minutes=7) * step) for step in range(1, steps))
    assert not hours.quiet(hours.next_digest(at))
