"""/v1/enrolments: a person on a course."""

from fastapi import Response, status

from services.training.domain.learning import enrolments
from services.training.domain.planning import enrolment_batches, offers
from services.training.routes.courses import InLocale
from services.training.schemas.assigning import BatchIn, BatchOut
from services.training.schemas.enrolments import EnrolmentIn, EnrolmentOut
from services.training.schemas.fields import Id
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = Router(prefix="/v1/enrolments", tags=["training"])


@router.get("", dependencies=[needs("training:read", "self")])
async def list_enrolments(
    paging: Paging,
    db: Db,
    employee_number: EmployeeNumber | None = None,
    course: Slug | None = None,
    *,
    completed: bool | None = None,
) -> Page[EnrolmentOut]:
    """List enrolments, without their modules."""
    return await db.read(enrolments.find, paging, employee_number, course, completed=completed)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(NotFound, enrolments.NothingToLearn, enrolments.AlreadyEnrolled, offers.CourseNotOffered),
)
async def create_enrolment(body: EnrolmentIn, db: Db) -> EnrolmentOut:
    """Put a person on the version of a course that is in force."""
    return await db.write(enrolments.create, body)


@router.post(
    "/batches", dependencies=[needs("training:write")], responses=problems(NotFound, enrolments.NothingToLearn)
)
async def create_enrolment_batch(body: BatchIn, db: Db) -> BatchOut:
    """Put up to 500 people on a course, and report what became of each."""
    await db.repeated()
    items = [
        item for some in enrolment_batches.chunks(body) for item in await db.step(enrolment_batches.apply, body, some)
    ]
    return await db.keep(enrolment_batches.report(items))


@router.get("/{enrolment}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_enrolment(enrolment: Id, response: Response, db: Db, locale: InLocale = None) -> EnrolmentOut:
    """Read an enrolment: its modules, which of them are locked, open or done, and the one to go on with."""
    found = await db.read(enrolments.get, enrolment, locale)
    response.headers["ETag"] = fingerprint(found)
    return found
