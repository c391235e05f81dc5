"""/v1/replies: drafts that wait for a colleague, what may be sent, and what became of it."""

from fastapi import Response

from services.monitoring.domain.conversations import deliveries, drafts, replies, reply_lists
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.conversations import (
    DeliveryIn,
    ReplyApprovalIn,
    ReplyDetailOut,
    ReplyOut,
    ReplyQueue,
    ReplyReturnIn,
    ResendingIn,
)
from services.monitoring.schemas.names import Id, Network
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/replies", tags=["conversations"])

DECIDING = (NotFound, UnknownPerson, Stale, drafts.ReplyNotDrafted, drafts.OwnReply, drafts.NotTrusted)
SENDING = (replies.Paused, replies.AssigneeNotCertified, replies.ReplyBlocked, replies.ReplyHeld)


@router.get("", dependencies=[needs("conversations:read", "self")])
async def list_replies(
    paging: Paging, db: Db, caller: Caller, status: ReplyQueue | None = None, network: Network | None = None
) -> Page[ReplyOut]:
    """List replies, the oldest first; a person sees their own, and drafts that they may decide on.

    `drafted` wait for a trusted colleague; `unconfirmed` failed, or nobody has confirmed in time that they were sent.
    """
    return await db.read(reply_lists.listed, paging, caller, status, network)


@router.get("/{reply_id}", dependencies=[needs("conversations:read", "self")], responses=problems(NotFound))
async def get_reply(reply_id: Id, db: Db, caller: Caller, response: Response) -> ReplyDetailOut:
    """Return one reply with what colleagues decided on it."""
    found = await db.read(reply_lists.detail, reply_id, caller)
    response.headers["ETag"] = revised(found.revision, found)
    return found


@router.post(
    "/{reply_id}/approval",
    dependencies=[needs("conversations:write", "self")],
    responses=problems(*DECIDING, drafts.DraftOutdated, *SENDING),
)
async def approve_reply(reply_id: Id, body: ReplyApprovalIn, db: Db, caller: Caller, if_match: IfMatch) -> ReplyOut:
    """Let a colleague's draft out, in its own words or in better ones; the rules are asked again."""
    return await db.write(drafts.approve, reply_id, body, caller, if_match)


@router.post("/{reply_id}/return", dependencies=[needs("conversations:write", "self")], responses=problems(*DECIDING))
async def return_reply(reply_id: Id, body: ReplyReturnIn, db: Db, caller: Caller, if_match: IfMatch) -> ReplyOut:
    """Give a draft back to its author, with the reason."""
    return await db.write(drafts.give_back, reply_id, body, caller, if_match)


@router.post(
    "/{reply_id}/delivery",
    dependencies=[needs("conversations:write")],
    responses=problems(NotFound, replies.ReplyNotSent),
)
async def report_delivery(reply_id: Id, body: DeliveryIn, db: Db) -> ReplyOut:
    """Report what became of a reply, as the tool that sends it."""
    return await db.write(replies.report, reply_id, body)


@router.post(
    "/{reply_id}/resending",
    dependencies=[needs("conversations:write")],
    responses=problems(NotFound, Stale, deliveries.ReplyUnderWay, replies.Paused),
)
async def resend_reply(reply_id: Id, body: ResendingIn, db: Db, if_match: IfMatch) -> ReplyOut:
    """Ask the tool that sends replies again to send one that failed, or of which it has said nothing."""
    del body
    return await db.write(deliveries.resend, reply_id, if_match)
