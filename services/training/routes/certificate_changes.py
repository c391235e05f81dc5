"""/v1/certificate-changes: the feed by which HR systems keep up."""

from typing import Annotated

from fastapi import Query

from services.training.domain.certification import changes
from services.training.schemas.certificates import ChangesOut
from shared.areas import Router
from shared.auth import needs
from shared.problems import Invalid, problems
from shared.requests import Db

router = Router(prefix="/v1/certificate-changes", tags=["certification"])


@router.get("", dependencies=[needs("certificates:read")], responses=problems(Invalid))
async def list_certificate_changes(
    db: Db,
    limit: Annotated[int, Query(ge=1, le=200, description="Changes per page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the page before; the beginning unless given.")
    ] = None,
) -> ChangesOut:
    """Read every change in order; keep `next_cursor` and ask again with it."""
    return await db.read(changes.read, cursor, limit)
