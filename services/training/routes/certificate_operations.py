"""/v1/certificate-operations: one thing done to many certificates, with a preview first."""

from fastapi import Response

from services.training.domain.certification import operations
from services.training.schemas.fields import Id
from services.training.schemas.operations import (
    ItemOutcome,
    OperationAnswer,
    OperationIn,
    OperationItemOut,
    OperationOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/certificate-operations", tags=["certification"])


@router.post(
    "",
    dependencies=[needs("certificates:write")],
    responses=problems(operations.TooManyAtOnce, operations.SetChanged, operations.NothingToDo),
)
async def run_certificate_operation(body: OperationIn, db: Db) -> OperationAnswer:
    """Show with `dry_run` whom an operation would concern; sent again with the preview's token, it is done in pieces."""
    if body.dry_run:
        return OperationAnswer(preview=(await db.read(operations.look, body)).preview, operation=None)
    await db.repeated()
    found = await db.read(operations.look, body)
    operation = await db.step(operations.begin, body, len(found.items))
    for piece in found.pieces():
        await db.step(operations.add, operation, piece)
    return await db.write(operations.start, operation, body, found.preview)


@router.get("", dependencies=[needs("certificates:read")])
async def list_certificate_operations(paging: Paging, db: Db) -> Page[OperationOut]:
    """List operations and how far they are."""
    return await db.read(operations.find, paging)


@router.get("/{operation}", dependencies=[needs("certificates:read")], responses=problems(NotFound))
async def get_certificate_operation(operation: Id, response: Response, db: Db) -> OperationOut:
    """Read how far an operation is."""
    found = await db.read(operations.get, operation)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.get("/{operation}/items", dependencies=[needs("certificates:read")], responses=problems(NotFound))
async def list_certificate_operation_items(
    operation: Id, paging: Paging, db: Db, outcome: ItemOutcome | None = None
) -> Page[OperationItemOut]:
    """List the certificates of an operation and what became of each."""
    return await db.read(operations.find_items, operation, paging, outcome)
