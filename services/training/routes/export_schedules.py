"""/v1/export-schedules: files for systems that do not ask, written to a folder when they are due."""

from fastapi import Response, status

from services.training.domain.certification import export_schedules
from services.training.schemas.exports import ExportRunOut, ExportScheduleIn, ExportScheduleOut, ExportSchedulePatch
from services.training.schemas.fields import Id
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/export-schedules", tags=["export files"])


@router.get("", dependencies=[needs("admin:read")])
async def list_export_schedules(paging: Paging, db: Db) -> Page[ExportScheduleOut]:
    """List which files are written when."""
    return await db.read(export_schedules.find, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("admin:write")],
    responses=problems(export_schedules.ExportScheduleExists),
)
async def create_export_schedule(body: ExportScheduleIn, db: Db) -> ExportScheduleOut:
    """Have a file written at a time of day, or every some hours."""
    return await db.write(export_schedules.create, body)


@router.get("/{key}", dependencies=[needs("admin:read")], responses=problems(NotFound))
async def get_export_schedule(key: Slug, db: Db) -> ExportScheduleOut:
    """Read a schedule."""
    return await db.read(export_schedules.get, key)


@router.patch("/{key}", dependencies=[needs("admin:write")], responses=problems(NotFound, Stale))
async def update_export_schedule(key: Slug, body: ExportSchedulePatch, if_match: IfMatch, db: Db) -> ExportScheduleOut:
    """Have other files written, or at other times, or none for a while."""
    return await db.write(export_schedules.change, key, body, if_match)


@router.delete(
    "/{key}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, Stale),
)
async def delete_export_schedule(key: Slug, if_match: IfMatch, db: Db) -> None:
    """Have no more files written; those that are there stay where they are."""
    await db.write(export_schedules.remove, key, if_match)


@router.post(
    "/{key}/runs",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[needs("admin:write")],
    responses=problems(NotFound),
)
async def start_export_run(key: Slug, db: Db) -> ExportRunOut:
    """Have a file written now."""
    return await db.write(export_schedules.run_now, key)


@router.get("/{key}/runs", dependencies=[needs("admin:read")], responses=problems(NotFound))
async def list_export_runs(key: Slug, paging: Paging, db: Db) -> Page[ExportRunOut]:
    """List the files of a schedule, the newest first, with what went wrong."""
    return await db.read(export_schedules.find_runs, key, paging)


@router.get("/{key}/runs/{run}", dependencies=[needs("admin:read")], responses=problems(NotFound))
async def get_export_run(key: Slug, run: Id, response: Response, db: Db) -> ExportRunOut:
    """Read what is known of one file."""
    found = await db.read(export_schedules.get_run, key, run)
    response.headers["ETag"] = fingerprint(found)
    return found
