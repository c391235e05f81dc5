"""`python -m services NAME | all`: the one place that imports the services.

NAME serves one service with the settings of its environment, as a container does; `all` runs the whole
platform on this machine under the supervisor.
"""

import argparse
import importlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

SERVICES = ("policy", "training", "monitoring", "gateway")
GRACE_SECONDS = 3
KEEP_ALIVE_SECONDS = 65
"""Longer than any client of ours keeps an idle connection, so that no request meets one that is closing."""


def load(name: str) -> "Callable[[], FastAPI]":
    """Import one service and return what makes its application."""
    module = importlib.import_module(f"services.{name}.app")
    create_app: Callable[[], FastAPI] = module.create_app
    return create_app


def load_all() -> Mapping[str, Callable[[socket.socket], None]]:
    """Import all services, and return how each is served on a socket."""
    return {name: partial(serve, load(name)) for name in SERVICES}


def serve(
    create_app: "Callable[[], FastAPI]", listening: socket.socket | None = None, host: str = "", port: int = 0
) -> None:
    """Serve an application on a socket that listens already, or on an address of its own, until a signal ends it."""
    config = uvicorn.Config(
        create_app(),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listening] if listening else None)


def serve_one(name: str) -> None:
    """Serve one service on the host and port of its settings."""

    class Settings(ServiceSettings, env_prefix=f"SHARELOAD_{name.upper()}_"):
        """Where this service listens."""

    settings = Settings()
    serve(load(name), host=settings.host, port=settings.port or 8000)


def play_demo(url: str, api_key: str, data_dir: Path) -> None:
    """Load the demonstration organisation where nothing is yet, and let it live."""
    from services.demo.play import play

    play(url, api_key, data_dir)


def supervise() -> int:
    """Run everything on this machine."""
    from services.demo import LOGINS
    from services.supervisor.supervisor import Supervisor, Wishes

    demo = (os.environ.get("DEMO") or "1") != "0"
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or int(port) > 65535:
        sys.stderr.write(f"PORT={port} is not a port number.\n")
        return 1
    wishes = Wishes(
        data_dir=Path(os.environ.get("DATA_DIR") or ".data"),
        port=int(port),
        demo=demo,
        users=LOGINS if demo else {},
    )
    return Supervisor(wishes, load_all, play_demo).run()


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m services", description=__doc__.split("\n\n")[1] if __doc__ else None
    )
    parser.add_argument("name", choices=[*SERVICES, "all"])
    name: str = parser.parse_args().name
    if name == "all":
        return supervise()
    serve_one(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
