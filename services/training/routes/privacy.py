"""A person's data: to take with them, to be erased, and who looked at it."""

from fastapi import Request, status

from services.training.domain.access import OwnMatter
from services.training.domain.privacy import erasures, looks, takeouts
from services.training.domain.provisioning import import_guard
from services.training.schemas.fields import Id
from services.training.schemas.privacy import DataExportOut, ErasureIn, ErasureOut, LookOut, RetentionOut
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page, Paging
from shared.personal import PersonalDataAway, ask, ask_retention
from shared.problems import Forbidden, NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1", tags=["privacy"])


@router.get(
    "/people/{employee_number}/data-export",
    dependencies=[needs("people:read", "self")],
    responses=problems(NotFound, Forbidden, PersonalDataAway),
)
async def export_personal_data(employee_number: EmployeeNumber, request: Request, db: Db) -> DataExportOut:
    """Read all that is kept of a person, over all services.

    For the person themself, or with `people:read` and `admin:read`. Where one service does not answer, nothing is.
    """
    whose = await db.read(takeouts.begin, employee_number)
    kept = {service: await ask(request.app.state.bus, service, whose.id) for service in sorted(erasures.SERVICES)}
    generated_at = await db.write(takeouts.note, whose.id)
    return DataExportOut(id=whose.id, employee_number=whose.employee_number, generated_at=generated_at, services=kept)


@router.post(
    "/people/{employee_number}/erasure",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[needs("people:write"), needs("admin:write")],
    responses=problems(NotFound, OwnMatter, erasures.NotConfirmed, erasures.StillHere, import_guard.ImportUnderWay),
)
async def erase_person(employee_number: EmployeeNumber, body: ErasureIn, db: Db) -> ErasureOut:
    """Erase a person who has left, in all services; there is no way back.

    Nobody knows them by any name or number once this is answered. The rest follows within seconds: ask for the erasure
    by the `id` of the answer.
    """
    return await db.write(erasures.erase, employee_number, body)


@router.get("/erasures/{erasure}", dependencies=[needs("people:read")], responses=problems(NotFound))
async def get_erasure(erasure: Id, db: Db) -> ErasureOut:
    """Read how far an erasure is."""
    return await db.read(erasures.get, erasure)


@router.get("/retention", dependencies=[needs("people:read", "self")], responses=problems(PersonalDataAway))
async def list_retention(request: Request) -> Page[RetentionOut]:
    """List for how long each service keeps each kind of data; `days` is empty for what is kept until an erasure."""
    kept = {service: await ask_retention(request.app.state.bus, service) for service in sorted(erasures.SERVICES)}
    return Page(
        items=[
            RetentionOut(service=service, kind=kind, days=days)
            for service, kinds in kept.items()
            for kind, days in kinds.items()
        ]
    )


@router.get(
    "/people/{employee_number}/access-log",
    dependencies=[needs("people:read", "self")],
    responses=problems(NotFound),
)
async def list_access(employee_number: EmployeeNumber, paging: Paging, db: Db) -> Page[LookOut]:
    """List who looked at a person's record: colleagues and systems, a row for each day and what they read.

    Lists in which the person may have been are there, too. What the gateway answers from memory arrives within a minute.
    """
    return await db.read(looks.of_person, employee_number, paging)
