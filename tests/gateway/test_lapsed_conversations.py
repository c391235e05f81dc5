"""A conversation that lay too long with whoever had accepted it: they are told before, and after; coaches, that it was so."""

from datetime import timedelta

from shared.events.monitoring import ConversationAcceptedV1, ConversationAssignedV1, ConversationReturnedV1
from shared.events.policy import TaskTeamChangedV1
from tests.gateway.mailing import Post, assigned


async def test_who_accepted_is_reminded_before_it_goes_and_told_once_it_went_and_coaches_are_not_told_who(
    quick_post: Post,
) -> None:
    post = quick_post
    person, coach, following = [await post.joins(number) for number in (1, 2, 3)]
    await post.hear(TaskTeamChangedV1(seat="s-1", role="coach", person=coach, change="filled"))
    await post.hear(TaskTeamChangedV1(seat="s-2", role="reviewer", person=following, change="filled"))
    now = post.gateway.clock.now()
    told = assigned(post, person).model_dump() | {"state": "accepted", "accept_by": None, "due_at": None}
    await post.hear(ConversationAcceptedV1.model_validate(told | {"theirs_until": now + timedelta(hours=4)}))
    await post.idle()
    assert post.box.mails == []
    await post.pass_time(hours=3, minutes=31)
    [reminder] = await post.arrive(1)
    assert "A customer is waiting for your answer (mastodon), by 08 January 2031, 16:00 UTC" in reminder.get_content()

    await post.pass_time(hours=1)
    back = told | {"state": "queued", "assignee": None, "assignment": None}
    await post.hear(ConversationReturnedV1.model_validate(back | {"person": person, "why": "no mail holds it"}))
    await post.hear(
        ConversationAssignedV1.model_validate(assigned(post, following).model_dump() | {"assignment": "a-2"})
    )
    mails = await post.arrive(3)
    subjects = {mail["To"]: mail["Subject"] for mail in mails[1:]}
    assert subjects == {
        "e1@harbour.example": "A conversation that you accepted went to somebody else",
        "e3@harbour.example": "A conversation is with you",
    }
    assert "c-1" not in next(mail for mail in mails[1:] if "e1@" in mail["To"]).get_content(), "it is theirs no more"
    client = await post.as_person(coach)
    [noticed] = (await client.get("/v1/notices", params={"unread": True})).json()["items"]
    assert (noticed["kind"], noticed["link"], noticed["name"]) == (
        "conversation_came_back",
        "/conversations/c-1",
        "mastodon",
    )
    assert person not in str(noticed)


async def test_a_conversation_that_came_back_for_any_other_reason_is_told_nobody(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    told = assigned(post, person).model_dump() | {"state": "queued", "assignee": None, "why": "handed off"}
    await post.hear(ConversationReturnedV1.model_validate(told))
    client = await post.as_person(person)
    assert (await client.get("/v1/notices")).json()["items"] == []
