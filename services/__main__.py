"""`python -m services NAME | all`: serve one service, or run the whole platform on this machine.

NAME serves one service with the settings of its environment, as a container does; `all` runs the whole
platform on this machine under the supervisor. A deployment calls `secrets FOLDER` once to make its keys, and
`admin` before each start of a new version to make the event stream and the services' consumers.

Everything large is imported where it is needed: the broker starts meanwhile, and no more of it is searched for garbage
than has to be.
"""

import argparse
import asyncio
import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from services import SERVICES

if TYPE_CHECKING:
    from services.supervisor.supervisor import Serve


def play_demo(url: str, api_key: str, data_dir: Path) -> None:
    """Become the program that loads the demonstration organisation where nothing is yet, and lets it live."""
    place = {"SHARELOAD_URL": url, "SHARELOAD_API_KEY": api_key, "DATA_DIR": str(data_dir)}
    from services.supervisor.children import execute

    execute(Path(sys.executable), "-m", "services.demo", **place)


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
    return Supervisor(wishes, load_services, migrate_stores, play_demo).run()


def load_services() -> "Mapping[str, Callable[[], Serve]]":
    """Import what the services share, while the broker starts."""
    from services.serving import load_shared

    return load_shared()


def migrate_stores() -> None:
    """Bring the stores of all services to this version."""
    from services.serving import migrate_all

    migrate_all()


def prepare() -> None:
    """Make the event stream and each service's consumer."""
    from services.deployment import prepare_broker

    handlers = {name: importlib.import_module(f"services.{name}.handlers").handlers for name in SERVICES}
    asyncio.run(prepare_broker({name: registered.subjects() for name, registered in handlers.items()}))


def serve(name: str) -> None:
    """Serve one service."""
    from services.serving import serve_one

    serve_one(name)


def make_secrets(folder: str) -> None:
    """Make the keys of a deployment."""
    from services.deployment import write_secrets

    write_secrets(Path(folder))


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m services", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=[*SERVICES, "all", "admin", "secrets"])
    parser.add_argument("folder", nargs="?", default="deploy", help="where secrets go")
    arguments = parser.parse_args()
    name: str = arguments.name
    # Hardly anything that is imported becomes garbage, and to look through all of it took a fifth of the start.
    gc.set_threshold(10_000, 50, 1000)
    if name == "all":
        return supervise()
    if name == "admin":
        prepare()
    elif name == "secrets":
        make_secrets(arguments.folder)
    else:
        serve(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
