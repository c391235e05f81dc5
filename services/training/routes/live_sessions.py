"""/v1/live-sessions: dates of what is learnt together, who comes, and who was there."""

from typing import Annotated

from fastapi import Query, status

from services.training.domain import access
from services.training.domain.learning import attendance, enrolments
from services.training.domain.teaching import live_sessions
from services.training.schemas.fields import Id
from services.training.schemas.live_sessions import (
    AttendanceIn,
    CancellationIn,
    LiveSessionIn,
    LiveSessionOut,
    LiveSessionPatch,
    RegistrationIn,
    RegistrationOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = Router(prefix="/v1/live-sessions", tags=["training"])


@router.get("", dependencies=[needs("training:read", "self")])
async def list_live_sessions(
    paging: Paging,
    db: Db,
    course: Slug | None = None,
    module: Slug | None = None,
    host: Annotated[EmployeeNumber | None, Query(description="Those that a person leads.")] = None,
    *,
    upcoming: Annotated[bool, Query(description="Leave out what is over or cancelled.")] = False,
) -> Page[LiveSessionOut]:
    """List the dates of live modules."""
    return await db.read(live_sessions.find, paging, live_sessions.Filter(course, module, host, upcoming))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound),
)
async def create_live_session(body: LiveSessionIn, db: Db) -> LiveSessionOut:
    """Give a live module a date."""
    return await db.write(live_sessions.create, body)


@router.get("/{live}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_live_session(live: Id, db: Db) -> LiveSessionOut:
    """Read a date, with the places that are left."""
    return await db.read(live_sessions.get, live)


@router.patch(
    "/{live}",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, live_sessions.SessionCancelled, live_sessions.InvalidDate, Stale),
)
async def update_live_session(live: Id, body: LiveSessionPatch, if_match: IfMatch, db: Db) -> LiveSessionOut:
    """Change a date, its place, capacity or host."""
    return await db.write(live_sessions.change, live, body, if_match)


@router.post(
    "/{live}/cancellation",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, live_sessions.SessionCancelled, Stale),
)
async def cancel_live_session(live: Id, body: CancellationIn, if_match: IfMatch, db: Db) -> LiveSessionOut:
    """Cancel a date, with the reason for those who meant to come."""
    return await db.write(live_sessions.cancel, live, body, if_match)


@router.get("/{live}/registrations", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def list_live_registrations(live: Id, db: Db) -> Page[RegistrationOut]:
    """List who is registered, for the host and those who may read training; for anyone else, themself."""
    return await db.read(attendance.find, live)


@router.post(
    "/{live}/registrations",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound,
        live_sessions.SessionCancelled,
        attendance.SessionOver,
        attendance.HasAPlace,
        attendance.NotEnrolled,
        attendance.SessionFull,
        enrolments.ModuleLocked,
    ),
)
async def create_live_registration(live: Id, body: RegistrationIn, db: Db) -> RegistrationOut:
    """Keep a place for a person who is on the course."""
    return await db.write(attendance.register, live, body)


@router.delete(
    "/{live}/registrations/{employee_number}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("training:write", "self")],
    responses=problems(NotFound, live_sessions.SessionCancelled, attendance.SessionOver),
)
async def delete_live_registration(live: Id, employee_number: EmployeeNumber, db: Db) -> None:
    """Give a place back, for somebody else to take."""
    await db.write(attendance.withdraw, live, employee_number)


@router.post(
    "/{live}/attendance",
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound,
        attendance.NotTheHost,
        access.OwnMatter,
        live_sessions.SessionCancelled,
        attendance.NotBegun,
        attendance.NotAttending,
    ),
)
async def take_live_attendance(live: Id, body: AttendanceIn, db: Db) -> Page[RegistrationOut]:
    """Note who was there, by the host or whoever runs the training; their module is done."""
    await db.repeated()
    await db.read(attendance.check_attendance, live, body)
    for some in attendance.chunks(body):
        await db.step(attendance.take_attendance, live, some)
    return await db.keep(await db.read(attendance.find, live))
