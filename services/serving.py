"""Loading and serving the services: the one place that imports them."""

import ctypes
import gc
import importlib
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
import uvicorn.lifespan.on
import uvloop  # noqa: F401 -- uvicorn imports it when it serves, which is after the fork
from sqlalchemy.orm import configure_mappers

from services import SERVICES
from shared import migrate
from shared.db import Database
from shared.draining import DrainingProtocol, DrainingServer
from shared.service import complete
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services.supervisor.supervisor import Serve

SHARED = (
    "shared.events.policy",
    "shared.events.training",
    "shared.events.monitoring",
    "shared.events.gateway",
    "shared.rules.source",
    "shared.past_posts",
    "shared.protected",
    "shared.markdown",
    "shared.works_council",
    "shared.service",
)
"""What more than one service imports: made once, and shared."""
GRACE_SECONDS = 3
LINGER_SECONDS = 1.0
"""How long a gateway that ends leaves idle clients time to send what they are about to; its services need none."""
M_ARENA_MAX = -8
ARENAS = 2
KEEP_ALIVE_SECONDS = 65
"""Longer than any client of ours keeps an idle connection, so that no request meets one that is closing."""


def load(name: str) -> "Callable[..., FastAPI]":
    """Import one service and return what makes its application, with its settings or those of the environment."""
    module = importlib.import_module(f"services.{name}.app")
    create_app: Callable[..., FastAPI] = module.create_app
    return create_app


def load_shared() -> "Mapping[str, Callable[[], Serve]]":
    """Import what several services stand on; return what reads each one's settings, and gives what serves it.

    The rest each imports itself after the fork, two at a time on two cores: measured, it takes as long as what they
    share, and its memory is no other's.
    """
    for module in SHARED:
        importlib.import_module(module)
    return {name: partial(program_of, name) for name in SERVICES}


def program_of(name: str) -> "Serve":
    """Read a service's settings; return what imports it and serves it on a socket."""
    module = importlib.import_module(f"services.{name}.settings")
    settings: ServiceSettings = getattr(module, f"{name.capitalize()}Settings")()
    return partial(serve_forked, name, settings)


def serve_forked(name: str, settings: ServiceSettings, listening: socket.socket, turn: Callable[[], None]) -> None:
    """Import a service in a process of its own, and serve it once `turn` returns."""
    create_app = load(name)
    configure_mappers()
    app = complete(create_app(settings))
    turn()
    serve(name, app, listening)


def serve(name: str, app: "FastAPI", listening: socket.socket | None = None, host: str = "", port: int = 0) -> None:
    """Serve an application on a socket that listens already, or on an address of its own, until a signal ends it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=DrainingProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    share_arenas()
    rest_from_collecting()
    linger = LINGER_SECONDS if name == "gateway" else 0
    server = DrainingServer(app, config, linger=linger, window=app.state.settings.drain)
    server.run(sockets=[listening] if listening else None)


def rest_from_collecting() -> None:
    """Look for garbage cycles rarely, and never among what was imported: measured, it cost a third of ingest's CPU.

    More rarely than this saves nothing that can be measured, and leaves megabytes of garbage lying in each service.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def share_arenas() -> None:
    """Let the threads allocate from two arenas: each would keep what was freed in one of its own (glibc only)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS)


def settings_of(name: str) -> ServiceSettings:
    """Return what every service has of settings, as they are for one of them."""

    class Settings(ServiceSettings, env_prefix=f"SHARELOAD_{name.upper()}_"):
        """Where this service listens, and what it stands on."""

    return Settings()


def migrate_all() -> None:
    """Bring the stores of all services to this version."""
    for name in SERVICES:
        settings = settings_of(name)
        db = Database(settings.database_for(name), settings.clock)
        migrate.upgrade(db.engine, Path(__file__).parent / name / "migrations" / "versions")
        db.stop()


def serve_one(name: str) -> None:
    """Serve one service on the host and port of its settings."""
    settings = settings_of(name)
    serve(name, complete(load(name)()), host=settings.host, port=settings.port or 8000)
