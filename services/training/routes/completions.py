"""/v1/completions: what was learnt elsewhere, one by one or by CSV; /v1/external-courses: what it counts for."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import Query, Request, status

from services.training.domain import access
from services.training.domain.learning import completion_files, completions, external_courses
from services.training.domain.learning.completion_files import CHUNK, Row
from services.training.domain.provisioning import csv_files
from services.training.domain.provisioning.csv_files import Numbered
from services.training.routes.imports import LARGEST_FILE, MOST, upload
from services.training.schemas.completions import (
    CompletionImportOut,
    CompletionRow,
    ExternalCourseIn,
    ExternalCourseOut,
)
from services.training.schemas.enrolments import CompletionIn, CompletionOut
from services.training.schemas.imports import Delimiter, Encoding
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, TooLarge, UnsupportedMediaType, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Line, Slug

router = Router(prefix="/v1", tags=["training"])

SHOWN = 1000
CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "format": "binary", "maxLength": LARGEST_FILE},
                "example": "employee_number,external_course,completed_at,source\n"
                "E-1007,Social media basics,2026-11-02,learning system\n",
            }
        },
    }
}


@router.get("/completions", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def list_completions(
    paging: Paging,
    db: Db,
    employee_number: EmployeeNumber | None = None,
    course: Slug | None = None,
    external_course: Line | None = None,
) -> Page[CompletionOut]:
    """List what was completed, here or elsewhere; a person who signed in sees their own."""
    return await db.read(completions.find, paging, employee_number, course, external_course)


@router.post(
    "/completions",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound, access.OwnMatter, completions.NotACompletion),
)
async def create_completion(body: CompletionIn, db: Db) -> CompletionOut:
    """Record that a person completed a course elsewhere; the same person, course, time and source count once."""
    return await db.write(completions.add, body)


@router.post(
    "/completions/imports",
    dependencies=[needs("training:write")],
    responses=problems(completion_files.NotACompletionFile, UnsupportedMediaType, TooLarge),
    openapi_extra=CSV_BODY,
)
async def import_completions(
    request: Request,
    db: Db,
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
    encoding: Annotated[Encoding | None, Query(description="Found out unless given.")] = None,
    delimiter: Annotated[Delimiter | None, Query(description="Found out unless given.")] = None,
) -> CompletionImportOut:
    """Record completions from a CSV file: good rows count, the others are reported with the reason.

    The same person, course, time and source count once, so the same file again changes nothing.
    """
    await db.repeated()
    counts = {"created": 0, "unchanged": 0, "rejected": 0}
    shown: list[CompletionRow] = []
    unmapped: set[str] = set()
    async with upload(request) as body:
        file = await asyncio.to_thread(
            csv_files.read, body, encoding, delimiter, completion_files.known, MOST, completion_files.NotACompletionFile
        )
        columns = completion_files.columns_of(file.header)
        rows = file.rows()
        while chunk := await asyncio.to_thread(next_of, rows, columns):
            done = await db.step(completion_files.apply, chunk, dry_run=dry_run)
            unmapped |= done.unmapped
            for one in done.outcomes:
                counts[one.outcome] += 1
                if one.detail is not None and len(shown) < SHOWN:
                    shown.append(one)
    report = CompletionImportOut(
        dry_run=dry_run,
        **counts,
        unmapped_courses=sorted(unmapped)[:SHOWN],
        encoding=file.encoding.removesuffix("-sig"),
        delimiter=file.delimiter,
        ignored_columns=[name for name, known in zip(file.header, columns, strict=True) if known is None],
        rows=shown,
    )
    return await db.keep(report)


def next_of(rows: Iterator[Numbered], columns: list[str | None]) -> list[Row]:
    """Read the next chunk of a file."""
    return [completion_files.row_of(number, cells, columns) for number, cells in islice(rows, CHUNK)]


@router.get("/external-courses", dependencies=[needs("training:read")])
async def list_external_courses(
    paging: Paging,
    db: Db,
    mapped: Annotated[bool | None, Query(description="false: those that count for nothing yet.")] = None,
) -> Page[ExternalCourseOut]:
    """List the courses of other learning systems that were completed, and what each counts for."""
    return await db.read(external_courses.find, paging, mapped=mapped)


@router.put(
    "/external-courses/{name:path}",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, external_courses.MappedAlready),
)
async def put_external_course(name: Line, body: ExternalCourseIn, db: Db) -> ExternalCourseOut:
    """Let a course of another system stand for one of ours, also where it was completed before this was known."""
    return await db.write(external_courses.put, name, body)
