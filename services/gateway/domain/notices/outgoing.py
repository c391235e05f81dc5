"""From notices to messages: planned by what each person chose, gathered, and what became of each.

What is due for a person at the same time goes out as one message, and at most one a minute. A message is written down
before it is sent, with its id and what it tells: who dies between sending and noting it sends the same once more.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, select
from sqlmodel import col

from services.gateway.domain.notices import hearing, phrases, preferences
from services.gateway.domain.notices.hours import Hours
from services.gateway.domain.notices.kinds import link_of
from services.gateway.domain.notices.phrases import Said
from services.gateway.domain.notices.preferences import Terms
from services.gateway.schemas.notices import Channel
from services.gateway.tables import KnownPerson, Notice, NoticeMessage, NoticePreferences, NoticeSending
from shared.db import Session
from shared.events.gateway import NoticeDeliveredV1, NoticePlannedV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell

AT_ONCE = 200
GAP = timedelta(minutes=1)
"""Between two messages to a person by one channel; what comes meanwhile is gathered."""
TRIED_FOR = timedelta(days=3)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
KEPT = timedelta(days=90)
TIMED = frozenset({"conversation_yours"})
"""Kinds from whose delivery on somebody's time runs; who waits for it is told that one is on its way."""
PASSING = frozenset({"conversation_yours", "conversation_due_soon"})
"""Kinds whose deadline says nothing any more once it is over; what is late at other things is still to be done."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as its channel needs it; `address` is an e-mail address, or the encrypted one of a chat."""

    id: str
    person: str
    channel: Channel
    said: tuple[Said, ...]
    language: str
    zone: ZoneInfo
    name: str = ""
    address: str = ""
    chat_kind: str = ""
    chat_url: bytes = b""


def work(session: Session, terms: Terms) -> list[Outgoing]:
    """Plan, gather, and return what is to be sent now."""
    plan(session, terms)
    gather(session)
    rows = [row for channel in get_args(Channel) for row in due(session, channel)]
    return [each for row in rows if (each := written(session, row, terms)) is not None]


def due(session: Session, channel: Channel) -> Sequence[NoticeMessage]:
    """Return what is to be sent by a channel now, the longest due first."""
    waiting = (col(NoticeMessage.state) == "waiting", col(NoticeMessage.next_at) <= session.now)
    query = select(NoticeMessage).where(*waiting, col(NoticeMessage.channel) == channel)
    query = query.order_by(col(NoticeMessage.next_at), col(NoticeMessage.id))
    return session.execute(query.limit(AT_ONCE)).scalars().all()


def anything(session: Session) -> bool:
    """Tell whether there is work, so that nothing is written where there is none."""
    now = session.now
    new = exists().where(col(Notice.planned).is_(False), col(Notice.at) <= now)
    free = exists().where(col(NoticeSending.message).is_(None), col(NoticeSending.due_at) <= now)
    waiting = exists().where(col(NoticeMessage.state) == "waiting", col(NoticeMessage.next_at) <= now)
    return bool(session.execute(select(new | free | waiting)).scalar_one())


def plan(session: Session, terms: Terms) -> None:
    """Decide by what, and when, each new notice reaches its person."""
    new = select(Notice).where(col(Notice.planned).is_(False), col(Notice.at) <= session.now)
    rows = session.execute(new.order_by(col(Notice.at)).limit(AT_ONCE)).scalars().all()
    chosen: dict[str, NoticePreferences] = {}
    for row in rows:
        row.planned = True
        session.add(row)
        theirs = chosen.setdefault(row.person, preferences.of(session, row.person))
        choice = preferences.choice_of(theirs, row.kind)
        if choice == "off" or row.over_at is not None or row.read_at is not None:
            continue
        hours: Hours = preferences.hours_of(theirs, terms)
        due_at = hours.next_digest(session.now) if choice == "daily" else hours.next_allowed(session.now)
        channels = preferences.channels_of(theirs, terms)
        for channel in channels:
            session.add(NoticeSending(notice=row.id, channel=channel, person=row.person, due_at=due_at))
        # What waits for the morning, or for nobody's mailbox, has been told by the bell: their time runs.
        if channels and row.kind in TIMED and due_at <= session.now:
            planned = NoticePlannedV1(id=row.id, kind=row.kind, fact=row.fact, planned_at=session.now)
            tell(session, planned)
    session.flush()


def gather(session: Session) -> None:
    """Make one message of all that is due for a person by one channel, unless one was just made or still waits."""
    free = (col(NoticeSending.message).is_(None), col(NoticeSending.due_at) <= session.now)
    query = select(NoticeSending).where(*free).order_by(col(NoticeSending.due_at), col(NoticeSending.notice))
    theirs: dict[tuple[str, str], list[NoticeSending]] = defaultdict(list)
    for row in session.execute(query.limit(AT_ONCE)).scalars().all():
        theirs[row.person, row.channel].append(row)
    for (person, channel), sendings in theirs.items():
        again_at = busy_until(session, person, channel)
        if again_at is not None:
            for row in sendings:
                row.due_at = again_at
            continue
        message = NoticeMessage(
            id=new_id(),
            person=person,
            channel=channel,
            state="waiting",
            created_at=session.now,
            next_at=session.now,
        )
        session.add(message)
        for row in sendings:
            row.message = message.id
    session.flush()


