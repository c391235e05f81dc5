"""Goes on with large imports in the background, one after the other, where the service's lease is held.

What is done is kept with each chunk, so after a restart, or in another process, an import goes on from there.
"""

import asyncio

import structlog

from services.training.domain import imports
from services.training.domain.imports import Step
from services.training.tables import PeopleImport
from shared.bus import Bus
from shared.context import Context
from shared.db import Database, Told, Unit
from shared.tasks import DATABASE_AWAY

IDLE = 0.5
PAUSE = 0.05

log = structlog.get_logger()


async def run_imports(db: Database, _bus: Bus) -> None:
    """Go on with whatever import waits, until cancelled."""
    while True:
        try:
            row = await db.read(imports.waiting)
            if row is not None:
                await run(db, row)
                continue
        except DATABASE_AWAY as error:
            log.warning("imports wait for the database", error=repr(error))
        await asyncio.sleep(IDLE)


async def run(db: Database, row: PeopleImport) -> None:
    """Take one import to its end; only a database that is away leaves it as it stands."""
    try:
        await go_on(db, row.id, Context(caller=imports.principal_of(row)))
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a fault in one import must stop neither the others nor the service's other work
        log.error("import failed", people_import=row.id, exc_info=error)
        await db.write(imports.fail, row.id, "A fault of ours stopped it; it is in the log of the training service.")


async def go_on(db: Database, import_id: str, context: Context) -> list[Told]:
    """Do the rest of an import chunk by chunk, letting others write in between; return what was told."""
    told: list[Told] = []
    while True:
        done = await db.run(Unit(imports.step, (import_id,), context=context))
        told = [*told, *done.told][-imports.CHUNK :]
        if done.result is Step.OVER:
            return told
        await asyncio.sleep(PAUSE if done.result is Step.WAIT else 0)
