"""The monitoring service, put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI

from services.monitoring.connectors.replies import Replies
from services.monitoring.connectors.runner import Runner
from services.monitoring.domain import personal, rules
from services.monitoring.domain.posts import past_posts
from services.monitoring.domain.sources.sources import seal_anew
from services.monitoring.gauges import keep_counting
from services.monitoring.handlers import handlers, timers
from services.monitoring.judge import Judge
from services.monitoring.retelling import snapshots
from services.monitoring.routes import (
    accounts,
    autonomy,
    availability,
    brand_terms,
    coaching_outcomes,
    coaching_queue,
    conversations,
    digests,
    findings,
    guidance,
    guidance_templates,
    keeping,
    load,
    pauses,
    posts,
    refreshers,
    replies,
    reply_reviews,
    routing,
    saved_answers,
    service_promises,
    simulations,
    sources,
    static_content,
    summary,
    triage_cues,
)
from services.monitoring.routes.posts_in_flight import PostsInFlight
from services.monitoring.settings import MonitoringSettings
from services.monitoring.simulating import run_simulations
from shared.past_posts import PostServer
from shared.resealing import Resealing
from shared.service import Service
from shared.tasks import end

RESOURCES = (
    accounts,
    sources,
    brand_terms,
    posts,
    triage_cues,
    findings,
    coaching_queue,
    guidance,
    guidance_templates,
    coaching_outcomes,
    refreshers,
    digests,
    conversations,
    replies,
    reply_reviews,
    autonomy,
    saved_answers,
    service_promises,
    static_content,
    availability,
    pauses,
    routing,
    load,
    simulations,
    summary,
    keeping,
)


def create_app(settings: MonitoringSettings | None = None) -> FastAPI:
    """Make the app; its lifespan opens the database and joins the event backbone."""
    settings = settings or MonitoringSettings()
    reader = Runner(settings)
    app = Service(
        name="monitoring",
        settings=settings,
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[resource.router for resource in RESOURCES],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
        personal=personal.personal,
        workers=[
            reader.run,
            Replies(reader).run,
            run_simulations,
            Resealing(reader.safe.kept, seal_anew).run,
        ],
        while_running=with_rules_and_posts,
    ).app
    app.state.sources = reader
    app.state.posts_in_flight = PostsInFlight(settings.posts_in_flight)
    return app


@contextlib.asynccontextmanager
async def with_rules_and_posts(app: FastAPI) -> AsyncIterator[None]:
    """Compile the rules in force before the first post comes and whenever they change; answer for past posts."""
    await rules.compile_in_force(app.state.db)
    server = PostServer(app.state.db, app.state.bus, past_posts.archive)
    answering = asyncio.create_task(server.run(), name="monitoring past posts")
    judging = asyncio.create_task(Judge(app.state.db).run(), name="monitoring judge")
    counting = asyncio.create_task(keep_counting(app.state.db, app.state.registry), name="monitoring gauges")
    try:
        yield
    finally:
        await end(answering, judging, counting)