def busy_until(session: Session, person: str, channel: str) -> datetime | None:
    """Return when a person can be sent something again by a channel; None for now."""
    theirs = (col(NoticeMessage.person) == person, col(NoticeMessage.channel) == channel)
    query = select(NoticeMessage).where(*theirs).order_by(col(NoticeMessage.created_at).desc()).limit(1)
    last: NoticeMessage | None = session.execute(query).scalars().first()
    if last is None:
        return None
    if last.state == "waiting" and last.next_at is not None:
        return max(last.next_at, session.now) + GAP
    return last.created_at + GAP if last.created_at + GAP > session.now else None


def written(session: Session, row: NoticeMessage, terms: Terms) -> Outgoing | None:
    """Return what a message says now: what has been read or dealt with is left out, and with nothing left it is dropped.

    The address is looked up now, so that it is that of today; somebody whom nobody knows yet is tried again.
    """
    theirs, person = preferences.of(session, row.person), session.get(KnownPerson, row.person)
    language, zone = preferences.language_of(theirs, person), preferences.hours_of(theirs, terms).zone
    told = [said_of(notice, language, session.now) for notice in notices_of(session, row.id)]
    if not told or not wanted(theirs, row.channel, terms):
        end(session, row, "dropped")
        return None
    if person is None:
        put_off(session, row, "nobody of that id is known here")
        return None
    if not person.active:
        end(session, row, "dropped")
        return None
    channel: Channel = "email" if row.channel == "email" else "chat"
    return Outgoing(
        row.id,
        row.person,
        channel,
        tuple(told),
        language,
        zone,
        person.name,
        person.email,
        theirs.chat_kind or "",
        theirs.chat_url or b"",
    )


def wanted(theirs: NoticePreferences, channel: str, terms: Terms) -> bool:
    """Tell whether somebody still wants to be told by a channel; a mail server that is gone only makes it wait."""
    return theirs.email if channel == "email" else "chat" in preferences.channels_of(theirs, terms)


def notices_of(session: Session, message: str) -> Sequence[Notice]:
    """Return what a message tells that still matters."""
    matters = (col(Notice.read_at).is_(None), col(Notice.over_at).is_(None))
    query = select(Notice).join(NoticeSending, col(NoticeSending.notice) == col(Notice.id))
    query = query.where(col(NoticeSending.message) == message, *matters)
    return session.execute(query.order_by(col(Notice.id))).scalars().all()


def said_of(row: Notice, language: str, now: datetime) -> Said:
    """Return a notice as somebody reads it at a time."""
    link = link_of(row.kind, row.subject, row.name)
    until = until_when(row, now)
    return Said(phrases.title_of(row.kind, language), row.name, until, link, row.id, row.kind, row.fact)


def until_when(row: Notice, now: datetime) -> datetime | None:
    """Return the deadline that a message names; None where it does not hold: it is over, or runs from the message only."""
    if row.due_at is None or (row.kind in PASSING and row.due_at <= now):
        return None
    return None if row.kind in TIMED and now - row.at > GAP else row.due_at


def sent(session: Session, outgoing: Outgoing) -> None:
    """Note that a message has reached its channel, and tell it."""
    row = session.get(NoticeMessage, outgoing.id)
    if row is None or row.state != "waiting":
        return
    end(session, row, "sent")
    told = {"person": row.person, "channel": row.channel, "delivered_at": session.now}
    tell(session, *(NoticeDeliveredV1(id=one.notice, kind=one.kind, fact=one.fact, **told) for one in outgoing.said))
    record(session, "notice.sent", f"notice-messages/{row.id}", person=row.person)


def refused(session: Session, message: str, error: str, *, for_good: bool = False) -> None:
    """Note that a message did not reach its channel; it is tried again for three days unless that is `for_good`."""
    row = session.get(NoticeMessage, message)
    if row is None or row.state != "waiting":
        return
    if for_good:
        row.error = error
        end(session, row, "dead")
    else:
        put_off(session, row, error)


def put_off(session: Session, row: NoticeMessage, error: str) -> None:
    """Let a message be tried again later, ever more rarely; after three days it is dead."""
    row.tries += 1
    row.error = error
    if session.now - row.created_at >= TRIED_FOR:
        end(session, row, "dead")
        return
    row.next_at = session.now + min(FIRST_WAIT * 2 ** min(row.tries - 1, 10), LONGEST_WAIT)
    session.add(row)


def end(session: Session, row: NoticeMessage, state: str) -> None:
    """Note what became of a message at last."""
    row.state, row.next_at, row.ended_at = state, None, session.now
    session.add(row)
    if state == "dead":
        record(session, "notice.dead", f"notice-messages/{row.id}", person=row.person)


def forget_old(session: Session) -> None:
    """Drop notices, and what became of them, after 90 days."""
    before = session.now - KEPT
    old = select(col(Notice.id)).where(col(Notice.created_at) < before)
    session.execute(delete(NoticeSending).where(col(NoticeSending.notice).in_(old)))
    session.execute(delete(NoticeMessage).where(col(NoticeMessage.created_at) < before))
    hearing.forget_old(session, before)


def forget(session: Session, person: str) -> None:
    """Drop all that a person was to be told, and how."""
    for table in (NoticeSending, NoticeMessage, Notice, NoticePreferences):
        session.execute(delete(table).where(col(table.person) == person))
