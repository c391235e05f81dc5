"""/v1/reply-reviews: replies that were drawn after they went out, and what colleagues think of them."""

from fastapi import status

from services.monitoring.domain.conversations import drafts, reply_reviews
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.autonomy import SampleOut, SampleReviewIn
from shared.areas import Router
from shared.auth import Caller, needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/reply-reviews", tags=["autonomy"])


@router.get("", dependencies=[needs("conversations:read", "self")])
async def list_reply_reviews(paging: Paging, db: Db, caller: Caller, *, reviewed: bool = False) -> Page[SampleOut]:
    """List replies that were drawn, the oldest first; a person sees those that they may review, and their own."""
    return await db.read(reply_reviews.listed, paging, caller, reviewed=reviewed)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("conversations:write", "self")],
    responses=problems(NotFound, UnknownPerson, drafts.OwnReply, drafts.NotTrusted, reply_reviews.ReplyReviewed),
)
async def review_reply(body: SampleReviewIn, db: Db, caller: Caller) -> SampleOut:
    """Say what one thinks of a reply that was drawn; it counts for how far its author is trusted."""
    return await db.write(reply_reviews.review, body, caller)
