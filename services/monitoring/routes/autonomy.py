"""/v1/autonomy: how far people are trusted to answer customers by themselves, network by network."""

from fastapi import Response, status

from services.monitoring.domain.autonomy import changes, showing
from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.schemas.autonomy import (
    AutonomyAppealIn,
    AutonomyChangeIn,
    AutonomyOut,
    AutonomyWaitingOut,
)
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/autonomy", tags=["autonomy"])


@router.get("", dependencies=[needs("monitoring:read")])
async def list_autonomy_to_decide(paging: Paging, db: Db) -> Page[AutonomyWaitingOut]:
    """List where somebody should decide: what reviewed outcomes speak for another level, and what was appealed."""
    return await db.read(showing.waiting, paging)


@router.get(
    "/{employee_number}",
    dependencies=[needs("monitoring:read", "self")],
    responses=problems(NotFound, UnknownPerson, FiguresSwitchedOff),
)
async def get_autonomy(employee_number: EmployeeNumber, db: Db, caller: Caller, response: Response) -> AutonomyOut:
    """Return how far a person is trusted on each network, what was said last and why, and what the rule proposes.

    `draft_only`: a trusted colleague lets each reply out. `sampled`: replies go out, and a share of them is looked at
    later. `trusted`: replies go out.
    """
    found = await db.read(showing.read, employee_number, caller)
    response.headers["ETag"] = revised(found.revision, found)
    return found


@router.post(
    "/{employee_number}/changes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write")],
    responses=problems(UnknownPerson, Stale, changes.OwnAutonomy, changes.AutonomyUnchanged, changes.AppealForAnother),
)
async def change_autonomy(
    employee_number: EmployeeNumber, body: AutonomyChangeIn, db: Db, caller: Caller, if_match: IfMatch
) -> AutonomyOut:
    """Say how far a person is trusted on a network, and why; where they had appealed, this is the answer."""
    return await db.write(changes.set_level, employee_number, body, caller, if_match)


@router.post(
    "/{employee_number}/appeal",
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(NotFound, UnknownPerson, Stale, changes.NoDecisionToAppeal),
)
async def appeal_autonomy(
    employee_number: EmployeeNumber, body: AutonomyAppealIn, db: Db, caller: Caller, if_match: IfMatch
) -> AutonomyOut:
    """Ask somebody else to look again at what was said last about a network; it holds until they have."""
    return await db.write(changes.appeal, employee_number, body, caller, if_match)
