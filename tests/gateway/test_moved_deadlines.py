"""A deadline that moved, or is over, is named by nothing that is sent afterwards."""

from datetime import datetime, timedelta

from shared.events.monitoring import (
    ConversationAcceptedV1,
    ConversationAnsweredV1,
    ConversationAssignedV1,
    ConversationRescheduledV1,
)
from tests.gateway.mailing import Post, assigned

HOUR = timedelta(hours=1)


def accepted(event: ConversationAssignedV1, until: datetime, **changes: object) -> dict[str, object]:
    """Return what is told of a conversation that somebody has until a time."""
    return (
        event.model_dump() | {"state": "accepted", "accept_by": None, "due_at": None, "theirs_until": until} | changes
    )


async def test_a_reminder_waits_for_the_deadline_that_holds_and_names_that_one(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    now = post.gateway.clock.now()
    event = assigned(post, person)
    await post.hear(ConversationAcceptedV1.model_validate(accepted(event, now + 4 * HOUR)))
    await post.hear(ConversationRescheduledV1.model_validate(accepted(event, now + 6 * HOUR)))
    await post.pass_time(hours=3, minutes=31)
    await post.idle()
    assert post.box.mails == []
    await post.pass_time(hours=2)
    [reminder] = await post.arrive(1)
    assert "by 08 January 2031, 18:00 UTC" in reminder.get_content()


async def test_another_deadline_that_moved_leaves_the_first_one_as_it_is(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    now = post.gateway.clock.now()
    event = assigned(post, person)
    promised = {"due_at": now + 2 * HOUR}
    await post.hear(ConversationAcceptedV1.model_validate(accepted(event, now + 4 * HOUR, **promised)))
    await post.hear(ConversationRescheduledV1.model_validate(accepted(event, now + 6 * HOUR, **promised)))
    await post.pass_time(hours=1, minutes=31)
    [reminder] = await post.arrive(1)
    assert "by 08 January 2031, 14:00 UTC" in reminder.get_content()


async def test_a_reminder_that_comes_late_names_no_time_that_is_over_and_none_that_moved(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    now = post.gateway.clock.now()
    first, second = assigned(post, person), assigned(post, person, "c-2")
    for event in (first, second):
        told = accepted(event, now + 4 * HOUR, due_at=now + HOUR)
        await post.hear(ConversationAcceptedV1.model_validate(told))
    post.box.refusals["*"] = "451 later"
    await post.pass_time(minutes=31)
    await post.tried(1)
    await post.hear(ConversationRescheduledV1.model_validate(accepted(second, now + 9 * HOUR)))
    post.box.refusals.clear()
    await post.pass_time(hours=1)
    [mail] = await post.arrive(1)
    text = mail.get_content()
    assert "conversations/c-1" in text, "the customer still waits"
    assert " by " not in text.partition("-- ")[0]
    assert "conversations/c-2" not in text, "it is theirs for hours"


async def test_who_is_told_late_that_a_conversation_is_theirs_is_not_told_a_time_that_runs_from_then_only(
    quick_post: Post,
) -> None:
    post = quick_post
    person = await post.joins(1)
    post.box.refusals["*"] = "451 later"
    await post.hear(assigned(post, person))
    await post.tried(1)
    post.box.refusals.clear()
    await post.pass_time(minutes=5)
    [mail] = await post.arrive(1)
    assert "A conversation is with you (mastodon)" in mail.get_content().splitlines()


async def test_the_bell_shows_the_time_that_holds(quick_post: Post) -> None:
    post = quick_post
    person = await post.joins(1)
    event = assigned(post, person)
    assert event.accept_by is not None
    later = event.accept_by + timedelta(minutes=7)
    await post.hear(event, ConversationRescheduledV1.model_validate(event.model_dump() | {"accept_by": later}))
    client = await post.as_person(person)
    [shown] = (await client.get("/v1/notices")).json()["items"]
    assert datetime.fromisoformat(shown["due_at"]) == later


async def test_a_customer_who_writes_again_is_promised_another_answer_of_which_somebody_is_reminded_too(
    quick_post: Post,
) -> None:
    post = quick_post
    person = await post.joins(1)
    now = post.gateway.clock.now()
    event = assigned(post, person)
    await post.hear(ConversationAcceptedV1.model_validate(accepted(event, now + 4 * HOUR)))
    await post.hear(ConversationAnsweredV1.model_validate(accepted(event, now, state="answered", theirs_until=None)))
    await post.hear(ConversationAcceptedV1.model_validate(accepted(event, now + 5 * HOUR)))
    await post.pass_time(hours=4, minutes=31)
    [reminder] = await post.arrive(1)
    assert "by 08 January 2031, 17:00 UTC" in reminder.get_content()
