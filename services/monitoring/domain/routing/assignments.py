"""Conversations go to people and come back from them: the router's decisions, written down.

Whatever hands out or takes back first takes the router's lock (`lock`), so that two transactions never give one
person more than their room, and every transaction takes its rows in the same order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import tuple_
from sqlmodel import col, func, select

from services.monitoring.domain.routing import asking, pauses, requirements, staff
from services.monitoring.domain.routing.hours import after
from services.monitoring.domain.routing.routing import Choice
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability, Conversation, Router
from shared.db import Session, insert
from shared.events.monitoring import (
    ConversationAssignedV1,
    ConversationRescheduledV1,
    ConversationReturnedV1,
    ConversationTold,
)
from shared.evidence import Deed, digest_of, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

AT_ONCE = 500
"""Conversations that one sweep looks at."""
KEEP_OFF = 4
"""Whoever gave a conversation back does not get it again for this many times the time to accept."""
WITH_SOMEONE = ("assigned", "accepted")
QUEUED = ("new", "queued", "reopened")
"""States of a conversation that needs somebody."""
SILENT = "did not accept in time"
HANDED_OFF = "handed off"
FIRST_COME = (
    col(Conversation.urgency).desc(),
    func.coalesce(col(Conversation.due_at), col(Conversation.queued_at)),
    col(Conversation.queued_at),
    col(Conversation.id),
)
"""The order of the queue: the most urgent, of those the one whose answer is due first, else the oldest."""
POOL: Sequence[Any] = (Conversation.network, Conversation.kind, Conversation.language, Conversation.topic)
"""What decides who could take a conversation."""
POOL_KEY = tuple_(
    Conversation.network,
    Conversation.kind,
    func.coalesce(Conversation.language, ""),
    func.coalesce(Conversation.topic, ""),
)
"""The same to compare with, as nothing is equal to an empty field."""
SWEEP = "queue"


def lock(session: Session) -> None:
    """Take the router's lock until the transaction ends (on SQLite there is one writer anyway)."""
    there = select(Router.id).where(col(Router.id) == 1).with_for_update()
    if session.execute(there).scalar() is None:
        session.execute(insert(session, Router.__table__).values(id=1).on_conflict_do_nothing())  # type: ignore[attr-defined]
        session.execute(there)


def told(conversation: Conversation) -> dict[str, Any]:
    """Return what every event about a conversation carries."""
    return {name: getattr(conversation, name) for name in ConversationTold.model_fields if name != "why"}


def place(session: Session, conversations: Sequence[Conversation], team: Sequence[staff.Member] | None = None) -> None:
    """Give queued conversations to people, or note what is missing; the caller holds the lock.

    `team` narrows the choice; by default it is everyone who is online.
    """
    standing = pauses.active(session)
    waiting = []
    for one in conversations:
        if pauses.covering(standing, one.network, one.language, one.topic):
            one.missing = "pause"
        else:
            waiting.append(one)
    if not waiting:
        return
    members = team if team is not None else staff.members(session, online_only=True)
    choices = asking.decide(session, waiting, members)
    by_id = {one.id: one for one in waiting}
    hand_out(session, by_id, [choice for choice in choices if choice.person is not None], members)
    left = {choice.waiting.conversation: choice for choice in choices if choice.person is None}
    if left and team is None:
        note_what_is_missing(session, [by_id[one] for one in left])
        for unplaced, choice in left.items():
            by_id[unplaced].passed_over = named(choice)
    session.flush()


def named(choice: Choice) -> list[dict[str, str]]:
    """Return who was passed over, as it is kept."""
    return [{"person": one.person, "why": one.why} for one in choice.passed_over]


def hand_out(
    session: Session, by_id: dict[str, Conversation], choices: Sequence[Choice], members: Sequence[staff.Member]
) -> None:
    """Write down who got what, and tell of it."""
    if not choices:
        return
    rows = {member.row.person: member.row for member in members}
    given = Counter(choice.person or "" for choice in choices)
    chosen = [by_id[choice.waiting.conversation] for choice in choices]
    made = [
        assign(session, one, choice, rows[choice.person or ""]) for one, choice in zip(chosen, choices, strict=True)
    ]
    for person in sorted(given):
        staff.charge(session.get_one(Availability, person), session.now, given[person])
    tell(session, *(ConversationAssignedV1(**told(one), why=one.chosen) for one in chosen))
    for assignment, notice in zip(made, session.told[-len(made) :], strict=True):
        assignment.notice = notice.id


