"""/v1/people: who works here."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from services.training.domain import authority, certificates, directory, hierarchy, import_guard, people
from services.training.schemas.certificates import CertificateOut
from services.training.schemas.people import PersonIn, PersonOut, PersonPatch
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Line, Moment

router = APIRouter(prefix="/v1/people", tags=["people"])


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
    responses=problems(people.PersonExists, hierarchy.NotManaged, import_guard.ImportUnderWay),
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
    responses=problems(
        NotFound,
        Stale,
        people.PersonExists,
        hierarchy.NotManaged,
        import_guard.ImportUnderWay,
        authority.OwnedElsewhere,
    ),
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
