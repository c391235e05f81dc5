"""People by CSV: files at /v1/people/imports, how far each is at /v1/imports, which columns are what at /v1/import-mappings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, cast

from fastapi import Depends, Query, Request, Response, status

from services.training.domain.provisioning import (
    csv_files,
    import_columns,
    import_files,
    import_guard,
    import_mappings,
    import_reports,
    imports,
)
from services.training.domain.provisioning.import_columns import ATTRIBUTES
from services.training.domain.provisioning.imports import Asked
from services.training.importing import go_on
from services.training.schemas.fields import Id
from services.training.schemas.imports import (
    Delimiter,
    Encoding,
    ImportedRow,
    ImportJobOut,
    ImportOut,
    MappingIn,
    MappingOut,
    Outcome,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, fingerprint
from shared.context import current
from shared.db import Database, Session, Unit
from shared.pages import Page, Paging
from shared.problems import (
    FieldError,
    Invalid,
    NotFound,
    Stale,
    TooLarge,
    UnsupportedMediaType,
    problems,
)
from shared.requests import EVENTS_HEADER, Db, events_header
from shared.schemas import Line, Slug

router = Router(prefix="/v1", tags=["people"])

LARGEST_FILE = 32 * 1024 * 1024
IN_MEMORY = 1024 * 1024
MOST = 100_000
CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "format": "binary", "maxLength": LARGEST_FILE},
                "example": "employee_number,name,email,department,region,manager,languages\n"
                "E-1007,Ana Sá,ana@x.example,Support,EMEA,E-1001,pt;en\n",
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Taking:
    """How the query asks a file to be read; `mapping` is the name of one that is kept."""

    mapping: str | None
    columns: dict[str, str]
    encoding: Encoding | None
    delimiter: Delimiter | None


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a file is read."""

    columns: dict[str, str]
    encoding: Encoding | None
    delimiter: Delimiter | None


async def taking(
    mapping: Annotated[Slug | None, Query(description="The name of a mapping that is kept.")] = None,
    column: Annotated[
        list[Line] | None,
        Query(max_length=50, description="A column and the attribute that it is: `Abteilung:department`."),
    ] = None,
    encoding: Annotated[Encoding | None, Query(description="Found out unless given.")] = None,
    delimiter: Annotated[Delimiter | None, Query(description="Found out unless given.")] = None,
) -> Taking:
    """Read how a file is to be read."""
    return Taking(mapping, dict(column_of(one) for one in column or []), encoding, delimiter)


def column_of(given: str) -> tuple[str, str]:
    """Read `Abteilung:department`; raises Invalid."""
    name, _, attribute = given.rpartition(":")
    if not name.strip() or attribute not in ATTRIBUTES:
        why = f"write <column>:<attribute>, the attribute one of {', '.join(ATTRIBUTES)}"
        raise Invalid(errors=[FieldError(pointer="?column", detail=why)])
    return name, attribute


@router.post(
    "/people/imports",
    dependencies=[needs("people:write")],
    response_model=ImportOut,
    responses={
        **problems(csv_files.NotACsv, NotFound, UnsupportedMediaType, TooLarge, import_guard.ImportUnderWay),
        202: {"model": ImportJobOut, "description": "A file of more than 5,000 rows: it is applied in the background."},
    },
    openapi_extra=CSV_BODY,
)
async def import_people(
    request: Request,
    response: Response,
    db: Db,
    how: Annotated[Taking, Depends(taking)],
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
    all_or_nothing: Annotated[bool, Query(description="Apply no row unless all are good.")] = False,
) -> ImportOut | Response:
    """Import people from a CSV file: good rows are applied, the others reported with the reason.

    Up to 5,000 rows are applied before this answers. A larger file is answered with 202 once it is received whole;
    `Location` says where to see how far it is, and its rows with what became of each.
    """
    await db.repeated()
    service: Database = request.app.state.db
    async with upload(request) as body:
        mapping = await db.read(mapping_of, how)
        known = partial(import_columns.known, mapping=mapping.columns)
        file = await asyncio.to_thread(csv_files.read, body, mapping.encoding, mapping.delimiter, known, MOST)
        columns = import_columns.columns_of(file.header, mapping.columns)
        row = (await service.run(Unit(imports.begin, (file, columns, Asked(dry_run, all_or_nothing))))).result
        if row.background:
            await keep(service, row.serial, body)
        else:
            rows = file.rows()
            while chunk := await asyncio.to_thread(import_files.next_of, rows, columns):
                await service.run(Unit(imports.stage, (row.serial, chunk)))
    if row.background:
        db.status = status.HTTP_202_ACCEPTED
        job = await db.write(imports.received, row.id)
        headers = {"Location": f"/v1/imports/{row.id}"}
        return Response(job.model_dump_json(), db.status, headers, media_type="application/json")
    await service.write(imports.received, row.id)
    told = await go_on(service, row.id, current.get())
    if told:
        response.headers[EVENTS_HEADER] = events_header(told)
    return await db.write(import_reports.finish, row.id)


