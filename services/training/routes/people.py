"""/v1/people: who works here, one by one or by CSV."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from services.training.domain import authority, certificates, directory, hierarchy, imports, people
from services.training.schemas.certificates import CertificateOut
from services.training.schemas.people import ImportedRow, ImportOut, PersonIn, PersonOut, PersonPatch
from shared.auth import needs
from shared.conditions import IfMatch
from shared.db import Database, Told, Unit
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, TooLarge, UnsupportedMediaType, problems
from shared.requests import EVENTS_HEADER, Db, events_header
from shared.schemas import EmployeeNumber, Line, Moment

router = APIRouter(prefix="/v1/people", tags=["people"])

LARGEST_FILE = 32 * 1024 * 1024
CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("", response_model=Page[PersonOut], dependencies=[needs("people:read", "self")])
async def list_people(
    paging: Paging, db: Db, department: Line | None = None, region: Line | None = None, *, active: bool | None = None
) -> Response:
    """List people; a person who signed in sees themself."""
    return db.answer(await db.read(directory.find, paging, department, region, active))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=PersonOut,
    dependencies=[needs("people:write")],
    responses=problems(people.PersonExists, hierarchy.NotManaged),
)
async def create_person(body: PersonIn, db: Db) -> Response:
    """Add a person."""
    return db.answer(await db.write(people.create, body))


@router.get(
    "/{employee_number}",
    response_model=PersonOut,
    dependencies=[needs("people:read", "self")],
    responses=problems(NotFound),
)
async def get_person(employee_number: EmployeeNumber, db: Db) -> Response:
    """Read a person."""
    return db.answer(await db.read(directory.get, employee_number))


@router.patch(
    "/{employee_number}",
    dependencies=[needs("people:write")],
    responses=problems(NotFound, Stale, people.PersonExists, hierarchy.NotManaged, authority.OwnedElsewhere),
)
async def update_person(employee_number: EmployeeNumber, body: PersonPatch, if_match: IfMatch, db: Db) -> PersonOut:
    """Change a person; `active: false` when they leave."""
    return await db.write(people.change, employee_number, body, if_match)


@router.get(
    "/{employee_number}/certificates", dependencies=[needs("certificates:read", "self")], responses=problems(NotFound)
)
async def list_certificates_of_person(
    employee_number: EmployeeNumber,
    db: Db,
    as_of: Annotated[Moment | None, Query(description="The moment asked for; now unless given.")] = None,
) -> Page[CertificateOut]:
    """List what a person holds, or held at a moment: the latest certificate of each certification."""
    return await db.read(certificates.of_person, employee_number, as_of)


@router.post(
    "/imports",
    dependencies=[needs("people:write")],
    responses=problems(imports.NotACsv, UnsupportedMediaType, TooLarge),
    openapi_extra=CSV_BODY,
)
async def import_people(
    request: Request,
    response: Response,
    db: Db,
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
) -> ImportOut:
    """Import people from a CSV file: good rows are applied, the others reported with the reason."""
    rows, refused = await asyncio.to_thread(imports.read, await read_csv(request))
    plan = await db.read(imports.plan, rows, refused)
    outcomes: list[ImportedRow] = list(plan.refused)
    if dry_run:
        for chunk in plan.chunks():
            outcomes += await db.read(imports.compare, chunk)
        return imports.report(outcomes, dry_run=True)
    service: Database = request.app.state.db
    told: list[Told] = []
    for chunk in plan.chunks():
        done = await service.run(Unit(imports.apply, (chunk,)))
        outcomes += done.result
        told += done.told
    report = await db.write(imports.finish, imports.report(outcomes, dry_run=False))
    if told:
        response.headers[EVENTS_HEADER] = events_header(told)
    return report


async def read_csv(request: Request) -> bytes:
    """Return the body of a CSV upload; raises UnsupportedMediaType or TooLarge."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "text/csv":
        raise UnsupportedMediaType("Send the file as text/csv.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FILE:
            raise TooLarge(f"A file may have {LARGEST_FILE} bytes.")
    return bytes(body)
