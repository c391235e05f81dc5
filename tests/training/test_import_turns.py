"""However long a file of people is, a turn of the writer on some of its rows takes the same work."""

import io
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from services.training.domain.provisioning import csv_files, import_columns, import_files, import_reports, imports
from services.training.domain.provisioning.imports import Asked
from shared.db import Database, Session
from tests.training.people_files import HEADER

CHUNK = 50
STEP = 100
"""Instructions of SQLite's virtual machine after which it tells that it did so many."""


def counted(session: Session, fn: Callable[..., Any], *args: Any) -> int:
    """Return what a piece of work had SQLite do."""
    done = 0

    def count() -> None:
        nonlocal done
        done += STEP

    session.driver.set_progress_handler(count, STEP)
    try:
        fn(session, *args)
        session.flush()
    finally:
        session.driver.set_progress_handler(None, STEP)
    return done


async def work_of(db: Database, rows: int) -> tuple[int, int]:
    """Return what staging and planning a file of so many rows had SQLite do."""
    lines = [
        f"{rows}-{at},New {at},{rows}-{at}@new.example,Care,EMEA,{f'{rows}-{at % 40}' if at >= 40 else ''},en\n"
        for at in range(rows)
    ]
    body = io.BytesIO((HEADER + "".join(lines)).encode())
    file = csv_files.read(body, None, None, partial(import_columns.known, mapping={}), rows)
    columns = import_columns.columns_of(file.header, {})
    job = await db.write(imports.begin, file, columns, Asked(dry_run=True, all_or_nothing=False))
    staging = planning = 0
    with closing(file.rows()) as each:
        while chunk := import_files.next_of(each, columns, CHUNK):
            staging += await db.write(counted, imports.stage, job.serial, chunk)
    await db.write(imports.received, job.id)
    while (await db.read(import_reports.get, job.id)).finished_at is None:
        planning += await db.write(counted, imports.step, job.id, CHUNK)
    report = await db.read(import_reports.get, job.id)
    assert (report.created, report.rejected) == (rows, 0)
    return staging, planning


async def test_four_times_the_rows_are_four_times_the_work(open_sqlite: Database) -> None:
    """A question that reads the whole file, asked with every chunk, would make it sixteen times."""
    few, many = await work_of(open_sqlite, 600), await work_of(open_sqlite, 2400)
    for less, more in zip(few, many, strict=True):
        assert 3 * less < more < 6 * less, (few, many)