def assign(session: Session, conversation: Conversation, choice: Choice, row: staff.Standing) -> Assignment:
    """Put a conversation with a person until the deadline to accept, which runs in their hours only."""
    assignment = Assignment(
        id=new_id(), conversation=conversation.id, person=choice.person or "", assigned_at=session.now
    )
    session.add(assignment)
    conversation.state = "assigned"
    conversation.assignee = choice.person
    conversation.assignment = assignment.id
    conversation.accept_by = after(row.hours, session.now, terms().accept_within)
    why = "knows this customer" if choice.known else "handled fewest per online hour"
    conversation.chosen = f"{why} ({choice.rate:.2f}) of {choice.could} who could take it"
    conversation.passed_over = named(choice)
    conversation.missing = None
    conversation.revision += 1
    if conversation.waited is None:
        conversation.waited = (session.now - conversation.opened_at).total_seconds()
    given = (f"assignment/{assignment.id}",)
    deed = Deed("conversation.assign", f"conversation/{conversation.id}", person=choice.person, refers_to=given)
    record_all(session, [deed])
    return assignment


def note_what_is_missing(session: Session, conversations: Iterable[Conversation]) -> None:
    """Say on each conversation what nobody has who could take it."""
    everyone = staff.members(session)
    required = requirements.in_force(session)
    known: dict[tuple[str, str | None, str | None], str] = {}
    for one in conversations:
        wanted = (required.of(one.network, one.kind), one.language, one.topic)
        if wanted not in known:
            known[wanted] = staff.missing(everyone, *wanted)
        one.missing = known[wanted]


def fill(session: Session, persons: Collection[str] | None = None) -> None:
    """Give the conversations of the queue to these people, or to whoever can take them; the caller holds the lock."""
    queued, team = up_next(session, persons)
    if queued:
        place_some(session, queued, team)


def fill_each(session: Session) -> None:
    """Give the conversations of the queue to whoever can take them; one that raises holds up no other."""
    queued, _ = up_next(session)
    do_each(session, SWEEP, queued, lambda ids: place_some(session, ids, free(session)))


def place_some(session: Session, ids: Collection[str], team: Sequence[staff.Member]) -> None:
    """Give some conversations of the queue to these people, who are free."""
    rows = select(Conversation).where(col(Conversation.id).in_(ids), col(Conversation.state).in_(QUEUED))
    place(session, list(session.execute(rows.order_by(*FIRST_COME)).scalars()), team)


def free(session: Session, persons: Collection[str] | None = None) -> list[staff.Member]:
    """Return who could take one more conversation, of all people or of these."""
    team = staff.members(session, persons=persons, online_only=True)
    return [member for member in team if member.barrier is None]


