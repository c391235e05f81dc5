"""/v1/replies: what was approved to be sent, and what became of it."""

from fastapi import APIRouter

from services.monitoring.domain.conversations import replies
from services.monitoring.schemas.conversations import DeliveryIn, ReplyOut, ReplyStatus
from services.monitoring.schemas.names import Id
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = APIRouter(prefix="/v1/replies", tags=["conversations"])


@router.get("", dependencies=[needs("conversations:read")])
async def list_replies(paging: Paging, db: Db, status: ReplyStatus | None = None) -> Page[ReplyOut]:
    """List replies; with `approved` or `failed`, those that nobody has confirmed as sent."""
    return await db.read(replies.listed, paging, status)


@router.post(
    "/{reply_id}/delivery",
    dependencies=[needs("conversations:write")],
    responses=problems(NotFound, replies.ReplyNotSent),
)
async def report_delivery(reply_id: Id, body: DeliveryIn, db: Db) -> ReplyOut:
    """Report what became of a reply, as the tool that sends it."""
    return await db.write(replies.report, reply_id, body)
