"""What became of what was sent: written down in one unit with how far the endpoint is, so that nothing is left out.

Whoever dies between sending and this sends again, under the same event ids.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select, update
from sqlmodel import col

from services.gateway.domain.event_log import find
from services.gateway.domain.webhooks import endpoints
from services.gateway.domain.webhooks.messages import Attempt, Message
from services.gateway.domain.webhooks.schedule import PAUSED_AFTER, next_try
from services.gateway.schemas.webhooks import Because
from services.gateway.stream.frames import Frame, View
from services.gateway.tables import Delivery, Webhook, metadata
from shared.db import Session
from shared.ids import new_id
from shared.statements import Prebuilt, insert_into

GONE = 410
LOST = "The event log does not keep this event any more."

_endpoints, _deliveries = metadata.tables["webhooks"], metadata.tables["webhook_deliveries"]
LOCK = Prebuilt(
    select(_endpoints.c.state, _endpoints.c.failing_since, _endpoints.c.delivered_at)
    .where(_endpoints.c.id == bindparam("id"))
    .with_for_update()
)
HEALTH = Prebuilt(
    update(_endpoints)
    .where(_endpoints.c.id == bindparam("of"))
    .values(failing_since=bindparam("failing_since"), delivered_at=bindparam("delivered_at"))
)
MOVE = Prebuilt(
    update(_endpoints)
    .where(_endpoints.c.id == bindparam("of"), _endpoints.c.position <= bindparam("position"))
    .values(position=bindparam("position"), epoch=bindparam("epoch"))
)
ADD = insert_into(
    _deliveries, "id", "webhook", "event_id", "type", "subject", "state", "tries", "created_at", "next_at", "ended_at",
    "attempts", "answers", "body",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """How far an endpoint is in the log: with what is new, or with a replay."""

    position: int
    epoch: str
    replay: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is to be tried again; no body where the log has lost it."""

    id: str
    message: Message
    tries: int
    attempts: str
    answers: str | None
    lost: bool


def due(session: Session, webhook_id: str, limit: int, view: View) -> list[Due]:
    """Return what an endpoint is to be sent again now, the longest due first."""
    waiting = (col(Delivery.webhook) == webhook_id, col(Delivery.state) == "waiting")
    query = select(Delivery).where(*waiting, col(Delivery.next_at) <= session.now)
    rows = session.execute(query.order_by(col(Delivery.next_at), col(Delivery.id)).limit(limit)).scalars().all()
    bodies = bodies_of(session, rows, view)
    return [
        Due(
            row.id,
            Message(row.event_id, row.type, row.subject, bodies.get(row.id, b"")),
            row.tries,
            row.attempts,
            row.answers,
            row.id not in bodies,
        )
        for row in rows
    ]


def bodies_of(session: Session, rows: Sequence[Delivery], view: View) -> dict[str, bytes]:
    """Return what is sent, by delivery; one whose event is no longer in the log has none."""
    logged = find(session, [row.event_id for row in rows if row.body is None])
    told = {row.id: Frame("", logged[row.event_id]).line(view) for row in rows if row.event_id in logged}
    return told | {row.id: row.body for row in rows if row.body is not None}


def held_subjects(session: Session, webhook_id: str) -> set[str]:
    """Return the subjects of which something waits, so that later events of them have to wait, too."""
    waiting = (col(Delivery.webhook) == webhook_id, col(Delivery.state) == "waiting")
    return set(session.execute(select(col(Delivery.subject)).where(*waiting).distinct()).scalars())


def keep_new(
    session: Session,
    webhook_id: str,
    sent: Sequence[tuple[Message, Attempt | None]],
    place: Place,
    *,
    hasten: bool = False,
) -> bool:
    """Keep what came of events that were sent first; those without an attempt wait for an earlier one.

    `hasten` says that the endpoint is back: all that waits is tried at once. Returns whether to go on with it.
    """
    found = LOCK.first(session, id=webhook_id)
    if found is None:
        return False
    waiting = held_subjects(session, webhook_id) if any(attempt is None for _, attempt in sent) else set()
    rows = [entered(session, webhook_id, message, attempt, waiting) for message, attempt in sent]
    if rows:
        ADD.run(session, *rows)
    if place.replay:
        move_replay(session, webhook_id, place.position)
    else:
        MOVE.run(session, {"of": webhook_id, "position": place.position, "epoch": place.epoch})
    return settle(session, webhook_id, found, [attempt for _, attempt in sent if attempt is not None], hasten=hasten)


def entered(
    session: Session, webhook_id: str, message: Message, attempt: Attempt | None, waiting: set[str]
) -> dict[str, Any]:
    """Return the row of a delivery; one that waits is added to the subjects that wait."""
    arrived = attempt is not None and attempt.arrived
    next_at = None
    if attempt is None:
        next_at = None if message.subject in waiting else session.now
    elif not arrived:
        next_at = next_try(1, session.now, attempt.retry_after)
    if not arrived:
        waiting.add(message.subject)
    answer = attempt.answer if attempt is not None else None
    return {
        "id": new_id(),
        "webhook": webhook_id,
        "event_id": message.event_id,
        "type": message.type,
        "subject": message.subject,
        "state": "delivered" if arrived else "waiting",
        "tries": 0 if attempt is None else 1,
        "created_at": session.now,
        "next_at": next_at,
        "ended_at": session.now if arrived else None,
        "attempts": noted("[]", attempt) if attempt is not None else "[]",
        "answers": orjson.dumps([answer]).decode() if answer else None,
        "body": None,
    }


