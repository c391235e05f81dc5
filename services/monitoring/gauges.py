"""What waits for people, as Prometheus sees it; every process of the service tells the same."""

import asyncio

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.monitoring.domain.figures import waiting
from shared.db import Database
from shared.tasks import DATABASE_AWAY

EVERY = 10.0

log = structlog.get_logger()


async def keep_counting(db: Database, registry: CollectorRegistry) -> None:
    """Count what waits, until cancelled; a database that is away is waited for."""
    gauge = Gauge(
        "shareload_waiting", "Conversations, late answers and findings that wait.", ["what"], registry=registry
    )
    while True:
        try:
            for what, number in (await db.read(waiting.now)).items():
                gauge.labels(what).set(number)
        except DATABASE_AWAY as error:
            log.warning("what waits is not counted", error=str(error))
        await asyncio.sleep(EVERY)
