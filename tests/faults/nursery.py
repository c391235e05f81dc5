"""Starts services by fork from a process that has imported them already, as the supervisor does.

A restart then takes tenths of a second, so that a short test has room for many deaths. Orders come as JSON lines:
`{"start": NAME, "environment": {...}, "log": PATH}` is answered with the process id, `{"ended": PID}` with the exit
status, negative for a signal, or null while it lives. The children die with this process.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

from services import SERVICES
from services.serving import load, serve_one
from services.supervisor.children import spawn


def serve(name: str, environment: dict[str, str]) -> None:
    """Become a service with exactly this environment."""
    os.environ.clear()
    os.environ.update(environment)
    serve_one(name)


def ended(pid: int) -> int | None:
    """Return how a child ended, once it has."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def main() -> None:
    """Import everything, then follow orders until there are no more."""
    for name in SERVICES:
        load(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer: int | None = spawn(partial(serve, order["start"], order["environment"]), Path(order["log"]))
        else:
            answer = ended(order["ended"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
