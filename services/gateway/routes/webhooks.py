"""/webhooks: endpoints of others that are told of events as they happen."""

from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request, Response, status

from services.gateway.connectors.sender import Sender
from services.gateway.domain.api_keys import ScopeNotHeld
from services.gateway.domain.webhooks import endpoints
from services.gateway.domain.webhooks.addresses import AddressRefused
from services.gateway.domain.webhooks.endpoints import ReplayRunning, TooManyWebhooks, UnknownEventType
from services.gateway.schemas.webhooks import (
    NewWebhookOut,
    ReplayIn,
    RotationIn,
    TestOut,
    WebhookChange,
    WebhookIn,
    WebhookOut,
)
from services.gateway.stream.events import LimitedKey, refuse_limited
from shared.areas import Router
from shared.auth import Caller, caller, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Text


async def see_all() -> None:
    """Refuse keys that may see some departments only: endpoints hear of all, as the event stream does."""
    refuse_limited(await caller())


async def find_sender(request: Request) -> Sender:
    """Return what tells the endpoints."""
    sender: Sender = request.app.state.webhooks
    return sender


router = Router(
    prefix="/v1/webhooks", tags=["webhooks"], dependencies=[Depends(see_all)], responses=problems(LimitedKey)
)

WebhookId = Annotated[Text, Path(max_length=36)]
Telling = Annotated[Sender, Depends(find_sender)]
Out = TypeVar("Out", bound=WebhookOut)
READ, WRITE = needs("admin:read"), needs("admin:write")


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[WRITE],
    responses=problems(LimitedKey, ScopeNotHeld, TooManyWebhooks, AddressRefused, UnknownEventType),
)
async def create_webhook(
    body: WebhookIn, request: Request, caller: Caller, sender: Telling, response: Response
) -> NewWebhookOut:
    """Set up an endpoint, told of what happens from now on. Its secret is in this answer only."""
    # Straight to the database: an answer with a secret is never kept for an Idempotency-Key.
    made: NewWebhookOut = await request.app.state.db.write(endpoints.create, body, caller, sender.terms)
    sender.wake()
    return tagged(made, response)


@router.get("", dependencies=[READ])
async def list_webhooks(db: Db, paging: Paging) -> Page[WebhookOut]:
    """List endpoints, with how they are and how far behind."""
    return await db.read(endpoints.find_page, paging)


@router.get("/{webhook_id}", dependencies=[READ], responses=problems(NotFound))
async def get_webhook(webhook_id: WebhookId, db: Db, response: Response) -> WebhookOut:
    """Show an endpoint, without its secret."""
    return tagged(await db.read(endpoints.get, webhook_id), response)


@router.patch(
    "/{webhook_id}",
    dependencies=[WRITE],
    responses=problems(LimitedKey, ScopeNotHeld, NotFound, Stale, AddressRefused, UnknownEventType),
)
async def change_webhook(
    webhook_id: WebhookId,
    body: WebhookChange,
    db: Db,
    caller: Caller,
    sender: Telling,
    if_match: IfMatch,
    response: Response,
) -> WebhookOut:
    """Change an endpoint; it goes on from where it stands."""
    changed = await db.write(endpoints.change, webhook_id, body, caller, sender.terms, if_match)
    sender.wake()
    return tagged(changed, response)


@router.delete(
    "/{webhook_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[WRITE],
    responses=problems(NotFound, Stale),
)
async def delete_webhook(webhook_id: WebhookId, db: Db, sender: Telling, if_match: IfMatch) -> None:
    """Take an endpoint out, and the log of its deliveries with it."""
    await db.write(endpoints.remove, webhook_id, if_match)
    sender.wake()


@router.post(
    "/{webhook_id}/secret-rotation",
    dependencies=[WRITE],
    responses=problems(LimitedKey, ScopeNotHeld, NotFound),
)
async def rotate_webhook_secret(
    webhook_id: WebhookId, body: RotationIn, request: Request, caller: Caller, sender: Telling, response: Response
) -> NewWebhookOut:
    """Make a new secret, shown this once; for the overlap, both sign, so that receivers change over in peace."""
    overlap = timedelta(hours=body.overlap_hours)
    made: NewWebhookOut = await request.app.state.db.write(endpoints.rotate, webhook_id, overlap, caller, sender.terms)
    sender.wake()
    return tagged(made, response)


@router.post("/{webhook_id}/test", dependencies=[WRITE], responses=problems(NotFound))
async def test_webhook(webhook_id: WebhookId, db: Db, sender: Telling) -> TestOut:
    """Send a `gateway.webhook.tested.v1` at once, and answer what the endpoint said to it."""
    await db.repeated()
    return await db.keep(await sender.test(webhook_id))


@router.post("/{webhook_id}/pause", dependencies=[WRITE], responses=problems(NotFound))
async def pause_webhook(webhook_id: WebhookId, db: Db, sender: Telling, response: Response) -> WebhookOut:
    """Tell an endpoint nothing for now; what happens in the meantime stays in the log, for 30 days."""
    paused = await db.write(endpoints.pause, webhook_id)
    sender.wake()
    return tagged(paused, response)


@router.post("/{webhook_id}/resumption", dependencies=[WRITE], responses=problems(LimitedKey, ScopeNotHeld, NotFound))
async def resume_webhook(
    webhook_id: WebhookId, db: Db, caller: Caller, sender: Telling, response: Response
) -> WebhookOut:
    """Tell a paused endpoint again, from where it stood, and try at once what waits."""
    resumed = await db.write(endpoints.resume, webhook_id, caller)
    sender.wake()
    return tagged(resumed, response)


@router.post(
    "/{webhook_id}/replay",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[WRITE],
    responses=problems(LimitedKey, ScopeNotHeld, NotFound, ReplayRunning, UnknownEventType),
)
async def replay_webhook(
    webhook_id: WebhookId, body: ReplayIn, db: Db, caller: Caller, sender: Telling, response: Response
) -> WebhookOut:
    """Send events of the log again, from a time on, under their own ids; `replay` of the answer says what is left."""
    begun = await db.write(endpoints.replay, webhook_id, body, caller)
    sender.wake()
    return tagged(begun, response)


def tagged(shown: Out, response: Response) -> Out:
    """Return an endpoint with its ETag, which follows how it is as well as its revision."""
    response.headers["ETag"] = revised(shown.revision, shown)
    return shown
