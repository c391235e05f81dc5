"""/v1/enrolments/{enrolment}: what a learner does in the modules of a course."""

from fastapi import Response, status

from services.training.domain import access
from services.training.domain.learning import enrolments, lessons, moves, scenarios, showing, tasks
from services.training.routes.courses import InLocale
from services.training.schemas.enrolments import EnrolmentOut, PositionIn
from services.training.schemas.fields import Id
from services.training.schemas.learning import (
    ModuleView,
    ReadingIn,
    RunOut,
    SubmissionIn,
    SubmissionOut,
    VersionChangeIn,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/enrolments/{enrolment}", tags=["training"])

LEARNS = [needs("training:write", "self")]


@router.get("/modules/{module}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_enrolment_module(
    enrolment: Id, module: Slug, response: Response, db: Db, locale: InLocale = None
) -> ModuleView:
    """Read a module with what it teaches; while it is locked, why it is and until when."""
    found = await db.read(showing.module, enrolment, module, locale)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.put("/position", dependencies=LEARNS, responses=problems(NotFound, access.LearningForAnother))
async def put_enrolment_position(enrolment: Id, body: PositionIn, db: Db) -> EnrolmentOut:
    """Keep where the learner is, so that they resume there."""
    return await db.write(enrolments.remember_position, enrolment, body)


@router.post(
    "/version-change",
    dependencies=LEARNS,
    responses=problems(
        NotFound, access.LearningForAnother, enrolments.CourseDone, moves.NoNewerVersion, moves.WorkUnderWay
    ),
)
async def change_enrolment_version(enrolment: Id, body: VersionChangeIn, db: Db) -> EnrolmentOut:
    """Move to the version in force; modules that it did not change stay done."""
    return await db.write(moves.move, enrolment, body)


@router.post(
    "/lessons/{module}/completion",
    dependencies=LEARNS,
    responses=problems(NotFound, access.LearningForAnother, enrolments.ModuleLocked),
)
async def complete_lesson(enrolment: Id, module: Slug, db: Db) -> EnrolmentOut:
    """Note that a lesson was read to its end."""
    return await db.write(lessons.read_lesson, enrolment, module)


@router.post(
    "/readings/{module}/completion",
    dependencies=LEARNS,
    responses=problems(
        NotFound, access.LearningForAnother, enrolments.ModuleLocked, lessons.PolicyChanged, lessons.NothingToRead
    ),
)
async def complete_reading(enrolment: Id, module: Slug, body: ReadingIn, db: Db) -> EnrolmentOut:
    """Note that sections of a policy were read as they are in force; their hashes are kept."""
    return await db.write(lessons.read_policy, enrolment, module, body)


@router.post(
    "/scenarios/{module}/runs",
    status_code=status.HTTP_201_CREATED,
    dependencies=LEARNS,
    responses=problems(
        NotFound, access.LearningForAnother, enrolments.CourseDone, enrolments.ModuleLocked, scenarios.RunOpen
    ),
)
async def create_scenario_run(enrolment: Id, module: Slug, db: Db, locale: InLocale = None) -> RunOut:
    """Begin a way through a scenario; only one can be open at a time."""
    return await db.write(scenarios.start, enrolment, module, locale)


@router.post(
    "/tasks/{module}/submissions",
    status_code=status.HTTP_201_CREATED,
    dependencies=LEARNS,
    responses=problems(
        NotFound,
        access.LearningForAnother,
        enrolments.ModuleLocked,
        tasks.NotAccepted,
        tasks.AwaitsReview,
        tasks.TaskAccepted,
    ),
)
async def create_task_submission(enrolment: Id, module: Slug, body: SubmissionIn, db: Db) -> SubmissionOut:
    """Hand something in for a practical task; a coach looks at it."""
    return await db.write(tasks.submit, enrolment, module, body)
