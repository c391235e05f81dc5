"""What comes in from customers: messages, wherever they come from, and the conversations they belong to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, select

from services.monitoring.domain.conversations import conversations, promises, reopening, standings, threads
from services.monitoring.domain.conversations.showing import shown
from services.monitoring.domain.conversations.standings import Standing
from services.monitoring.domain.figures import hours
from services.monitoring.domain.routing import assignments, requirements, staff
from services.monitoring.domain.triage import triage
from services.monitoring.domain.triage.sorting import AS_USUAL
from services.monitoring.domain.triage.triage import Reading
from services.monitoring.schemas.conversations import ConversationIn, ConversationOut, MessageIn
from services.monitoring.tables import Conversation, Message, ServicePromise
from shared.db import Session
from shared.events.monitoring import ConversationAcceptedV1, ConversationOpenedV1, ConversationQueuedV1
from shared.evidence import digest_of, record, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict
from shared.statements import NewRows

WROTE_AGAIN = "the customer wrote again"
ANSWERED = ("answered", "waiting")
"""States in which the customer has the last word to say, or none."""
NEW_MESSAGES = NewRows(
    Message.__table__,  # type: ignore[attr-defined]
    *("id", "conversation", "network_id", "author", "text", "sent_at", "post"),
    unique=("conversation", "network_id"),
)


class AlreadyResolved(Conflict):
    """The conversation was resolved a while ago; push the thread to /v1/conversations to open another."""


class Inbound(NamedTuple):
    """A customer's message, wherever it came from."""

    network: str
    thread: str
    customer: str
    language: str | None
    topic: str | None
    network_id: str
    text: str
    sent_at: datetime
    post: str | None = None
    kind: str = "other"
    urgency: int = 1

    @property
    def open_key(self) -> str:
        """What names the open conversation that this belongs to."""
        return f"{self.network}:{self.thread}"


def base_language(tag: str | None) -> str | None:
    """Return the language of a tag without its region: `de` of `de-CH`."""
    return tag.split("-", 1)[0].lower() if tag else None


def receive(session: Session, messages: Sequence[Inbound]) -> tuple[list[str], set[str]]:
    """Add messages to the open conversations they belong to, open the others, and hand out what needs somebody.

    Returns the id of each message's conversation, and the ids of those that have a new message. A message that is known
    already changes nothing. The caller holds the router's lock.
    """
    keyed = [(message.open_key, message) for message in messages]
    wanted = {key: (message.network, message.thread) for key, message in keyed}
    urgent: dict[str, int] = {}
    for key, message in keyed:
        urgent[key] = max(message.urgency, urgent.get(key, message.urgency))
    standing = standings.of_open(session, wanted)
    by_key = standings.read_whole(session, [one.id for key, one in standing.items() if changes(one, urgent[key])])
    by_key |= reopening.lately_resolved(session, [thread for key, thread in wanted.items() if key not in standing])
    opened = []
    for key, message in keyed:
        if key not in by_key and key not in standing:
            by_key[key] = start(message, session.now)
            opened.append(by_key[key])
        if key in by_key:
            raise_to(by_key[key], message)
    promised = promises.in_force(session)
    for one in opened:
        promises.promise(session, one, "first", promised)
    tell_opened(session, opened)
    known = {key: one.id for key, one in (standing | by_key).items()}
    ids = [known[key] for key, _ in keyed]
    spoken = keep_messages(session, messages, ids)
    spoken_on = spoken - {one.id for one in opened}
    requeued = take_up(session, spoken_on, by_key.values(), promised)
    if opened or requeued:
        place(session, opened, requeued)
    return ids, spoken


def changes(one: Standing, urgency: int) -> bool:
    """Say whether messages of such urgency change more of an open conversation than that there is one more in it."""
    return one.state in ANSWERED or urgency > one.urgency


def tell_opened(session: Session, opened: Sequence[Conversation]) -> None:
    """Tell of conversations that are new, and count them."""
    tell(session, *(ConversationOpenedV1(**assignments.told(one)) for one in opened))
    hours.count(session, *(hours.happening("conversations", one.opened_at, one.network) for one in opened))


def take_up(
    session: Session, spoken: Collection[str], read: Iterable[Conversation], promised: Mapping[str, ServicePromise]
) -> list[Conversation]:
    """Go on with conversations that have a new message, by those that were `read`; returns those that need somebody."""
    need, others = [], set(spoken)
    for one in read:
        if one.id not in spoken:
            continue
        if one.state == reopening.RESOLVED:
            promises.promise(session, one, "next", promised)
            reopening.reopen(session, one)
            need.append(one)
        elif one.state in ANSWERED:
            promises.promise(session, one, "next", promised)
            if not resume(session, one):
                need.append(one)
        else:
            one.revision += 1
        others.discard(one.id)
    standings.count_up(session, sorted(others))
    return need


def place(session: Session, opened: Sequence[Conversation], requeued: Sequence[Conversation]) -> None:
    """Give conversations to whoever can take them, and tell of those that are new and wait for somebody."""
    assignments.place(session, [*opened, *requeued])
    waiting = [one for one in opened if one.state == "new"]
    for one in waiting:
        one.state = "queued"
    session.add_all(opened)
    session.flush()
    tell(session, *(ConversationQueuedV1(**assignments.told(one), missing=one.missing) for one in waiting))


