"""The processes that benchmarks ask: each ends with the benchmark, and knows nothing of the settings of this machine."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.servers import wait_until_listening

ROOT = Path(__file__).parents[2]
UVICORN = [sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--backlog", "2048"]


@contextlib.contextmanager
def process(arguments: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run a process that listens on a port; yields its id."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHARELOAD_")}
    running = subprocess.Popen(arguments, cwd=ROOT, env={**kept, **environment}, stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(port, running)
        yield running.pid
    finally:
        running.terminate()
        running.wait()


def settings(folder: Path, nats_url: str, key: str, *, plain: int, training: int, gateway: int) -> dict[str, str]:
    """Return the settings of a gateway before a real training service, with a bare app for the other two."""
    return {
        "SHARELOAD_ENVIRONMENT": "test",
        "SHARELOAD_DATA_DIR": str(folder),
        "SHARELOAD_NATS_URL": nats_url,
        "SHARELOAD_LOG_LEVEL": "warning",
        "SHARELOAD_TOKEN_KEYS": str(folder / "keys.json"),
        "SHARELOAD_TRAINING_PORT": str(training),
        "SHARELOAD_GATEWAY_PORT": str(gateway),
        "SHARELOAD_GATEWAY_POLICY_URL": f"http://127.0.0.1:{plain}",
        "SHARELOAD_GATEWAY_MONITORING_URL": f"http://127.0.0.1:{plain}",
        "SHARELOAD_GATEWAY_TRAINING_URL": f"http://127.0.0.1:{training}",
        "SHARELOAD_GATEWAY_SIGNING_KEY": str(folder / "key.json"),
        "SHARELOAD_GATEWAY_BOOTSTRAP_KEY": key,
        "SHARELOAD_GATEWAY_RATE_LIMIT": "100000000/minute",
    }
