"""Goes on with operations on many certificates in the background, one after the other, where the service's lease is held.

What is done is kept with each piece, so after a restart, or in another process, an operation goes on from there.
"""

import asyncio

import structlog

from services.training.domain.certification import operation_steps, operations
from services.training.tables import CertificateOperation
from shared.bus import Bus
from shared.context import Context
from shared.db import Database, Unit
from shared.tasks import DATABASE_AWAY

IDLE = 0.5

log = structlog.get_logger()


async def run_operations(db: Database, _bus: Bus) -> None:
    """Go on with whatever operation waits, until cancelled."""
    while True:
        more = False
        try:
            row = await db.read(operation_steps.waiting)
            if row is not None:
                more = await go_on(db, row)
        except DATABASE_AWAY as error:
            log.warning("operations wait for the database", error=repr(error))
        await asyncio.sleep(0 if more else IDLE)


async def go_on(db: Database, row: CertificateOperation) -> bool:
    """Do the next piece of an operation and return whether there may be more; one with a fault is ended."""
    context = Context(caller=operations.principal_of(row))
    try:
        return bool((await db.run(Unit(operation_steps.step, (row.id,), context=context))).result)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a fault in one operation must stop neither the others nor the service's other work
        log.error("operation failed", certificate_operation=row.id, exc_info=error)
        await db.write(operation_steps.fail, row.id)
        return True
