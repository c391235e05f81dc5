"""Runs simulations where the service's lease is held, one after the other, each in a process of its own.

So they take no turn of the service's own threads, and one that takes too long is ended without harm.
"""

import asyncio
import contextlib
import sys

import orjson
import structlog

from services.monitoring.domain.simulations import program, simulations
from services.monitoring.domain.simulations.replaying import TooMany
from services.monitoring.domain.simulations.simulations import Job
from shared.bus import Bus
from shared.db import Database
from shared.tasks import DATABASE_AWAY

IDLE = 0.5
WITHIN = 120.0
"""Seconds after which a process that gets too little of the processor is ended."""
TOO_LONG = "It took too long; ask for fewer days or customers."

log = structlog.get_logger()


class Broken(Exception):  # noqa: N818  kept with the simulation as a sentence
    """The process ended without an answer."""


async def run_simulations(db: Database, _bus: Bus) -> None:
    """Run whatever simulation waits, until cancelled."""
    while True:
        try:
            job = await db.write(simulations.take) if await db.read(simulations.waiting) else None
            if job is not None:
                await run(job, db)
                continue
        except DATABASE_AWAY as error:
            log.warning("simulations wait for the database", error=repr(error))
        await asyncio.sleep(IDLE)


async def run(job: Job, db: Database) -> None:
    """Run one simulation to its end, whatever that is; only a database that is away leaves it as it stands."""
    try:
        task = await db.read(simulations.task, job)
        async with asyncio.timeout(WITHIN):
            answer = await in_a_process(orjson.dumps(task.to_plain()))
        await db.write(simulations.finish, job, orjson.loads(answer))
    except TooMany as error:
        await db.write(simulations.fail, job, str(error))
    except (TimeoutError, Broken) as error:
        log.warning("simulation broken off", simulation=job.id, error=repr(error))
        await db.write(simulations.fail, job, TOO_LONG)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a fault in one simulation must stop neither the others nor the service's other work
        log.error("simulation failed", simulation=job.id, exc_info=error)
        await db.write(simulations.fail, job, "A fault of ours stopped it; it is in the log of the monitoring service.")


async def in_a_process(task: bytes) -> bytes:
    """Return what the program says to a task; raises Broken. It does not outlive whoever waits for it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", program.__name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        answer, said = await process.communicate(task)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Broken(f"ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return answer
