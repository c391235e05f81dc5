"""`shareload restart`: new processes for all services on this machine, while they are used."""

import fcntl
import json
import os
import signal
import time
from typing import Any

import typer

from services import SERVICES
from services.terminal import Options, err

PATIENCE = 180.0
LOOK = 0.1


def restart(context: typer.Context) -> None:
    """Replace the processes of a platform that `make run` started, one after the other; no request is lost."""
    options: Options = context.obj
    before = read_pids(options)
    if not before:
        err.print(f"Nothing runs on {options.data_dir}. DATA_DIR= names another.")
        raise typer.Exit(1)
    os.kill(before["supervisor"], signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE
    while True:
        now = read_pids(options)
        if all(now.get(name, before[name]) != before[name] for name in SERVICES):
            typer.echo("All services were started anew.")
            return
        if time.monotonic() > deadline or not now:
            err.print(f"Not all services were started anew; the logs in {options.data_dir}/logs say why.")
            raise typer.Exit(1)
        time.sleep(LOOK)


def read_pids(options: Options) -> dict[str, int]:
    """Return the processes of the platform that runs on the data folder; none where nothing runs."""
    try:
        with (options.data_dir / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return {}
    except FileNotFoundError:
        return {}
    except BlockingIOError:
        told: dict[str, Any] = json.loads((options.data_dir / "run.json").read_text())
        pids: dict[str, int] = told["pids"]
        return pids
