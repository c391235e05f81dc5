"""Acknowledgements: a person accepts one exact version."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request, Response

from services.policy.domain import acknowledgements
from services.policy.schemas.acknowledgements import (
    AcknowledgementIn,
    ProofOfAcknowledgement,
    ReceiptOut,
    StandingOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.evidence import NotSealedYet
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Line, Slug, Text

router = Router(prefix="/v1/policies/{key}", tags=["policies"])
receipts = Router(prefix="/v1/acknowledgements", tags=["policies"])


@router.post(
    "/versions/{number}/acknowledgements",
    status_code=201,
    dependencies=[needs("policies:write", "self")],
    responses=problems(NotFound, acknowledgements.NotToBeAcknowledged),
)
async def acknowledge_policy_version(
    key: Slug, number: Annotated[int, Path(ge=1, le=1_000_000)], body: AcknowledgementIn, db: Db
) -> ReceiptOut:
    """Accept a version; the receipt is the same however often it is asked for."""
    return await db.write(acknowledgements.acknowledge, key, number, body.employee_number)


@router.get("/acknowledgements", dependencies=[needs("people:read", "self")], responses=problems(NotFound))
async def list_policy_acknowledgements(
    key: Slug,
    paging: Paging,
    db: Db,
    status: Annotated[
        Literal["done", "missing", "overdue", "exempt"] | None, Query(description="Only who stands there.")
    ] = None,
    employee_number: Annotated[EmployeeNumber | None, Query()] = None,
    department: Line | None = None,
) -> Page[StandingOut]:
    """List who has accepted what is in force, who has not, who is late by a campaign's date, and who need not."""
    return await db.read(acknowledgements.standings, key, status, employee_number, department, paging)


@receipts.get(
    "/{acknowledgement_id}/receipt",
    dependencies=[needs("people:read", "self")],
    responses=problems(NotFound, NotSealedYet),
)
async def get_acknowledgement_receipt(
    acknowledgement_id: Annotated[Text, Path(max_length=36)], request: Request, response: Response, db: Db
) -> ProofOfAcknowledgement:
    """Read what proves an acknowledgement offline; it is there a second after the acknowledgement."""
    found = await db.read(acknowledgements.prove, acknowledgement_id, request.app.state.backbone.name)
    found.public_key = request.app.state.sealer.public_key().public_bytes_raw().hex()
    response.headers["ETag"] = fingerprint(found)
    return found
