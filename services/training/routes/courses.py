"""/v1/courses: what can be learnt here."""

from fastapi import APIRouter, status

from services.training.domain import courses
from services.training.schemas.courses import CourseIn, CourseOut, CourseVersionIn, CourseVersionOut
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/courses", tags=["training"])


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
async def get_course(key: Slug, db: Db) -> CourseOut:
    """Read a course with the modules in force; questions are drawn only for a sitting."""
    return await db.read(courses.get, key)


@router.get("/{key}/versions", dependencies=[needs("training:write")], responses=problems(NotFound))
async def list_course_versions(key: Slug, paging: Paging, db: Db) -> Page[CourseVersionOut]:
    """List the versions with their questions and right answers, for authors."""
    return await db.read(courses.find_versions, key, paging)


@router.post(
    "/{key}/versions",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound),
)
async def create_course_version(key: Slug, body: CourseVersionIn, db: Db) -> CourseVersionOut:
    """Write a version, in force at once for those who enrol from now on."""
    return await db.write(courses.add_version, key, body)
