"""/v1/courses/{key}/versions: from a draft to what those learn who enrol."""

import asyncio
from typing import Annotated

from fastapi import Path, status

from services.training.domain.teaching import course_versions, courses, pages, questions, rules
from services.training.schemas.courses import CourseVersionIn, CourseVersionOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, TooLarge, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses/{key}/versions", tags=["training"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]

WRONG = (
    TooLarge,
    pages.MissingFile,
    course_versions.NotInTheCourse,
    course_versions.CircularPrerequisites,
    rules.NoSuchRule,
    questions.NotEnoughQuestions,
)


@router.get("", dependencies=[needs("training:write")], responses=problems(NotFound))
async def list_course_versions(key: Slug, paging: Paging, db: Db) -> Page[CourseVersionOut]:
    """List the versions with their questions and right answers, for authors."""
    return await db.read(courses.find_versions, key, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound, *WRONG),
)
async def create_course_version(key: Slug, body: CourseVersionIn, db: Db) -> CourseVersionOut:
    """Write a version, in force at once for those who enrol from now on unless it is a `draft`."""
    warnings = await asyncio.to_thread(pages.check, body)
    made = await db.write(course_versions.add, key, body)
    return made.model_copy(update={"warnings": warnings})


@router.get("/{number}", dependencies=[needs("training:write")], responses=problems(NotFound))
async def get_course_version(key: Slug, number: Number, db: Db) -> CourseVersionOut:
    """Read a version with its questions and right answers, for authors; it can be sent back as a new one."""
    return await db.read(courses.get_version, key, number)


@router.put(
    "/{number}",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, course_versions.NotADraftVersion, course_versions.VersionOvertaken, Stale, *WRONG),
)
async def update_course_version(
    key: Slug, number: Number, body: CourseVersionIn, if_match: IfMatch, db: Db
) -> CourseVersionOut:
    """Write a draft anew; without `draft: true` it is published with that."""
    warnings = await asyncio.to_thread(pages.check, body)
    made = await db.write(course_versions.change, key, number, body, if_match)
    return made.model_copy(update={"warnings": warnings})


@router.post(
    "/{number}/publication",
    dependencies=[needs("training:write")],
    responses=problems(
        NotFound,
        course_versions.NotADraftVersion,
        course_versions.VersionOvertaken,
        course_versions.CircularPrerequisites,
        rules.NoSuchRule,
        Stale,
    ),
)
async def publish_course_version(key: Slug, number: Number, if_match: IfMatch, db: Db) -> CourseVersionOut:
    """Bring a draft into force for those who enrol from now on; who is on the course stays on their version."""
    return await db.write(course_versions.publish, key, number, if_match)