def mapping_of(session: Session, how: Taking) -> Mapping:
    """Return how a file is read by the mapping that the query names, and by what it says itself; raises NotFound."""
    if how.mapping is None:
        return Mapping(how.columns, how.encoding, how.delimiter)
    kept = import_mappings.get(session, how.mapping)
    encoding = Encoding(kept.encoding) if kept.encoding else None
    delimiter = Delimiter(kept.delimiter) if kept.delimiter else None
    return Mapping({**kept.columns, **how.columns}, how.encoding or encoding, how.delimiter or delimiter)


async def keep(service: Database, serial: int, body: BinaryIO) -> None:
    """Keep a large file in pieces: its rows are read when this has been answered."""
    body.seek(0)
    pieces = iter(partial(body.read, import_files.PIECE), b"")
    for number, piece in enumerate(pieces):
        await service.write(import_files.keep_piece, serial, number, piece)


@asynccontextmanager
async def upload(request: Request) -> AsyncIterator[BinaryIO]:
    """Keep the body of a CSV upload in a file, most of it on disk; raises UnsupportedMediaType or TooLarge."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "text/csv":
        raise UnsupportedMediaType("Send the file as text/csv.")
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_FILE:
                raise TooLarge(f"A file may have {LARGEST_FILE} bytes.")
            file.write(part)
        yield cast("BinaryIO", file)


@router.get("/people/imports", dependencies=[needs("people:write")])
async def list_imports(paging: Paging, db: Db) -> Page[ImportJobOut]:
    """List the files of people that were sent, the newest first, with how far each is."""
    return await db.read(import_reports.find, paging)


@router.get("/import-mappings", dependencies=[needs("people:write")])
async def list_import_mappings(paging: Paging, db: Db) -> Page[MappingOut]:
    """List which column of whose files is which attribute."""
    return await db.read(import_mappings.find, paging)


@router.get("/import-mappings/{name}", dependencies=[needs("people:write")], responses=problems(NotFound))
async def get_import_mapping(name: Slug, db: Db) -> MappingOut:
    """Read a mapping."""
    return await db.read(import_mappings.get, name)


@router.put("/import-mappings/{name}", dependencies=[needs("people:write")], responses=problems(Stale))
async def put_import_mapping(name: Slug, body: MappingIn, if_match: IfMatch, db: Db) -> MappingOut:
    """Keep under a name which column of a file is which attribute; send files with `?mapping=<name>` then."""
    return await db.write(import_mappings.put, name, body, if_match)


@router.delete(
    "/import-mappings/{name}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("people:write")],
    responses=problems(NotFound),
)
async def delete_import_mapping(name: Slug, db: Db) -> None:
    """Forget a mapping."""
    await db.write(import_mappings.remove, name)


@router.get("/imports/{import_id}", dependencies=[needs("people:write")], responses=problems(NotFound))
async def get_import(import_id: Id, response: Response, db: Db) -> ImportJobOut:
    """See how far a file is, and what became of its rows by number."""
    found = await db.read(import_reports.get, import_id)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.get("/imports/{import_id}/rows", dependencies=[needs("people:write")], responses=problems(NotFound))
async def list_import_rows(import_id: Id, paging: Paging, db: Db, outcome: Outcome | None = None) -> Page[ImportedRow]:
    """List the rows of a file with what became of each, or will; `?outcome=rejected` gives those to mend."""
    return await db.read(import_reports.find_rows, import_id, paging, outcome)
