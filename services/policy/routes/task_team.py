"""/v1/task-team: seats, members, coverage, nominations."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, status

from services.policy.domain import coverage, nominations, seats
from services.policy.schemas.task_team import (
    CoverageOut,
    DecisionIn,
    EndorsementIn,
    MemberOut,
    NominationIn,
    NominationOut,
    SeatIn,
    SeatOut,
    TeamOut,
)
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = APIRouter(prefix="/v1/task-team", tags=["task team"])
NominationId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


@router.get("", dependencies=[needs("team:read", "self")])
async def get_task_team(db: Db) -> TeamOut:
    """Read the team in numbers."""
    return await db.read(seats.team)


@router.get("/members", dependencies=[needs("team:read", "self")])
async def list_task_team_members(paging: Paging, db: Db) -> Page[MemberOut]:
    """List who holds which seat."""
    return await db.read(seats.members, paging)


@router.get("/seats", dependencies=[needs("team:read", "self")])
async def list_task_team_seats(paging: Paging, db: Db) -> Page[SeatOut]:
    """List the seats, filled or vacant."""
    return await db.read(seats.list_all, paging)


@router.post(
    "/seats",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("team:write")],
    responses=problems(seats.SeatExists),
)
async def create_task_team_seat(body: SeatIn, db: Db) -> SeatOut:
    """Open a seat and say what it stands for."""
    return await db.write(seats.create, body)


@router.get("/coverage", dependencies=[needs("team:read", "self")])
async def get_task_team_coverage(db: Db) -> CoverageOut:
    """Read how far the filled seats reach, and where nobody stands."""
    return await db.read(coverage.show)


@router.get("/nominations", dependencies=[needs("team:read", "self")])
async def list_nominations(
    paging: Paging, db: Db, state: Annotated[Literal["open", "appointed", "declined"] | None, Query()] = None
) -> Page[NominationOut]:
    """List nominations, the oldest first."""
    return await db.read(nominations.list_all, state, paging)


@router.post(
    "/nominations",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("team:write", "self")],
    responses=problems(NotFound, nominations.AlreadyNominated),
)
async def create_nomination(body: NominationIn, db: Db) -> NominationOut:
    """Put a person forward for the task team."""
    return await db.write(nominations.nominate, body)


@router.get("/nominations/{nomination}", dependencies=[needs("team:read", "self")], responses=problems(NotFound))
async def get_nomination(nomination: NominationId, db: Db) -> NominationOut:
    """Read a nomination with its endorsements."""
    return await db.read(nominations.show, nomination)


@router.post(
    "/nominations/{nomination}/endorsements",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("team:write", "self")],
    responses=problems(NotFound, nominations.NominationDecided, nominations.OwnNomination, nominations.AlreadyEndorsed),
)
async def endorse_nomination(nomination: NominationId, body: EndorsementIn, db: Db) -> NominationOut:
    """Say why a colleague should be on the team."""
    return await db.write(nominations.endorse, nomination, body)


@router.post(
    "/nominations/{nomination}/decision",
    dependencies=[needs("team:write")],
    responses=problems(NotFound, nominations.NominationDecided, nominations.OwnNomination, seats.SeatTaken, Stale),
)
async def decide_nomination(nomination: NominationId, body: DecisionIn, if_match: IfMatch, db: Db) -> NominationOut:
    """Appoint the nominee to a seat, or decline."""
    return await db.write(nominations.decide, nomination, body, if_match)
