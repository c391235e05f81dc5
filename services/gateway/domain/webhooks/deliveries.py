"""The log of deliveries: listed, shown, tried again by hand, kept for 30 days."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select, update
from sqlmodel import col

from services.gateway.domain.event_log import find
from services.gateway.domain.webhooks import messages
from services.gateway.domain.webhooks.endpoints import get_row
from services.gateway.domain.webhooks.outcomes import bodies_of
from services.gateway.domain.webhooks.schedule import RETRIES
from services.gateway.schemas.webhooks import AttemptOut, DeliveryOut, DeliveryState
from services.gateway.stream.frames import View, view_of
from services.gateway.tables import Delivery, Webhook
from shared.context import Principal
from shared.db import Session
from shared.evidence import record
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound

KEPT = timedelta(days=30)
AT_ONCE = 5000


class EventGone(Conflict):
    """The event log does not keep this event any more, so it cannot be sent again."""


def find_page(
    session: Session,
    webhook_id: str,
    paging: PageQuery,
    caller: Principal,
    *,
    state: DeliveryState | None = None,
    event_type: str | None = None,
    since: datetime | None = None,
) -> Page[DeliveryOut]:
    """Return a page of an endpoint's deliveries, the newest first; raises NotFound."""
    row = get_row(session, webhook_id)
    query = select(Delivery).where(col(Delivery.webhook) == webhook_id)
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    if event_type is not None and event_type.endswith("*"):
        query = query.where(col(Delivery.type).startswith(event_type[:-1], autoescape=True))
    elif event_type is not None:
        query = query.where(col(Delivery.type) == event_type)
    if since is not None:
        query = query.where(col(Delivery.created_at) >= since)
    found: Page[Delivery] = page(session, query, paging, key=Delivery.id, to=as_row, newest_first=True)
    return Page(items=shown(session, row, found.items, caller), next_cursor=found.next_cursor)


def as_row(row: Delivery) -> Delivery:
    """Return a row as it is: what is shown of a page is looked up for all of it together."""
    return row


def get(session: Session, webhook_id: str, delivery_id: str, caller: Principal) -> DeliveryOut:
    """Return a delivery; raises NotFound."""
    [found] = shown(session, get_row(session, webhook_id), [row_of(session, webhook_id, delivery_id)], caller)
    return found


def row_of(session: Session, webhook_id: str, delivery_id: str) -> Delivery:
    """Return a delivery's row; raises NotFound."""
    row = session.get(Delivery, delivery_id)
    if row is None or row.webhook != webhook_id:
        raise NotFound(f"There is no delivery {delivery_id} at this webhook.")
    return row


def shown(session: Session, endpoint: Webhook, rows: Sequence[Delivery], caller: Principal) -> list[DeliveryOut]:
    """Return deliveries as far as who asks may read events: an endpoint may hear what its administrator may not."""
    theirs, ours = messages.view(endpoint.id, endpoint.scopes), view_of(caller)
    bodies = bodies_of(session, rows, theirs & ours)
    return [show(row, bodies.get(row.id), theirs, ours) for row in rows]


def show(row: Delivery, body: bytes | None, theirs: View, ours: View) -> DeliveryOut:
    """Return one delivery; what the other side wrote may repeat all that it was sent."""
    attempts = orjson.loads(row.attempts)
    answers: list[Any] = orjson.loads(row.answers) if row.answers and theirs <= ours else []
    answers = [None] * (len(attempts) - len(answers)) + answers
    return DeliveryOut(
        **row.model_dump(exclude={"attempts", "answers", "body"}),
        attempts=[AttemptOut(**attempt, answer=answers[place]) for place, attempt in enumerate(attempts)],
        body=body.decode() if body is not None else None,
    )


def retry(session: Session, webhook_id: str, delivery_id: str, caller: Principal) -> DeliveryOut:
    """Let a delivery be tried once more now, whatever became of it; raises NotFound, EventGone."""
    endpoint = get_row(session, webhook_id, lock=True)
    row = row_of(session, webhook_id, delivery_id)
    if row.body is None and not find(session, [row.event_id]):
        raise EventGone
    if row.state != "waiting":
        row.state, row.ended_at, row.tries = "waiting", None, len(RETRIES)
    row.next_at = session.now
    session.add(row)
    session.flush()
    record(session, "webhook.delivery_retried", f"webhooks/{webhook_id}/deliveries/{row.id}")
    return shown(session, endpoint, [row], caller)[0]


def forget_old(session: Session) -> None:
    """Drop deliveries after 30 days, and of those that still wait what was answered."""
    old = (col(Delivery.created_at) < session.now - KEPT,)
    ended = select(col(Delivery.id)).where(*old, col(Delivery.state) != "waiting").limit(AT_ONCE)
    session.execute(delete(Delivery).where(col(Delivery.id).in_(ended)))
    session.execute(update(Delivery).where(*old, col(Delivery.answers).is_not(None)).values(answers=None))


def forget_answers(session: Session, subjects: Collection[str]) -> None:
    """Drop what endpoints answered to events of these subjects: it may repeat what somebody's data was."""
    named = sorted(subjects)
    for start in range(0, len(named), 200):
        answered = (col(Delivery.subject).in_(named[start : start + 200]), col(Delivery.answers).is_not(None))
        session.execute(update(Delivery).where(*answered).values(answers=None))
