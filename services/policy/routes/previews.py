"""/v1/policies/{key}/…/preview: what a source would be, while somebody still writes it."""

import asyncio
from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Path, Request

from services.policy.domain import policies, previews, sources, versions
from services.policy.schemas.previews import PreviewIn, PreviewOut
from shared.auth import needs
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/policies/{key}", tags=["policies"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.post("/previews", dependencies=[needs("policies:write")], responses=problems(NotFound, sources.InvalidSource))
async def preview_policy_source(key: Slug, body: PreviewIn, db: Db, request: Request) -> PreviewOut:
    """Read a source as a version of the policy would be read, run its rules' own examples and lint it; nothing is kept."""
    await db.read(policies.get, key)
    return await look_at(body.source, request)


@router.get("/versions/{number}/preview", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def preview_policy_version(key: Slug, number: Number, db: Db, request: Request) -> PreviewOut:
    """Read a version with what the linter says of it, each at its line of the source."""
    version = await db.read(versions.show, key, number)
    return await look_at(version.source, request)


async def look_at(source: str, request: Request) -> PreviewOut:
    """Return a preview as things stand today; it takes a while, so other requests go on meanwhile."""
    today = request.app.state.clock.now().astimezone(UTC).date()
    return await asyncio.to_thread(previews.preview, source, today)
