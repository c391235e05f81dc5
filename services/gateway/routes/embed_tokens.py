"""/embed-tokens: what an intranet's page carries instead of a key."""

from fastapi import APIRouter, Request, status

from services.gateway.schemas.embeds import EmbedTokenIn, EmbedTokenOut
from shared.auth import Caller, needs

router = APIRouter(prefix="/v1/embed-tokens", tags=["embeds"])


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[needs("policies:read")])
async def create_embed_token(body: EmbedTokenIn, request: Request, caller: Caller) -> EmbedTokenOut:
    """Exchange a key for a token that shows one policy for five minutes."""
    token: EmbedTokenOut = request.app.state.doors.embeds.tokens.make(body.policy, caller)
    return token
