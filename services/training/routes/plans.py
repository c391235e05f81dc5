"""What people are to learn: a person's own plan and paths, and figures by department."""

from typing import Literal

from fastapi import Response

from services.training.domain.planning import learning_figures, learning_paths, plans
from services.training.routes.courses import InLocale
from services.training.schemas.assigning import PathProgress
from services.training.schemas.plans import LearningFigures, PlanOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.pages import Page
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = Router(prefix="/v1", tags=["training"])


@router.get(
    "/people/{employee_number}/plan", dependencies=[needs("training:read", "self")], responses=problems(NotFound)
)
async def get_plan(employee_number: EmployeeNumber, response: Response, db: Db, locale: InLocale = None) -> PlanOut:
    """Read what a person is to do, the most urgent first, with why and what to do next, and what they have done lately."""
    found = await db.read(plans.of_person, employee_number, locale)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.get(
    "/people/{employee_number}/learning-paths",
    dependencies=[needs("training:read", "self")],
    responses=problems(NotFound),
)
async def list_learning_paths_of_person(employee_number: EmployeeNumber, db: Db) -> Page[PathProgress]:
    """List the learning paths that a person is on, and how far they are."""
    return await db.read(learning_paths.of_person, employee_number)


@router.get("/learning-statistics", dependencies=[needs("training:read")])
async def get_learning_statistics(
    db: Db, by: Literal["department", "region"] = "department", course: Slug | None = None
) -> LearningFigures:
    """Count people by where they stand with what is asked of them; groups of too few people are counted as one."""
    return await db.read(learning_figures.by_group, by, course)
