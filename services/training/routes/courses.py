"""/v1/courses: what can be learnt here."""

from typing import Annotated

from fastapi import Query, status

from services.training.domain.teaching import courses
from services.training.schemas.courses import CourseIn, CourseOut
from shared.areas import Router
from shared.auth import needs
from shared.locales import Locale
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses", tags=["training"])

InLocale = Annotated[
    Locale | None, Query(description="The language to show it in; what is not translated says so by `fallback`.")
]


@router.get("", dependencies=[needs("training:read", "self")])
async def list_courses(paging: Paging, db: Db) -> Page[CourseOut]:
    """List the courses, without their modules."""
    return await db.read(courses.find, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(courses.CourseExists),
)
async def create_course(body: CourseIn, db: Db) -> CourseOut:
    """Add a course; it can be taken once it has a version."""
    return await db.write(courses.create, body)


@router.get("/{key}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_course(key: Slug, db: Db, locale: InLocale = None) -> CourseOut:
    """Read a course with the outline of its modules in force; what they teach is read with an enrolment."""
    return await db.read(courses.get, key, locale)