def noted(attempts: str, attempt: Attempt) -> str:
    """Return a list of attempts with one more."""
    kept = {name: value for name, value in asdict(attempt).items() if name not in {"answer", "retry_after"}}
    return orjson.dumps([*orjson.loads(attempts), kept]).decode()


def add_alone(session: Session, webhook_id: str, message: Message, attempt: Attempt | None) -> str:
    """Keep a message that is in no log: one that was tried once and for all, or one that is due now. Return its id."""
    row = entered(session, webhook_id, message, attempt, set()) | {"body": message.body}
    if attempt is not None:
        row |= {"state": "delivered" if attempt.arrived else "dead", "next_at": None, "ended_at": session.now}
    ADD.run(session, row)
    return str(row["id"])


def tell_resync(session: Session, webhook_id: str, message: Message, place: Place) -> None:
    """Let an endpoint be told that events may be missing, and go on from a place."""
    if LOCK.first(session, id=webhook_id) is not None:
        add_alone(session, webhook_id, message, None)
        MOVE.run(session, {"of": webhook_id, "position": place.position, "epoch": place.epoch})


def move_replay(session: Session, webhook_id: str, position: int) -> None:
    """Note how far a replay is; at its end it is over."""
    row = session.get(Webhook, webhook_id)
    if row is not None and row.replay_until is not None:
        over = position >= row.replay_until
        row.replay_position = None if over else position
        row.replay_until, row.replay_types = (None, None) if over else (row.replay_until, row.replay_types)
        session.add(row)


def keep_again(session: Session, webhook_id: str, sent: Iterable[tuple[Due, Attempt]], *, hasten: bool = False) -> bool:
    """Keep what came of further tries; what was tried for the last time is dead. Returns whether to go on."""
    found = LOCK.first(session, id=webhook_id)
    if found is None:
        return False
    attempts: list[Attempt] = []
    for each, attempt in sent:
        state, next_at = fate(each, attempt, session.now)
        answers = [*orjson.loads(each.answers or "[]"), attempt.answer]
        missing = len(orjson.loads(each.attempts)) + 1 - len(answers)
        change = {
            "state": state,
            "tries": each.tries + 1,
            "next_at": next_at,
            "ended_at": None if state == "waiting" else session.now,
            "attempts": noted(each.attempts, attempt),
            "answers": orjson.dumps([None] * missing + answers).decode() if any(answers) else None,
        }
        session.execute(update(Delivery).where(col(Delivery.id) == each.id).values(**change))
        if state != "waiting":
            let_next(session, webhook_id, each.message.subject)
        if not each.lost:
            attempts.append(attempt)
    return settle(session, webhook_id, found, attempts, hasten=hasten)


def fate(each: Due, attempt: Attempt, now: datetime) -> tuple[str, datetime | None]:
    """Return the state of a delivery after a further try, and when the next one is."""
    if attempt.arrived:
        return "delivered", None
    next_at = None if each.lost else next_try(each.tries + 1, now, attempt.retry_after)
    return ("dead", None) if next_at is None else ("waiting", next_at)


def let_next(session: Session, webhook_id: str, subject: str) -> None:
    """Let the next delivery of a subject be tried that waited for the one before."""
    of_subject = (col(Delivery.webhook) == webhook_id, col(Delivery.subject) == subject)
    waiting = (*of_subject, col(Delivery.state) == "waiting")
    if session.execute(select(col(Delivery.id)).where(*waiting, col(Delivery.next_at).is_not(None))).first() is None:
        first = session.execute(select(col(Delivery.id)).where(*waiting).order_by(col(Delivery.id)).limit(1)).first()
        if first is not None:
            session.execute(update(Delivery).where(col(Delivery.id) == first[0]).values(next_at=session.now))


def settle(
    session: Session, webhook_id: str, found: Collection[Any], attempts: Sequence[Attempt], *, hasten: bool
) -> bool:
    """Note how the endpoint is; pause it when it is gone, or has failed for too long. Returns whether to go on."""
    state, failing_since, delivered_at = found
    if any(attempt.arrived for attempt in attempts):
        health = {"failing_since": None, "delivered_at": session.now}
    else:
        since = failing_since or min((attempt.at for attempt in attempts), default=None)
        health = {"failing_since": since, "delivered_at": delivered_at}
    if attempts:
        HEALTH.run(session, {"of": webhook_id, **health})
    if hasten:
        waiting = (col(Delivery.webhook) == webhook_id, col(Delivery.state) == "waiting")
        later = (*waiting, col(Delivery.next_at) > session.now)
        session.execute(update(Delivery).where(*later).values(next_at=session.now))
    because: Because | None = None
    if any(attempt.status == GONE for attempt in attempts):
        because = "gone"
    elif health["failing_since"] is not None and session.now - health["failing_since"] >= PAUSED_AFTER:
        because = "failing"
    if because is None or state != "active":
        return bool(state == "active")
    row = session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
    if row is not None:
        endpoints.pause_row(session, row, because)
    return False
