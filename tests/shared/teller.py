"""A process that tells events until it is done or dies: `python -m tests.shared.teller NATS DATABASE FAULT COUNT`."""

import asyncio
import sys

from prometheus_client import CollectorRegistry

from shared import outbox
from shared.backbone import Backbone
from shared.bus import Bus
from shared.clock import SystemClock
from shared.db import Database
from shared.inbox import Handlers
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots
from shared.timers import Timers
from tests.shared.conftest import person


async def main(nats_url: str, database_url: str, fault: str, count: int) -> None:
    """Tell `count` events, two at a time, each pair when the last is published, so that the relay has many batches."""
    settings = ServiceSettings(environment="test", nats_url=nats_url, database_url=database_url, fault=fault or None)
    db = Database(database_url, SystemClock())
    parts = (Handlers(), Timers(), Snapshots(), settings, CollectorRegistry())
    backbone = Backbone("training", db, Bus(settings, "training"), *parts)
    await backbone.start()
    for number in range(0, count, 2):
        await db.write(outbox.tell, person(number), person(number + 1))
        while (await db.read(outbox.waiting_state)).count:  # noqa: ASYNC110  another process may be the relay
            await asyncio.sleep(0.01)
    await backbone.stop()
    db.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
