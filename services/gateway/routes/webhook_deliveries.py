"""/webhooks/{id}/deliveries: what became of each event at an endpoint."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response, status

from services.gateway.domain.webhooks import deliveries
from services.gateway.domain.webhooks.deliveries import EventGone
from services.gateway.routes.webhooks import READ, WRITE, Telling, WebhookId, see_all
from services.gateway.schemas.webhooks import DeliveryOut, DeliveryState, Pattern
from services.gateway.stream.events import LimitedKey
from shared.areas import Router
from shared.auth import Caller
from shared.conditions import fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Moment, Text

router = Router(
    prefix="/v1/webhooks/{webhook_id}/deliveries",
    tags=["webhooks"],
    dependencies=[Depends(see_all)],
    responses=problems(LimitedKey, NotFound),
)

DeliveryId = Annotated[Text, Path(max_length=36)]
OfType = Annotated[Pattern | None, Query(alias="type", description="A type, or the beginning of some with `*`.")]


@router.get("", dependencies=[READ])
async def list_webhook_deliveries(
    webhook_id: WebhookId,
    db: Db,
    caller: Caller,
    paging: Paging,
    state: DeliveryState | None = None,
    event_type: OfType = None,
    since: Moment | None = None,
) -> Page[DeliveryOut]:
    """List deliveries of the last 30 days, the newest first, each with its attempts and what was sent."""
    return await db.read(
        deliveries.find_page, webhook_id, paging, caller, state=state, event_type=event_type, since=since
    )


@router.get("/{delivery_id}", dependencies=[READ])
async def get_webhook_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, db: Db, caller: Caller, response: Response
) -> DeliveryOut:
    """Show a delivery."""
    found = await db.read(deliveries.get, webhook_id, delivery_id, caller)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.post(
    "/{delivery_id}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[WRITE],
    responses=problems(LimitedKey, NotFound, EventGone),
)
async def retry_webhook_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, db: Db, caller: Caller, sender: Telling
) -> DeliveryOut:
    """Try a delivery once more now, also one that is dead or has arrived."""
    waiting = await db.write(deliveries.retry, webhook_id, delivery_id, caller)
    sender.wake()
    return waiting
