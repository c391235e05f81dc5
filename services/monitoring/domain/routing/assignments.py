"""Conversations go to people and come back from them: the router's decisions, written down.

Whatever hands out or takes back first takes the router's lock (`lock`), so that two transactions never give one
person more than their room, and every transaction takes its rows in the same order.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, tuple_
from sqlmodel import col, func, select

from services.monitoring.domain.routing import pauses, staff
from services.monitoring.domain.routing.routing import Choice, Waiting, route
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability, Conversation, Router, metadata
from shared.db import Session, insert
from shared.events.monitoring import ConversationAssignedV1, ConversationReturnedV1, ConversationTold
from shared.evidence import Deed, digest_of, record, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.statements import Prebuilt

AT_ONCE = 500
"""Conversations that one sweep looks at."""
KEEP_OFF = 4
"""Whoever gave a conversation back does not get it again for this many times the time to accept."""
WITH_SOMEONE = ("assigned", "accepted")
QUEUED = ("new", "queued", "reopened")
"""States of a conversation that needs somebody."""
SILENT = "did not accept in time"
FIRST_COME = (
    col(Conversation.urgency).desc(),
    func.coalesce(col(Conversation.due_at), col(Conversation.queued_at)),
    col(Conversation.queued_at),
    col(Conversation.id),
)
"""The order of the queue: the most urgent, of those the one whose answer is due first, else the oldest."""
ROOMS = metadata.tables["availabilities"]
AVAILABLE = Prebuilt(select(ROOMS.c.person).where(ROOMS.c.person == bindparam("person")))
"""Asked for each person of whom anything is told, hundreds of thousands when a directory is loaded."""


def lock(session: Session) -> None:
    """Take the router's lock until the transaction ends (on SQLite there is one writer anyway)."""
    there = select(Router.id).where(col(Router.id) == 1).with_for_update()
    if session.execute(there).scalar() is None:
        session.execute(insert(session, Router.__table__).values(id=1).on_conflict_do_nothing())  # type: ignore[attr-defined]
        session.execute(there)


def told(conversation: Conversation) -> dict[str, Any]:
    """Return what every event about a conversation carries."""
    return {name: getattr(conversation, name) for name in ConversationTold.model_fields if name != "why"}


def needs(conversation: Conversation) -> frozenset[str]:
    """Return the skills that a conversation asks for."""
    wanted = []
    if conversation.language is not None:
        wanted.append(f"language:{conversation.language}")
    if conversation.topic is not None:
        wanted.append(f"topic:{conversation.topic}")
    return frozenset(wanted)


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
    choices = decide(session, waiting, members)
    by_id = {one.id: one for one in waiting}
    given: dict[str, int] = {}
    for choice in choices:
        if choice.person is not None:
            given[choice.person] = given.get(choice.person, 0) + 1
            assign(session, by_id[choice.waiting.conversation], choice)
    for person in sorted(given):
        staff.charge(session.get_one(Availability, person), session.now, given[person])
    left = [by_id[choice.waiting.conversation] for choice in choices if choice.person is None]
    if left and team is None:
        note_what_is_missing(session, left)
    session.flush()
    tell(session, *(ConversationAssignedV1(**told(one), why=one.chosen) for one in waiting if one.state == "assigned"))


def decide(session: Session, waiting: Sequence[Conversation], members: Sequence[staff.Member]) -> list[Choice]:
    """Ask the router."""
    topics = {one.topic for one in waiting if one.topic is not None}
    colleagues = [member.colleague(topics, session.now) for member in members]
    now = session.now.isoformat()
    return route(
        [
            Waiting(one.id, needs(one), frozenset(past["person"] for past in one.given_back if past["until"] > now))
            for one in waiting
        ],
        colleagues,
        now=session.now.timestamp(),
    )


def assign(session: Session, conversation: Conversation, choice: Choice) -> None:
    """Put a conversation with a person until the deadline to accept."""
    assignment = Assignment(
        id=new_id(), conversation=conversation.id, person=choice.person or "", assigned_at=session.now
    )
    session.add(assignment)
    conversation.state = "assigned"
    conversation.assignee = choice.person
    conversation.assignment = assignment.id
    conversation.accept_by = session.now + terms().accept_within
    conversation.chosen = f"handled fewest per online hour ({choice.rate:.2f}) of {choice.could} who could take it"
    conversation.passed_over = [{"person": one.person, "why": one.why} for one in choice.passed_over]
    conversation.missing = None
    conversation.revision += 1
    if conversation.waited is None:
        conversation.waited = (session.now - conversation.opened_at).total_seconds()
    record(session, "conversation.assign", f"conversation/{conversation.id}", person=choice.person)


def note_what_is_missing(session: Session, conversations: Iterable[Conversation]) -> None:
    """Say on each conversation what nobody has who could take it."""
    everyone = staff.members(session)
    known: dict[tuple[str | None, str | None], str] = {}
    for one in conversations:
        wanted = (one.language, one.topic)
        if wanted not in known:
            known[wanted] = staff.missing(everyone, *wanted)
        one.missing = known[wanted]


