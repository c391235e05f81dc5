"""/v1/task-team: its terms, seats, members and coverage."""

from typing import Annotated

from fastapi import Path, status

from services.policy.domain import charter, coverage, handovers, people, seats
from services.policy.schemas.coverage import CoverageOut
from services.policy.schemas.task_team import (
    DepartureIn,
    HandoverIn,
    HandoverOut,
    MemberOut,
    SeatChange,
    SeatIn,
    SeatOut,
    SeatTerms,
    TeamOut,
    TermsIn,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.db import Session
from shared.pages import Page, Paging
from shared.problems import Forbidden, NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/task-team", tags=["task team"])
SeatKey = Annotated[Slug, Path(examples=["coach-care-german"])]
reads = [needs("team:read", "self")]
writes = [needs("team:write")]
takes_part = [needs("team:write", "self")]


@router.get("", dependencies=reads)
async def get_task_team(db: Db) -> TeamOut:
    """Read the team in numbers, its terms and its charter."""
    return await db.read(seats.team)


@router.patch("", dependencies=writes, responses=problems(Forbidden, charter.ForWholeTeam, Stale))
async def change_task_team(body: TermsIn, if_match: IfMatch, db: Db) -> TeamOut:
    """Change what holds for all: the certification that members need, grace and notice times, how fast answers come.

    If-Match names `terms.revision`. A member without the certification keeps the seat for the grace time.
    """

    def change(session: Session) -> TeamOut:
        charter.change_terms(session, body, if_match)
        return seats.team(session)

    return await db.write(change)


@router.get("/members", dependencies=reads)
async def list_task_team_members(paging: Paging, db: Db) -> Page[MemberOut]:
    """List who holds which seat."""
    return await db.read(seats.members, paging)


@router.get("/coverage", dependencies=reads)
async def get_task_team_coverage(db: Db) -> CoverageOut:
    """Read how far the filled seats reach, whom nobody reaches, and what hangs on one person."""
    return await db.read(coverage.show)


@router.get("/seats", dependencies=reads)
async def list_task_team_seats(paging: Paging, db: Db) -> Page[SeatOut]:
    """List the seats, filled or vacant."""
    return await db.read(seats.list_all, paging)


@router.post("/seats", status_code=status.HTTP_201_CREATED, dependencies=writes, responses=problems(seats.SeatExists))
async def create_task_team_seat(body: SeatIn, db: Db) -> SeatOut:
    """Open a seat and say what it stands for."""
    return await db.write(seats.create, body)


@router.get("/seats/{key}", dependencies=reads, responses=problems(seats.NoSuchSeat))
async def get_task_team_seat(key: SeatKey, db: Db) -> SeatOut:
    """Read a seat and who holds it."""
    return await db.read(seats.show, key)


@router.put("/seats/{key}", dependencies=writes, responses=problems(seats.NoSuchSeat, Stale))
async def put_task_team_seat(key: SeatKey, body: SeatTerms, if_match: IfMatch, db: Db) -> SeatOut:
    """Open a seat under this key, or say anew what it stands for; who holds it stays."""
    return await db.write(seats.replace, key, body, if_match)


@router.patch("/seats/{key}", dependencies=writes, responses=problems(seats.NoSuchSeat, seats.SeatVacant, Stale))
async def change_task_team_seat(key: SeatKey, body: SeatChange, if_match: IfMatch, db: Db) -> SeatOut:
    """Change some of what a seat stands for, or when the present term ends."""
    return await db.write(seats.change, key, body, if_match)


@router.delete(
    "/seats/{key}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=writes,
    responses=problems(seats.NoSuchSeat, seats.SeatTaken, Stale),
)
async def delete_task_team_seat(key: SeatKey, if_match: IfMatch, db: Db) -> None:
    """Remove a seat that nobody holds."""
    await db.write(seats.close, key, if_match)


@router.post(
    "/seats/{key}/departure",
    dependencies=takes_part,
    responses=problems(seats.NoSuchSeat, seats.SeatVacant, Stale),
)
async def leave_task_team_seat(key: SeatKey, body: DepartureIn, if_match: IfMatch, db: Db) -> SeatOut:
    """Leave a seat, as its holder, or end an appointment, as a lead; it goes to who waits for it."""
    return await db.write(seats.depart, key, body, if_match)


@router.post(
    "/seats/{key}/handover",
    dependencies=takes_part,
    responses=problems(seats.NoSuchSeat, people.UnknownPerson, handovers.OwnSeat, seats.NotCertified, Stale),
)
async def hand_over_task_team_seat(key: SeatKey, body: HandoverIn, if_match: IfMatch, db: Db) -> SeatOut:
    """Give a seat to its next holder with notes; the questions that are open on it go along."""
    return await db.write(handovers.hand_over, key, body, if_match)


@router.get("/seats/{key}/handovers", dependencies=reads, responses=problems(NotFound))
async def list_task_team_handovers(key: SeatKey, paging: Paging, db: Db) -> Page[HandoverOut]:
    """List what holders of a seat left to those after them, the latest first; read by both sides and the team."""
    return await db.read(handovers.list_of, key, paging)
