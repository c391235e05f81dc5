"""Files of people, sent or planned, and what became of their rows."""

import io
from contextlib import closing
from functools import partial
from typing import Any

import httpx

from services.training.domain.provisioning import (
    csv_files,
    import_columns,
    import_reports,
    imports,
)
from services.training.domain.provisioning.import_files import next_of
from services.training.domain.provisioning.imports import Asked, Step
from services.training.tables import PeopleImport
from shared.db import Database
from tests.training.conftest import TrainingService

HEADER = "employee_number,name,email,department,region,manager,languages\n"
CSV = {"Content-Type": "text/csv"}


async def send(service: TrainingService, body: str | bytes, **query: Any) -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return await service.client.post("/v1/people/imports", content=content, headers=CSV, params=query)


async def upload(service: TrainingService, body: str | bytes, **query: Any) -> Any:
    answer = await send(service, body, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def planned(db: Database, body: str, *, all_or_nothing: bool = False) -> PeopleImport:
    """Receive a file and plan it, as far as the first chunk that would be applied."""
    file = csv_files.read(io.BytesIO(body.encode()), None, None, partial(import_columns.known, mapping={}), 10_000)
    columns = import_columns.columns_of(file.header, {})
    row = await db.write(imports.begin, file, columns, Asked(dry_run=False, all_or_nothing=all_or_nothing))
    with closing(file.rows()) as rows:
        while chunk := next_of(rows, columns):
            await db.write(imports.stage, row.serial, chunk)
    await db.write(imports.received, row.id)
    while (await db.read(import_reports.get, row.id)).state == "planning":
        assert await db.write(imports.step, row.id) is Step.ON
    return row


async def rows_of(db: Database, row: PeopleImport) -> list[dict[str, Any]]:
    return [one.model_dump() for one in (await db.read(import_reports.finish, row.id)).rows]


def person(number: str, **more: Any) -> dict[str, Any]:
    email = f"{number.lower()}@new.example"
    return {"employee_number": number, "name": "N", "email": email, "department": "D", "region": "R", **more}
