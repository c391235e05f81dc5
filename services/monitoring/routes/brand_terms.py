"""/v1/brand-terms and /v1/dropped-posts: what is our business, and how much was not."""

from typing import Annotated

from fastapi import Query

from services.monitoring.domain.posts import brand, dropped
from services.monitoring.routes.for_all import FOR_ALL, SET_UP
from services.monitoring.schemas.names import Instant
from services.monitoring.schemas.sources import BrandTermsIn, BrandTermsOut, DroppedPostsOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.problems import Stale, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["sources"])


@router.get("/brand-terms", dependencies=[needs("monitoring:read")])
async def get_brand_terms(db: Db) -> BrandTermsOut:
    """Return what makes a public post a mention of the brand."""
    return await db.read(brand.read)


@router.put("/brand-terms", dependencies=[needs("monitoring:write"), FOR_ALL, SET_UP], responses=problems(Stale))
async def put_brand_terms(body: BrandTermsIn, db: Db, if_match: IfMatch) -> BrandTermsOut:
    """Say what the brand is called; from now on, whatever is neither about it nor by a registered account is dropped."""
    return await db.write(brand.put, body, if_match)


@router.get("/dropped-posts", dependencies=[needs("monitoring:read")])
async def list_dropped_posts(
    db: Db,
    since: Annotated[Instant | None, Query(description="Whole hours from this time on; a week ago if absent.")] = None,
) -> DroppedPostsOut:
    """Count what was not kept, by hour, source, network and reason: the last 1,000 such counts."""
    return await db.read(dropped.counts, since)
