"""/v1/people/{employee_number}/deltas and /v1/deltas: what changed under a certificate and is to be learnt anew."""

from fastapi import Response, status

from services.training.domain.access import LearningForAnother
from services.training.domain.learning import enrolments
from services.training.domain.learning.answers import NotAnOption
from services.training.domain.relearning import deltas
from services.training.domain.relearning.delta_questions import UnknownItem
from services.training.schemas.deltas import CompletionOfDelta, DeltaOut, DeltaResult, DeltaStatus, DeltaView
from services.training.schemas.enrolments import EnrolmentOut
from services.training.schemas.fields import Id
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, etag
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1", tags=["certification"])


@router.get(
    "/people/{employee_number}/deltas",
    dependencies=[needs("certificates:read", "self")],
    responses=problems(NotFound),
)
async def list_deltas(
    employee_number: EmployeeNumber, paging: Paging, db: Db, state: DeltaStatus | None = None
) -> Page[DeltaOut]:
    """List what changed under a person's certificates, with due dates; what was withdrawn only if asked for."""
    return await db.read(deltas.find, employee_number, paging, state)


@router.get("/deltas/{delta}", dependencies=[needs("certificates:read", "self")], responses=problems(NotFound))
async def get_delta(delta: Id, response: Response, db: Db) -> DeltaView:
    """Read what changed, as it was and as it is, with the questions about it."""
    found = await db.read(deltas.get, delta)
    response.headers["ETag"] = etag(f"{found.revision}-{found.state}")
    return found


@router.post(
    "/deltas/{delta}/completion",
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound,
        Stale,
        LearningForAnother,
        deltas.DeltaOver,
        deltas.TextChanged,
        deltas.LearntInTheCourse,
        UnknownItem,
        NotAnOption,
    ),
)
async def complete_delta(delta: Id, body: CompletionOfDelta, if_match: IfMatch, db: Db) -> DeltaResult:
    """Note that the changed section was read, with the answers to its questions; all of them have to be right."""
    return await db.write(deltas.complete, delta, body, if_match)


@router.post(
    "/deltas/{delta}/enrolment",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound, Stale, LearningForAnother, deltas.DeltaOver, deltas.NotOfACourse, enrolments.AlreadyEnrolled
    ),
)
async def enrol_for_delta(delta: Id, if_match: IfMatch, db: Db) -> EnrolmentOut:
    """Begin the changed modules of a course; those that did not change are done already."""
    return await db.write(deltas.enrol, delta, if_match)