def fill(session: Session, persons: Collection[str] | None = None) -> None:
    """Give the oldest queued conversations to these people, or to whoever can take them; the caller holds the lock."""
    pools = session.execute(
        select(Conversation.network, Conversation.language, Conversation.topic)
        .where(col(Conversation.state).in_(QUEUED))
        .distinct()
    ).all()
    if not pools:
        return
    standing = pauses.active(session)
    team = [member for member in staff.members(session, persons=persons, online_only=True) if member.barrier is None]
    fitting = [
        (network, language or "", topic or "")
        for network, language, topic in pools
        if not pauses.covering(standing, network, language, topic)
        and any(fits(member, language, topic) for member in team)
    ]
    if not fitting:
        return
    room = sum(staff.room(member.row, session.now) for member in team)
    pool = tuple_(Conversation.network, absent_as_empty(Conversation.language), absent_as_empty(Conversation.topic))
    statement = (
        select(Conversation)
        .where(col(Conversation.state).in_(QUEUED), pool.in_(fitting))
        .order_by(*FIRST_COME)
        .limit(min(AT_ONCE, room + AT_ONCE // 10))
    )
    queued = list(session.execute(statement).scalars())
    place(session, queued, team)


def absent_as_empty(column: Any) -> Any:
    """Compare an optional column as text, so that absent equals absent."""
    return func.coalesce(column, "")


def fits(member: staff.Member, language: str | None, topic: str | None) -> bool:
    """Tell whether somebody has the skills for a language and topic."""
    row = member.row
    return (language is None or language in row.languages) and (topic is None or not row.topics or topic in row.topics)


def take_back(session: Session, conversation: Conversation, why: str, *, keep_off: bool = True) -> None:
    """Put a conversation back into the queue; `keep_off` keeps it from whoever had it for a while."""
    person = conversation.assignee
    if person is not None and keep_off:
        until = (session.now + KEEP_OFF * terms().accept_within).isoformat()
        conversation.given_back = [*conversation.given_back, {"person": person, "until": until}]
    end_assignment(session, conversation, why)
    conversation.state = "queued"
    conversation.queued_at = session.now
    conversation.assignee = conversation.assignment = conversation.accept_by = None
    conversation.chosen, conversation.passed_over = None, []
    conversation.revision += 1
    tell(session, ConversationReturnedV1(**told(conversation), why=why))


def returned(conversation: Conversation, why: str) -> Deed:
    """Return what is proved of a conversation that is taken back from whoever has it."""
    return Deed("conversation.return", f"conversation/{conversation.id}", digest_of(why), conversation.assignee)


def end_assignment(session: Session, conversation: Conversation, why: str) -> None:
    """Close the current assignment and book it off the person's load, if it still counts there."""
    if conversation.assignment is None:
        return
    assignment = session.get_one(Assignment, conversation.assignment)
    assignment.ended_at, assignment.ended = session.now, why[:40]
    if conversation.state in WITH_SOMEONE:
        row = session.get(Availability, conversation.assignee, with_for_update=True)
        if row is not None:
            staff.release(row, session.now, refund=conversation.state == "assigned")


def drain(session: Session, person: str, why: str) -> None:
    """Give all that a person has open to others, at once; the caller holds the lock."""
    statement = select(Conversation).where(
        col(Conversation.assignee) == person, col(Conversation.state).in_(WITH_SOMEONE)
    )
    give_to_others(session, list(session.execute(statement.order_by(col(Conversation.id))).scalars()), lambda _: why)


def give_to_others(session: Session, conversations: Sequence[Conversation], why: Callable[[Conversation], str]) -> None:
    """Take conversations back, each for a reason that is proved with it, and route them again."""
    record_all(session, [returned(conversation, why(conversation)) for conversation in conversations])
    for conversation in conversations:
        take_back(session, conversation, why(conversation))
    if conversations:
        session.flush()
        place(session, conversations)


def drain_if_gone(session: Session, person: str) -> None:
    """Drain a person who has left, is away or no longer certified; else give them what waits for them."""
    if AVAILABLE.first(session, person=person) is None:
        return
    lock(session)
    for member in staff.members(session, persons=[person]):
        if member.barrier in staff.GONE:
            drain(session, person, member.barrier)
    fill(session, [person])


def sweep(session: Session) -> None:
    """Do what the clock asks: deadlines, certificates and absences that set in, people who came back."""
    lock(session)
    silent = (
        select(Conversation)
        .where(col(Conversation.state) == "assigned", col(Conversation.accept_by) <= session.now)
        .order_by(col(Conversation.id))
        .limit(AT_ONCE)
    )
    give_to_others(session, list(session.execute(silent).scalars()), lambda _: SILENT)
    busy = list(session.execute(select(Availability.person).where(col(Availability.open) > 0)).scalars())
    for member in staff.members(session, persons=busy) if busy else []:
        if member.barrier in staff.GONE:
            drain(session, member.row.person, member.barrier)
    fill(session)
