"""The monitoring service, put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI

from services.monitoring.domain import past_posts, rules
from services.monitoring.handlers import handlers, snapshots, timers
from services.monitoring.routes import (
    accounts,
    availability,
    conversations,
    findings,
    guidance,
    load,
    pauses,
    posts,
    replies,
)
from services.monitoring.settings import MonitoringSettings
from shared.past_posts import PostServer
from shared.service import Service
from shared.tasks import end

RESOURCES = (accounts, posts, findings, guidance, conversations, replies, availability, pauses, load)


def create_app(settings: MonitoringSettings | None = None) -> FastAPI:
    """Make the app; its lifespan opens the database and joins the event backbone."""
    return Service(
        name="monitoring",
        settings=settings or MonitoringSettings(),
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[resource.router for resource in RESOURCES],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
        while_running=with_rules_and_posts,
    ).app


@contextlib.asynccontextmanager
async def with_rules_and_posts(app: FastAPI) -> AsyncIterator[None]:
    """Compile the rules in force before the first post comes, off the event loop, and answer for past posts."""
    await app.state.db.read(rules.in_force)
    server = PostServer(app.state.db, app.state.bus, past_posts.archive)
    task = asyncio.create_task(server.run(), name="monitoring past posts")
    try:
        yield
    finally:
        await end(task)
