"""/v1/policies/{key}/previews: what a source would be, while somebody still writes it."""

import asyncio
from datetime import UTC

from fastapi import APIRouter, Request

from services.policy.domain import policies, previews, sources
from services.policy.schemas.previews import PreviewIn, PreviewOut
from shared.auth import needs
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/policies/{key}/previews", tags=["policies"])


@router.post("", dependencies=[needs("policies:write")], responses=problems(NotFound, sources.InvalidSource))
async def preview_policy_source(key: Slug, body: PreviewIn, db: Db, request: Request) -> PreviewOut:
    """Read a source as a version of the policy would be read, run its rules' own examples and lint it; nothing is kept."""
    await db.read(policies.get, key)
    today = request.app.state.clock.now().astimezone(UTC).date()
    return await asyncio.to_thread(previews.preview, body.source, today)
