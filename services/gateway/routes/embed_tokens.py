"""/embed-tokens: what an intranet's page carries instead of a key."""

from fastapi import Request, status

from services.gateway.domain import embeds
from services.gateway.schemas.embeds import EmbedTokenIn, EmbedTokenOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.problems import NotFound, problems

router = Router(prefix="/v1/embed-tokens", tags=["embeds"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:read")],
    responses=problems(NotFound),
)
async def create_embed_token(body: EmbedTokenIn, request: Request, caller: Caller) -> EmbedTokenOut:
    """Exchange a key for a token that shows one policy for five minutes.

    Make one whenever you render the page around it. With `employee_number` the reader can accept the policy in place.
    """
    reader = caller
    if body.employee_number is not None:
        # Straight to the database: an answer with a secret is never kept for an Idempotency-Key.
        reader = await request.app.state.db.write(embeds.name_reader, body.employee_number, body.policy, caller)
    token: EmbedTokenOut = request.app.state.doors.embeds.tokens.make(body.policy, body.origin, reader)
    return token
