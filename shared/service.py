"""What every service is made of: one call makes the app with database, events, health, rights and problems."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from shared import answers, health, logs, migrate, operations, telemetry
from shared.areas import Area
from shared.auth import TokenVerifier
from shared.backbone import Backbone, Worker
from shared.bus import Bus
from shared.compression import Compression
from shared.db import Database
from shared.edge import Authenticate, Edge, Header, by_caller_token
from shared.eraser import Eraser
from shared.evidence import Sealer
from shared.idempotency import forget_old
from shared.inbox import Handlers
from shared.personal import PersonalData, PersonalServer
from shared.problems import Forbidden, Invalid, ProblemOut, TooManyRequests, Unauthorized, Unavailable, problems
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots
from shared.tasks import end
from shared.timers import Timers

SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
Startup = Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]


@dataclass
class Service:
    """The parts of one service; `app` puts them together.

    `migrations` is the folder of its alembic versions. `authenticate` is for the gateway, which knows callers by
    their own credentials; all others know them by the gateway's token. `workers` run where the service's lease is
    held. `personal` says what is kept of people here. `front` wraps the app in ASGI layers that come before routing.
    `while_running` is entered when database and events are up, and left before they go down.
    """

    name: str
    settings: ServiceSettings
    migrations: Path
    routers: Sequence[APIRouter]
    handlers: Handlers = field(default_factory=Handlers)
    timers: Timers = field(default_factory=Timers)
    snapshots: Snapshots = field(default_factory=Snapshots)
    workers: Sequence[Worker] = ()
    personal: PersonalData | None = None
    authenticate: Authenticate | None = None
    always: Sequence[Header] = ()
    front: Callable[[ASGIApp, FastAPI], ASGIApp] | None = None
    while_running: Startup | None = None

    @property
    def app(self) -> FastAPI:
        """The ASGI app; its lifespan migrates and opens the database and joins the event backbone."""
        app = FastAPI(
            title=f"Shareload {self.name}",
            lifespan=self._lifespan,
            default_response_class=answers.Answer,
            responses=problems(Unauthorized, Forbidden, Invalid, TooManyRequests, Unavailable),
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            generate_unique_id_function=lambda route: route.name,
            # Nothing hears of FastAPI's own spans then, and it would look for who might at every step of a request.
            telemetry=None if self.settings.otlp_endpoint else SILENT,
        )
        app.state.settings = self.settings
        app.state.clock = self.settings.clock
        app.state.registry = CollectorRegistry()
        app.state.problem_schema = ProblemOut
        answers.register(app)
        app.state.ahead = False
        app.state.leaving = False
        app.state.always = self.always
        app.state.area = Area(health.router, operations.router, *self.routers)
        app.include_router(app.state.area)
        if self.front is not None:
            # A function will do where Starlette's types ask for a class.
            app.add_middleware(self.front, owner=app)  # type: ignore[call-arg]
        metrics = app.state.metrics = telemetry.HttpMetrics(app.state.registry)
        authenticate = self.authenticate or self._by_token()
        app.add_middleware(Edge, authenticate=authenticate, metrics=metrics, always=self.always)
        app.add_middleware(Compression)
        return app

    def _by_token(self) -> Authenticate:
        if self.settings.token_keys is None:
            raise ValueError(
                f"SHARELOAD_TOKEN_KEYS must name the gateway's public keys; {self.name} trusts nothing else"
            )
        return by_caller_token(TokenVerifier(self.settings.token_keys, self.name))

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        logs.configure(self.settings, self.name)
        telemetry.configure(self.name, self.settings.otlp_endpoint)
        db = Database(self.settings.database_for(self.name), app.state.clock, self.settings.timeouts)
        await asyncio.to_thread(migrate.upgrade, db.engine, self.migrations)
        sealer = Sealer(self.name, self.settings.evidence_key or self.settings.data_dir / f"evidence-{self.name}.json")
        timers = Timers([*self.timers.all])
        timers.every(seconds=1)(sealer.seal)
        timers.every(seconds=30)(forget_old)
        bus = Bus(self.settings, self.name)
        backbone = Backbone(
            self.name,
            db,
            bus,
            self.handlers,
            timers,
            self.snapshots,
            self.settings,
            app.state.registry,
            workers=[*self.workers, *self._erasers()],
        )
        app.state.db, app.state.bus, app.state.backbone, app.state.sealer = db, bus, backbone, sealer
        await backbone.start()
        answering = [asyncio.create_task(PersonalServer(self.name, db, bus, each).run()) for each in self._personal()]
        if app.state.ahead:
            answering.append(asyncio.create_task(app.state.area.make(app)))
        try:
            async with self.while_running(app) if self.while_running else contextlib.nullcontext():
                yield
        finally:
            await end(*answering)
            await backbone.stop()
            db.stop()

    def _personal(self) -> list[PersonalData]:
        return [self.personal] if self.personal else []

    def _erasers(self) -> list[Worker]:
        may_purge = self.settings.nats_manage_streams
        return [Eraser(self.name, each.erased, logs=each.logs, may_purge=may_purge).run for each in self._personal()]


def complete(app: FastAPI) -> FastAPI:
    """Make an app's layers, and have its routes made once it runs, before somebody asks for them."""
    app.middleware_stack = app.build_middleware_stack()
    app.state.ahead = True
    return app
