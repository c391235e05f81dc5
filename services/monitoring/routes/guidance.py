"""/v1/guidance: what coaches told people, and what these say to it."""

from fastapi import APIRouter

from services.monitoring.domain.coaching import guidance
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.findings import AcknowledgementIn, AppealIn, GuidanceOut, GuidanceState
from services.monitoring.schemas.names import Id
from shared.auth import Caller, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = APIRouter(prefix="/v1/guidance", tags=["guidance"])

ANSWERING = problems(NotFound, guidance.GuidanceAnswered, Stale)


@router.get("", dependencies=[needs("monitoring:read", "self")], responses=problems(UnknownPerson))
async def list_guidance(
    paging: Paging,
    db: Db,
    caller: Caller,
    employee_number: EmployeeNumber | None = None,
    state: GuidanceState | None = None,
) -> Page[GuidanceOut]:
    """List guidance, the newest first; a person sees their own."""
    return await db.read(guidance.listed, paging, caller, employee_number, state)


@router.post("/{guidance_id}/acknowledgement", dependencies=[needs("monitoring:write", "self")], responses=ANSWERING)
async def acknowledge_guidance(
    guidance_id: Id, body: AcknowledgementIn, db: Db, caller: Caller, if_match: IfMatch
) -> GuidanceOut:
    """Accept guidance; its finding comes to its end."""
    del body
    return await db.write(guidance.acknowledge, guidance_id, caller, if_match)


@router.post("/{guidance_id}/appeal", dependencies=[needs("monitoring:write", "self")], responses=ANSWERING)
async def appeal_guidance(guidance_id: Id, body: AppealIn, db: Db, caller: Caller, if_match: IfMatch) -> GuidanceOut:
    """Ask another coach to look again."""
    return await db.write(guidance.appeal, guidance_id, body, caller, if_match)
