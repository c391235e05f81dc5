"""/v1/courses/{key}/question-imports and questions.gift, .txt, .xml: questions from and for other systems."""

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response

from services.training.domain.question_files.reading import NotAQuestionFile
from services.training.domain.teaching import question_exports, question_imports
from services.training.domain.teaching.question_exports import WRITERS
from services.training.domain.teaching.question_imports import READERS, Asked
from services.training.schemas.question_files import ImportFormat, QuestionFormat, QuestionImportOut
from shared.areas import Router
from shared.auth import needs
from shared.problems import NotFound, TooLarge, UnsupportedMediaType, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses/{key}", tags=["training"], dependencies=[needs("training:write")])

LARGEST = 5 * 1024 * 1024
XML_TYPES = {"application/xml", "text/xml"}
ZIP_TYPES = {"application/zip", "application/x-zip-compressed"}
GIFT_EXAMPLE = "// [id:hours] [tag:tone]\n::hours:: Within how many hours do we answer? {#24#A day, not more.}\n"
AIKEN_EXAMPLE = "What comes first?\nA. Selling\nB. Listening\nANSWER: B\n"
XML_EXAMPLE = '<quiz><question type="truefalse"><questiontext format="plain_text"><text>We answer everyone.</text></questiontext><answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question></quiz>'
FILE = {"type": "string", "format": "binary", "maxLength": LARGEST}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": FILE, "example": GIFT_EXAMPLE},
            "application/xml": {"schema": FILE, "example": XML_EXAMPLE},
            "application/zip": {"schema": FILE},
        },
    }
}
REPORT = "Question-Report"
"""The header that says how many questions an export has, and of which other systems get less or nothing."""
Tag = Annotated[Slug | None, Query(description="Only questions with this tag.")]


def answers(media_type: str, example: str) -> dict[int | str, dict[str, Any]]:
    """Return what an export declares."""
    header = {"description": "What other systems do not get of it.", "schema": {"type": "string"}}
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return {**problems(NotFound), 200: {"description": "The file.", "content": content, "headers": {REPORT: header}}}


@router.post(
    "/question-imports",
    responses=problems(NotFound, NotAQuestionFile, UnsupportedMediaType, TooLarge),
    openapi_extra=FILE_BODY,
)
async def import_questions(
    key: Slug,
    request: Request,
    db: Db,
    format: Annotated[  # noqa: A002  what the query calls it
        ImportFormat | None,
        Query(description="Which format the file has; XML is Moodle's unless given, and a ZIP file a package of QTI."),
    ] = None,
    *,
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
    all_or_nothing: Annotated[bool, Query(description="Take no question unless all are good.")] = False,
) -> QuestionImportOut:
    """Take the questions of a GIFT, Aiken, Moodle XML or QTI file into a course's bank, and report on each.

    What is not understood is said of each question, with its line. QTI is one item of version 2 or 3, or a package of
    them. The same file again changes nothing: a question is found by its id (`[id:…]`, `idnumber`, `identifier`), or by
    its content.
    """
    asked = Asked(format or by_type(request), dry_run, all_or_nothing)
    found = await asyncio.to_thread(READERS[asked.format], await body_of(request))
    if dry_run:
        return await db.read(question_imports.look, key, found, asked)
    return await db.write(question_imports.apply, key, found, asked)


def by_type(request: Request) -> ImportFormat:
    """Return the format that a file's type stands for; raises UnsupportedMediaType."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given in XML_TYPES:
        return ImportFormat.MOODLE_XML
    if given in ZIP_TYPES:
        return ImportFormat.QTI
    raise UnsupportedMediaType("Say which format the file has: ?format=gift, aiken, moodle_xml or qti.")


async def body_of(request: Request) -> bytes:
    """Return the body of an upload; raises TooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise TooLarge(f"A file of questions may have {LARGEST} bytes.")
    return bytes(body)


@router.get("/questions.gift", response_class=Response, responses=answers("text/plain", GIFT_EXAMPLE))
async def export_questions_as_gift(key: Slug, db: Db, tag: Tag = None) -> Response:
    """Read the questions of a course's bank as GIFT; what that cannot say stands in comments."""
    return await exported(db, key, tag, QuestionFormat.GIFT)


@router.get("/questions.txt", response_class=Response, responses=answers("text/plain", AIKEN_EXAMPLE))
async def export_questions_as_aiken(key: Slug, db: Db, tag: Tag = None) -> Response:
    """Read those questions of a course's bank of which one option is right as Aiken, which has nothing else."""
    return await exported(db, key, tag, QuestionFormat.AIKEN)


@router.get("/questions.xml", response_class=Response, responses=answers("application/xml", XML_EXAMPLE))
async def export_questions_as_moodle_xml(key: Slug, db: Db, tag: Tag = None) -> Response:
    """Read the questions of a course's bank as Moodle XML; what Moodle cannot say stands in an element of ours."""
    return await exported(db, key, tag, QuestionFormat.MOODLE_XML)


async def exported(db: Db, key: str, tag: str | None, form: QuestionFormat) -> Response:
    """Return the file of an export."""
    found = await db.read(question_exports.find, key, tag)
    written = await asyncio.to_thread(WRITERS[form], found)
    ending, media_type = {
        QuestionFormat.GIFT: ("gift", "text/plain; charset=utf-8"),
        QuestionFormat.AIKEN: ("txt", "text/plain; charset=utf-8"),
        QuestionFormat.MOODLE_XML: ("xml", "application/xml"),
    }[form]
    headers = {
        "Content-Disposition": f'attachment; filename="{key}.{ending}"',
        "X-Content-Type-Options": "nosniff",
        REPORT: question_exports.said(written),
    }
    return Response(written.content.encode(errors="replace"), media_type=media_type, headers=headers)
