"""Endpoints of webhooks: set up, changed, paused, resumed, told again from a time, and removed.

An endpoint hears at most what its maker may read, and it is changed only by who may read as much as it hears: to change
its address is to read along.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlmodel import col

from services.gateway.domain import event_log
from services.gateway.domain.api_keys import ScopeNotHeld
from services.gateway.domain.event_log import Extent
from services.gateway.domain.webhooks import addresses, signing
from services.gateway.domain.webhooks.addresses import IpNetwork
from services.gateway.schemas.webhooks import (
    Because,
    NewWebhookOut,
    ReplayIn,
    ReplayOut,
    WebhookChange,
    WebhookIn,
    WebhookOut,
)
from services.gateway.stream.frames import types_of
from services.gateway.tables import Delivery, Webhook
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.base import CATALOGUE
from shared.events.gateway import (
    WebhookChangedV1,
    WebhookCreatedV1,
    WebhookDeletedV1,
    WebhookPausedV1,
    WebhookResumedV1,
)
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.marks import write_mark
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid, NotFound
from shared.safe import Safe

MOST = 200
COUNTED = "webhooks.counted_at"


class TooManyWebhooks(Conflict):
    """There are as many endpoints as there may be; remove one."""


class ReplayRunning(Conflict):
    """A replay is under way at this endpoint; wait until it is through."""


class UnknownEventType(Invalid):
    """No event is of such a type."""


@dataclass(frozen=True)
class Terms:
    """What endpoints are made under: the safe for their secrets, and private networks that they may be in."""

    safe: Safe
    allowed: Sequence[IpNetwork] = ()


def create(session: Session, body: WebhookIn, caller: Principal, terms: Terms) -> NewWebhookOut:
    """Set up an endpoint that is told of what comes from now on.

    Raises AddressRefused, UnknownEventType, ScopeNotHeld, TooManyWebhooks.
    """
    addresses.parse(body.url, terms.allowed)
    know_types(body.types)
    hold_scopes(caller, body.scopes)
    # Who counts beside somebody who adds one would count too few: the mark's row is held until the transaction ends.
    write_mark(session, COUNTED, session.now.isoformat())
    if session.execute(select(func.count()).select_from(Webhook)).scalar_one() >= MOST:
        raise TooManyWebhooks(f"There may be {MOST}.")
    secret, extent, name = signing.new_secret(), event_log.extent(session), new_id()
    row = Webhook(
        id=name,
        **body.model_dump(),
        state="active",
        created_by=caller.id,
        created_at=session.now,
        secret=terms.safe.seal(name, secret),
        epoch=extent.epoch,
        position=extent.newest,
    )
    session.add(row)
    tell(session, WebhookCreatedV1(id=row.id, name=row.name, types=row.types))
    record(session, "webhook.created", f"webhooks/{row.id}", digest_of(body))
    return NewWebhookOut(**shown(row, extent).model_dump(), secret=signing.shown(secret))


def know_types(types: Sequence[str], pointer: str = "/types") -> None:
    """Raise UnknownEventType for what no event is like."""
    for place, pattern in enumerate(types):
        if not any(map(types_of(pattern).want, CATALOGUE)):
            fault = FieldError(pointer=f"{pointer}/{place}", detail="no event is of such a type")
            raise UnknownEventType(f"No event is like {pattern}; /asyncapi.json lists all.", errors=[fault])


def hold_scopes(caller: Principal, scopes: Sequence[str]) -> None:
    """Raise ScopeNotHeld where an endpoint would hear more than who sets it up may read."""
    if excess := sorted(set(scopes) - caller.scopes):
        raise ScopeNotHeld(f"You do not have the scope {excess[0]} yourself, and this endpoint has or would have it.")


def change(
    session: Session, webhook_id: str, body: WebhookChange, caller: Principal, terms: Terms, stated: int | None
) -> WebhookOut:
    """Change an endpoint; it goes on from where it stands.

    Raises NotFound, Stale, ScopeNotHeld, AddressRefused, UnknownEventType.
    """
    row = get_row(session, webhook_id, lock=True)
    expect(row.revision, stated)
    hold_scopes(caller, row.scopes)
    changes = body.model_dump(exclude_none=True)
    hold_scopes(caller, changes.get("scopes", []))
    if body.url is not None:
        addresses.parse(body.url, terms.allowed)
    know_types(body.types or [])
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    if "ordering" in changed:
        release(session, row.id)
    if changed:
        note_change(session, row, changed, digest_of(body))
    return show(session, row)


def release(session: Session, webhook_id: str) -> None:
    """Let nothing wait for an earlier one any more."""
    held = (col(Delivery.webhook) == webhook_id, col(Delivery.state) == "waiting", col(Delivery.next_at).is_(None))
    session.execute(update(Delivery).where(*held).values(next_at=session.now))


def note_change(session: Session, row: Webhook, changed: list[str], content_hash: str | None = None) -> None:
    """Count a change, tell it and enter it."""
    row.revision += 1
    session.add(row)
    tell(session, WebhookChangedV1(id=row.id, name=row.name, types=row.types, changed=changed))
    record(session, "webhook.changed", f"webhooks/{row.id}", content_hash)


def rotate(session: Session, webhook_id: str, overlap: timedelta, caller: Principal, terms: Terms) -> NewWebhookOut:
    """Give an endpoint a new secret; for `overlap`, what is sent is signed under both. Raises NotFound, ScopeNotHeld."""
    row = get_row(session, webhook_id, lock=True)
    hold_scopes(caller, row.scopes)
    secret = signing.new_secret()
    row.previous_secret, row.previous_until = (row.secret, session.now + overlap) if overlap else (None, None)
    row.secret = terms.safe.seal(row.id, secret)
    note_change(session, row, ["secret"])
    return NewWebhookOut(**show(session, row).model_dump(), secret=signing.shown(secret))


def seal_anew(session: Session, safe: Safe) -> int:
    """Seal the secrets of all endpoints under the newest key; returns how many were under another."""
    changed = 0
    for row in session.execute(select(Webhook).with_for_update()).scalars():
        anew = safe.anew(row.id, row.secret), safe.anew(row.id, row.previous_secret)
        if any(anew):
            row.secret, row.previous_secret = anew[0] or row.secret, anew[1] or row.previous_secret
            changed += 1
            record(session, "webhook.secret_sealed_anew", f"webhooks/{row.id}")
    return changed


def pause(session: Session, webhook_id: str, because: Because = "by_hand") -> WebhookOut:
    """Tell an endpoint nothing for now; doing it again changes nothing. Raises NotFound."""
    row = get_row(session, webhook_id, lock=True)
    pause_row(session, row, because)
    return show(session, row)


def pause_row(session: Session, row: Webhook, because: Because) -> None:
    """Pause an endpoint, tell why and enter it."""
    if row.state == "paused":
        return
    row.state, row.paused_because, row.paused_at = "paused", because, session.now
    row.revision += 1
    session.add(row)
    tell(session, WebhookPausedV1(id=row.id, name=row.name, because=because))
    record(session, f"webhook.paused.{because}", f"webhooks/{row.id}")


def pause_all_of(session: Session, person: str) -> None:
    """Pause the endpoints that a person set up, one who has left: somebody who is here looks at where they lead."""
    for row in session.execute(select(Webhook).where(col(Webhook.created_by) == f"person:{person}")).scalars().all():
        pause_row(session, row, "maker_left")


def resume(session: Session, webhook_id: str, caller: Principal) -> WebhookOut:
    """Tell an endpoint again, from where it stood, and try what waits at once. Raises NotFound, ScopeNotHeld."""
    row = get_row(session, webhook_id, lock=True)
    hold_scopes(caller, row.scopes)
    if row.state == "paused":
        row.state, row.paused_because, row.paused_at, row.failing_since = "active", None, None, None
        row.revision += 1
        session.add(row)
        waiting = (
            col(Delivery.webhook) == row.id,
            col(Delivery.state) == "waiting",
            col(Delivery.next_at).is_not(None),
        )
        session.execute(update(Delivery).where(*waiting).values(next_at=session.now))
        tell(session, WebhookResumedV1(id=row.id, name=row.name))
        record(session, "webhook.resumed", f"webhooks/{row.id}")
    return show(session, row)


def replay(session: Session, webhook_id: str, body: ReplayIn, caller: Principal) -> WebhookOut:
    """Send events again from a time on, up to where the endpoint stands.

    Raises NotFound, ScopeNotHeld, UnknownEventType, ReplayRunning.
    """
    row = get_row(session, webhook_id, lock=True)
    hold_scopes(caller, row.scopes)
    know_types(body.types or [])
    if row.replay_until is not None:
        raise ReplayRunning
    begin = event_log.position_before(session, body.since)
    if begin < row.position:
        row.replay_position, row.replay_until, row.replay_types = begin, row.position, body.types or None
        row.revision += 1
        session.add(row)
    record(session, "webhook.replayed", f"webhooks/{row.id}", digest_of(body))
    return show(session, row)


def remove(session: Session, webhook_id: str, stated: int | None) -> None:
    """Take an endpoint out, with what became of its deliveries. Raises NotFound, Stale."""
    row = get_row(session, webhook_id, lock=True)
    expect(row.revision, stated)
    session.execute(delete(Delivery).where(col(Delivery.webhook) == row.id))
    session.delete(row)
    tell(session, WebhookDeletedV1(id=row.id))
    record(session, "webhook.deleted", f"webhooks/{row.id}")


def get_row(session: Session, webhook_id: str, *, lock: bool = False) -> Webhook:
    """Return an endpoint's row; raises NotFound."""
    row = session.get(Webhook, webhook_id, with_for_update=lock or None)
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return row


def get(session: Session, webhook_id: str) -> WebhookOut:
    """Return an endpoint; raises NotFound."""
    return show(session, get_row(session, webhook_id))


def find_page(session: Session, paging: PageQuery) -> Page[WebhookOut]:
    """Return a page of endpoints."""
    extent = event_log.extent(session)
    return page(session, select(Webhook), paging, key=Webhook.id, to=lambda row: shown(row, extent))


def show(session: Session, row: Webhook) -> WebhookOut:
    """Return what may be shown of an endpoint."""
    return shown(row, event_log.extent(session))


def shown(row: Webhook, extent: Extent) -> WebhookOut:
    """Return what may be shown of an endpoint, by how far the log is."""
    left = None
    if row.replay_until is not None and row.replay_position is not None:
        left = ReplayOut(left=row.replay_until - row.replay_position, types=row.replay_types or row.types)
    return WebhookOut(
        **row.model_dump(exclude={"secret", "previous_secret", "previous_until"}),
        behind=max(0, extent.newest - row.position),
        replay=left,
        previous_secret_until=row.previous_until,
    )
