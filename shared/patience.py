"""Units of work for which nobody waits: they outlast a database that is away, and fail only by their own fault."""

import asyncio

import structlog

from shared.db import Database, Done, Unit
from shared.marks import write_mark
from shared.tasks import AGAIN, DATABASE_AWAY

log = structlog.get_logger()


async def run_patiently(db: Database, unit: Unit, service: str) -> Done:
    """Run a unit, and again where the database was away; raises what the unit raised while the database took others."""
    while True:
        try:
            return await db.run(unit)
        except DATABASE_AWAY:
            if not await was_away(db, service):
                raise


async def was_away(db: Database, service: str) -> bool:
    """Try to write until it works; return whether it did not at first."""
    away = False
    while True:
        try:
            await db.write(write_mark, "consumer.probe", service)
        except DATABASE_AWAY as error:
            log.warning("the database is away", service=service, error=str(error))
            away = True
            await asyncio.sleep(AGAIN)
        else:
            return away