def start(message: Inbound, now: datetime) -> Conversation:
    """Return a new conversation, which nobody has looked for somebody for."""
    return Conversation(
        id=new_id(),
        network=message.network,
        thread=message.thread,
        open_key=message.open_key,
        customer=message.customer,
        language=base_language(message.language),
        topic=message.topic,
        kind=message.kind,
        urgency=message.urgency,
        state="new",
        opened_at=now,
        queued_at=now,
        passed_over=[],
        given_back=[],
    )


def raise_to(conversation: Conversation, message: Inbound) -> None:
    """Let a conversation be as urgent as the most urgent message in it, and of that kind: it never sinks by itself."""
    if message.urgency > conversation.urgency:
        conversation.kind, conversation.urgency = message.kind, message.urgency


def keep_messages(session: Session, messages: Sequence[Inbound], ids: Sequence[str]) -> set[str]:
    """Keep the messages, each in the conversation with its id, and return which of these have a new one."""
    rows = [
        {
            "id": new_id(),
            "conversation": conversation,
            "network_id": message.network_id,
            "author": message.customer,
            "text": message.text,
            "sent_at": message.sent_at,
            "post": message.post,
        }
        for message, conversation in zip(messages, ids, strict=True)
    ]
    kept = NEW_MESSAGES.keep(session, rows)
    return {conversation for conversation, row in zip(ids, rows, strict=True) if row["id"] in kept}


def resume(session: Session, conversation: Conversation) -> bool:
    """Give an answered conversation back to whom it was with, if they may still take it; else queue it."""
    asked = requirements.certification_for(session, conversation)
    for member in staff.members(session, persons=[conversation.assignee or ""]):
        if member.barrier in (None, staff.FULL, staff.SPENT) and asked in member.held:
            assignments.resume(session, conversation)
            tell(session, ConversationAcceptedV1(**assignments.told(conversation)))
            return True
    record_all(session, [assignments.returned(conversation, WROTE_AGAIN)])
    assignments.take_back(session, conversation, WROTE_AGAIN, keep_off=False)
    return False


def push(session: Session, body: ConversationIn) -> ConversationOut:
    """Take in a thread of an inbox tool, of which only what is new counts: a tool may push the whole thread each time."""
    assignments.lock(session)
    before = threads.settled(session, body.network, body.thread, {message.network_id for message in body.messages})
    new = [message for message in body.messages if message.network_id not in before]
    if not new and (last := threads.last_resolved(session, body.network, body.thread)) is not None:
        return shown(session, [last])[0]
    read = triage.read_message(session, "\n".join(message.text for message in new), body.language)
    messages = [message_of(body, message, read, session.now) for message in new]
    if not messages:
        empty = message_of(body, MessageIn(network_id="-", text=""), read, session.now)
        conversation, changed = receive_thread(session, empty)
    else:
        (found, *_), spoken = receive(session, messages)
        conversation, changed = standings.read_anew(session, found), bool(spoken)
    if changed:
        record(session, "conversation.push", f"conversation/{conversation.id}", digest_of(body))
    return shown(session, [conversation])[0]


def receive_thread(session: Session, thread: Inbound) -> tuple[Conversation, bool]:
    """Open a thread that has no message yet, unless it is open; return it, and whether it is new."""
    found: Conversation | None = session.execute(
        select(Conversation).where(col(Conversation.open_key) == thread.open_key)
    ).scalar()
    if found is not None:
        return found, False
    conversation = start(thread, session.now)
    promises.promise(session, conversation, "first", promises.in_force(session))
    tell_opened(session, [conversation])
    place(session, [conversation], [])
    return conversation, True


def message_of(body: ConversationIn, message: MessageIn, read: Reading, now: datetime) -> Inbound:
    """Return one message of a pushed thread: what its tool says of the thread stands, triage says the rest."""
    return Inbound(
        body.network,
        body.thread,
        body.customer,
        read.lang,
        body.topic or read.topic,
        message.network_id,
        message.text,
        message.sent_at or now,
        kind=body.kind or read.kind or "other",
        urgency=next(urgency for urgency in (body.urgency, read.urgency, AS_USUAL) if urgency is not None),
    )


def add_message(session: Session, conversation_id: str, body: MessageIn) -> ConversationOut:
    """Add a customer's message to a conversation that is open, or was lately; one that is known changes nothing."""
    assignments.lock(session)
    one = conversations.get(session, conversation_id)
    if body.network_id in threads.settled(session, one.network, one.thread, {body.network_id}):
        return shown(session, [one])[0]
    if one.open_key is None and not reopening.may_go_on(session, one):
        raise AlreadyResolved
    read = triage.read_message(session, body.text, one.language)
    message = Inbound(
        one.network,
        one.thread,
        one.customer,
        one.language,
        one.topic,
        body.network_id,
        body.text,
        body.sent_at or session.now,
        kind=read.kind or one.kind,
        urgency=one.urgency if read.urgency is None else read.urgency,
    )
    _, spoken = receive(session, [message])
    if spoken:
        record(session, "conversation.add_message", f"conversation/{one.id}", digest_of(body))
    return shown(session, [standings.read_anew(session, one.id)])[0]
