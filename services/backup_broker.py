"""Whether the broker that a restored platform will follow still holds events of another time."""

import asyncio

from services.backup_databases import BackupError
from services.deployment import ADMIN, AdminSettings
from shared.bus import Bus, BusError
from shared.settings import ServiceSettings
from shared.streams import stream_info

ANSWERS_WITHIN = 2.0
"""Seconds; a broker that is not there holds nothing that it could give."""


async def refuse_old_events(settings: ServiceSettings | None = None) -> None:
    """Raise BackupError when there are events on the stream: of what the backup lacks, the services would hear from it."""
    settings = settings or AdminSettings()
    bus = Bus(settings, ADMIN)
    await bus.start()
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            await bus.wait_connected()
            stream = await stream_info(bus)
    except (TimeoutError, BusError):
        return
    finally:
        await bus.stop()
    if stream is not None and stream.last > 0:
        raise BackupError(
            f"The broker at {settings.nats_url} holds events of another time: remove its store, or name another one."
        )
