"""Acknowledgements: a person accepts one exact version."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from services.policy.domain import acknowledgements
from services.policy.schemas.acknowledgements import AcknowledgementIn, ReceiptOut, StandingOut
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = APIRouter(prefix="/v1/policies/{key}", tags=["policies"])


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
        Literal["done", "missing"] | None, Query(description="Only who has accepted, or who has not.")
    ] = None,
    employee_number: Annotated[EmployeeNumber | None, Query()] = None,
) -> Page[StandingOut]:
    """List who has accepted the version in force, and who has not."""
    return await db.read(acknowledgements.standings, key, status, employee_number, paging)
