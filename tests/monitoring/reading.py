"""Sources of a test, read by a runner of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from services.monitoring.connectors.registry import ChangedSource, NewSource
from services.monitoring.connectors.runner import Runner
from services.monitoring.domain.accounts import register
from services.monitoring.domain.posts import brand, showing
from services.monitoring.domain.posts.showing import Filter
from services.monitoring.domain.sources import runs, sources
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.posts import PostOut
from services.monitoring.schemas.sources import BrandTermsIn, SourceOut, SourceRunOut
from services.monitoring.settings import MonitoringSettings
from shared.bus import Bus
from shared.db import Database
from shared.pages import PageQuery
from shared.tasks import end
from tests.monitoring.organisation import KEY

WITHIN = 10.0
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class Desk:
    """Sets up sources and looks at what came of them."""

    db: Database
    runner: Runner

    async def add(self, config: dict[str, Any], name: str = "One", every: int = 300) -> SourceOut:
        body = NewSource.model_validate({"name": name, "every_seconds": every, "config": config})
        made = await self.db.write(sources.create, body, self.runner.safe)
        self.runner.wake()
        return made

    async def change(self, source: str, **changes: Any) -> SourceOut:
        body = ChangedSource.model_validate(changes)
        return await self.db.write(sources.change, source, body, self.runner.safe, None)

    async def see(self, source: str) -> SourceOut:
        return await self.db.read(sources.read, source, self.runner.safe)

    async def until(self, source: str, true: Callable[[SourceOut], bool]) -> SourceOut:
        """Wait until something is true of a source."""
        async with asyncio.timeout(WITHIN):
            while True:
                seen = await self.see(source)
                if true(seen):
                    return seen
                await asyncio.sleep(0.01)

    async def read_again(self, source: str) -> SourceRunOut:
        """Read a source now and return how it went."""
        asked = await self.db.write(runs.ask, source)
        self.runner.wake()
        return await self.until_run(source, "done", "failed", "ended", run=asked.id)

    async def until_run(self, source: str, *states: str, run: str | None = None) -> SourceRunOut:
        """Wait until a reading, or this one, is in one of some states."""
        async with asyncio.timeout(WITHIN):
            while True:
                found = await self.db.read(runs.listed, source, PageQuery(200, None))
                there = [one for one in found.items if one.state in states and run in {None, one.id}]
                if there:
                    return there[0]
                await asyncio.sleep(0.01)

    async def posts(self) -> list[PostOut]:
        """Return all posts, the oldest first."""
        found = await self.db.read(showing.listed, PageQuery(200, None), KEY, Filter())
        return found.items[::-1]

    async def texts(self) -> list[str]:
        return [one.text for one in await self.posts()]

    async def call_the_brand(self, *names: str) -> None:
        await self.db.write(brand.put, BrandTermsIn(names=list(names)), None)

    async def register_brand(self, network: str, handle: str) -> None:
        await self.db.write(register, AccountIn(network=network, handle=handle, kind="brand"), KEY)


@contextlib.asynccontextmanager
async def desk(db: Database, folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    """Run a runner that may fetch from loopback."""
    told = MonitoringSettings(environment="test", data_dir=folder, **{"fetch_also": LOOPBACK, **settings})
    runner = Runner(told)
    # The runner tells nobody anything by itself, so that it needs no broker here.
    work = asyncio.create_task(runner.run(db, Bus(told, "monitoring")))
    try:
        yield Desk(db, runner)
    finally:
        await end(work)
