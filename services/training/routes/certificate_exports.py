"""/v1/certificates.csv: all certificates as a spreadsheet, streamed, so that its size is no matter to anyone's memory."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from services.training.domain.certification import exports
from services.training.domain.certification.exports import COLUMNS, Asked
from services.training.schemas.certificates import Status
from shared.areas import Router
from shared.auth import needs
from shared.requests import Db
from shared.schemas import Moment, Slug

router = Router(prefix="/v1", tags=["certification"])

LINES = 1000
EXAMPLE = f"{','.join(COLUMNS)}\r\nE-1007,responder,valid,2026-01-10T09:00:00+00:00,2027-01-10T09:00:00+00:00,0198…,true,2027-01-10T09:00:00+00:00,Support\r\n"


@router.get(
    "/certificates.csv",
    dependencies=[needs("certificates:read")],
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}, "example": EXAMPLE}},
            "description": f"A header and one line per certificate. Columns: {', '.join(COLUMNS)}.",
        }
    },
)
async def export_certificates(
    db: Db,
    certification: Annotated[Slug | None, Query(description="Only certificates of this certification.")] = None,
    status: Annotated[Status | None, Query(description="Only certificates that stand so.")] = None,
    as_of: Annotated[Moment | None, Query(description="The moment asked for; now unless given.")] = None,
) -> StreamingResponse:
    """Stream the latest certificate of each person and certification as a spreadsheet, all as of one moment."""
    asked = await db.read(exports.fixed, Asked(as_of, certification, status))
    first, after = await db.read(exports.lines, asked, None, LINES)

    async def pages() -> AsyncIterator[bytes]:
        yield exports.csv_lines(COLUMNS, first, header=True).encode()
        following = after
        while following is not None:
            rows, following = await db.read(exports.lines, asked, following, LINES)
            yield exports.csv_lines(COLUMNS, rows, header=False).encode()

    headers = {"Content-Disposition": 'attachment; filename="certificates.csv"'}
    return StreamingResponse(pages(), media_type="text/csv; charset=utf-8", headers=headers)