def up_next(session: Session, persons: Collection[str] | None = None) -> tuple[list[str], list[staff.Member]]:
    """Return which of the queue these people could take, some more than they have room for, and who of them is free."""
    pools = session.execute(select(*POOL).where(col(Conversation.state).in_(QUEUED)).distinct()).all()
    if not pools:
        return [], []
    team = free(session, persons)
    standing = pauses.active(session)
    required = requirements.in_force(session)
    fitting = [
        (network, kind, language or "", topic or "")
        for network, kind, language, topic in pools
        if not pauses.covering(standing, network, language, topic)
        and any(asking.fits(member, required.of(network, kind), language, topic) for member in team)
    ]
    if not fitting:
        return [], team
    room = sum(staff.room(member.row, session.now) for member in team)
    queue = select(Conversation.id).where(col(Conversation.state).in_(QUEUED), POOL_KEY.in_(fitting))
    queue = queue.where(at_hand(session, SWEEP, col(Conversation.id)))
    limit = min(AT_ONCE, room + AT_ONCE // 10)
    queued = list(session.execute(queue.order_by(*FIRST_COME).limit(limit)).scalars())
    if len(queued) == limit:
        # Some of those who wait longest too, or a stream of urgent ones would keep them from ever being looked at.
        oldest = queue.order_by(col(Conversation.queued_at), col(Conversation.id)).limit(limit // 10 + 1)
        queued = list(dict.fromkeys([*queued, *session.execute(oldest).scalars()]))
    return queued, team


def take_back(
    session: Session,
    conversation: Conversation,
    why: str,
    *,
    keep_off: bool = True,
    silent_since: datetime | None = None,
) -> None:
    """Put a conversation back into the queue; `keep_off` keeps it from whoever had it for a while.

    `silent_since` is the last sign of somebody who had accepted it: what came after was no work, and they are told.
    """
    person = conversation.assignee
    if person is not None and keep_off:
        now, until = session.now.isoformat(), (session.now + KEEP_OFF * terms().accept_within).isoformat()
        still = [past for past in conversation.given_back if past["until"] > now and past["person"] != person]
        conversation.given_back = [*still, {"person": person, "until": until}]
    end_assignment(session, conversation, why, silent_since)
    conversation.state = "queued"
    conversation.queued_at = session.now
    conversation.assignee = conversation.assignment = conversation.accept_by = None
    conversation.chosen, conversation.passed_over = None, []
    conversation.revision += 1
    silent = person if silent_since is not None else None
    tell(session, ConversationReturnedV1(**told(conversation), why=why, person=silent))


def returned(conversation: Conversation, why: str) -> Deed:
    """Return what is proved of a conversation that is taken back from whoever has it."""
    return Deed("conversation.return", f"conversation/{conversation.id}", digest_of(why), conversation.assignee)


def end_assignment(
    session: Session, conversation: Conversation, why: str, worked_until: datetime | None = None
) -> None:
    """Close the current assignment and book it off the person's load, if it still counts there.

    They worked on it until this moment, or until an earlier one.
    """
    conversation.theirs_until = None
    if conversation.assignment is None:
        return
    assignment = session.get_one(Assignment, conversation.assignment)
    assignment.ended_at, assignment.ended = session.now, why[:40]
    if conversation.state in WITH_SOMEONE:
        row = session.get(Availability, conversation.assignee, with_for_update=True)
        if row is not None:
            until = worked_until or session.now
            taken = staff.minutes_taken(row, assignment, until)
            assignment.minutes = (assignment.minutes or 0) + taken
            staff.release(row, session.now, taken, until)


def stays_until(row: Availability | None, sign: datetime) -> datetime:
    """Return until when a conversation stays with whoever accepted it and gave the last sign at some time."""
    return min(after(row.hours if row else None, sign, terms().act_within), sign + terms().act_within_at_most)


def reschedule(
    session: Session,
    conversation: Conversation,
    *,
    accept_by: datetime | None = None,
    theirs_until: datetime | None = None,
) -> None:
    """Let whoever has a conversation have it until another time, and tell it: what they know of is the former one."""
    conversation.accept_by = accept_by or conversation.accept_by
    conversation.theirs_until = theirs_until or conversation.theirs_until
    conversation.revision += 1
    tell(session, ConversationRescheduledV1(**told(conversation)))


def resume(session: Session, conversation: Conversation) -> None:
    """Book that a customer wrote again to whoever had answered, and still may."""
    assignment = session.get_one(Assignment, conversation.assignment)
    assignment.resumed_at = session.now
    row = session.get_one(Availability, conversation.assignee)
    row.open += 1
    row.revision += 1
    conversation.state = "accepted"
    conversation.theirs_until = stays_until(row, session.now)
    conversation.revision += 1


def give_to_others(session: Session, conversations: Sequence[Conversation], why: Callable[[Conversation], str]) -> None:
    """Take conversations back, each for a reason that is proved with it, and route them again."""
    record_all(session, [returned(conversation, why(conversation)) for conversation in conversations])
    for conversation in conversations:
        take_back(session, conversation, why(conversation))
    if conversations:
        session.flush()
        place(session, conversations)
