"""/v1/legal-holds and /v1/supervision-exports: what must be kept, and what supervisors are handed."""

from typing import Annotated

from fastapi import Path, Query, Response, status

from services.monitoring.domain.keeping import holds, supervision
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.keeping import (
    LegalHoldIn,
    LegalHoldOut,
    ReleaseIn,
    SupervisionExportIn,
    SupervisionExportOut,
)
from services.monitoring.schemas.names import Id
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import etag
from shared.evidence import digest_of
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["privacy"])

READS = [needs("admin:read")]
WRITES = [needs("admin:write")]
EXPORTS = [needs("admin:read"), needs("conversations:read")]
LIFTS = (NotFound, holds.HoldLifted, holds.TwoPeopleLift)


@router.get("/legal-holds", dependencies=READS)
async def list_legal_holds(
    paging: Paging, db: Db, in_force: Annotated[bool, Query(description="Only those that stand.")] = False
) -> Page[LegalHoldOut]:
    """List holds, the newest first."""
    return await db.read(lambda session: holds.listed(session, paging, in_force=in_force))


@router.get("/legal-holds/{hold}", dependencies=READS, responses=problems(NotFound))
async def get_legal_hold(hold: Id, db: Db) -> LegalHoldOut:
    """Return one hold."""
    return await db.read(holds.read, hold)


@router.post(
    "/legal-holds",
    status_code=status.HTTP_201_CREATED,
    dependencies=WRITES,
    responses=problems(NotFound, UnknownPerson),
)
async def place_legal_hold(body: LegalHoldIn, db: Db, caller: Caller) -> LegalHoldOut:
    """Keep everything about a person, a conversation or a network, however old it gets, until two people lift this."""
    return await db.write(holds.place, body, caller)


@router.post("/legal-holds/{hold}/release", dependencies=WRITES, responses=problems(*LIFTS))
async def ask_legal_hold_release(hold: Id, body: ReleaseIn, db: Db, caller: Caller) -> LegalHoldOut:
    """Ask to lift a hold, as somebody who signed in; nothing changes until somebody else confirms."""
    return await db.write(holds.ask_release, hold, body, caller)


@router.post(
    "/legal-holds/{hold}/release/confirmation",
    dependencies=WRITES,
    responses=problems(*LIFTS, holds.ReleaseNotAsked),
)
async def confirm_legal_hold_release(hold: Id, db: Db, caller: Caller) -> LegalHoldOut:
    """Lift a hold that somebody else asked to lift."""
    return await db.write(holds.confirm_release, hold, caller)


@router.get("/supervision-exports", dependencies=EXPORTS, responses=problems(supervision.WholeOrganisation))
async def list_supervision_exports(paging: Paging, db: Db, caller: Caller) -> Page[SupervisionExportOut]:
    """List exports, the newest first."""
    return await db.read(supervision.listed, paging, caller)


@router.get(
    "/supervision-exports/{export}",
    dependencies=EXPORTS,
    responses=problems(NotFound, supervision.WholeOrganisation),
)
async def get_supervision_export(export: Id, db: Db, caller: Caller) -> SupervisionExportOut:
    """Return an export; its files are there once it is `ready`."""
    return await db.read(supervision.read, export, caller)


@router.post(
    "/supervision-exports",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[*WRITES, needs("conversations:read")],
    responses=problems(supervision.WholeOrganisation),
)
async def request_supervision_export(body: SupervisionExportIn, db: Db, caller: Caller) -> SupervisionExportOut:
    """Have everything written out that was said to customers in a period, by whom, when, and who approved it."""
    return await db.write(supervision.begin, body, caller)


@router.get(
    "/supervision-exports/{export}/files/{name}",
    dependencies=EXPORTS,
    responses={
        **problems(NotFound, supervision.WholeOrganisation),
        200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
    },
    response_class=Response,
)
async def get_supervision_file(
    export: Id,
    name: Annotated[str, Path(pattern=r"^\d{5}\.ndjson$", examples=["00001.ndjson"])],
    db: Db,
    caller: Caller,
) -> Response:
    """Download a file of an export, a line for each reply or version of static content; that it was read is recorded."""
    content = await db.write(supervision.read_part, export, name, caller)
    headers = {"Cache-Control": "no-store", "ETag": etag(digest_of(content))}
    return Response(content, media_type="application/x-ndjson", headers=headers)
