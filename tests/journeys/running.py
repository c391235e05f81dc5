"""Real runs of the platform, as `make run` starts them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests.servers import LOOPBACK

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Running:
    """One supervisor with a data folder and a port of its own."""

    def __init__(self, data_dir: Path, port: int, **more: str) -> None:
        self.data_dir = data_dir
        self.port = port
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SHARELOAD_")}
        environment |= {"DATA_DIR": str(data_dir), "PORT": str(port), "DEMO": "0", **more}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services", "all"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> None:
        """Wait until scripts are told that all is ready."""
        wait_until(lambda: self.is_told() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(f"did not start: {self.process.communicate()[1]}")
        self.seconds = time.monotonic() - self.began

    def is_told(self) -> bool:
        """Say whether run.json speaks of this run; a killed one before it may have left its own."""
        return (self.data_dir / "run.json").exists() and self.told()["pids"]["supervisor"] == self.process.pid

    def told(self) -> dict[str, Any]:
        """Return what run.json says now."""
        told: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return told

    def client(self) -> httpx.Client:
        """Return a client of the gateway with all rights."""
        told = self.told()
        headers = {"Authorization": f"Bearer {told['api_key']}"}
        return httpx.Client(base_url=told["url"], headers=headers, timeout=30, verify=LOOPBACK)

    def pids(self) -> set[int]:
        """Return all processes of this run."""
        return {self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))}

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end; return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        """Wait until the platform is ready."""
        self.ready()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def refused(data_dir: Path, port: int) -> tuple[int, str]:
    """Start a platform that must not start; return its exit status and all it said."""
    run = Running(data_dir, port)
    out, err = run.process.communicate(timeout=PATIENCE)
    return run.process.returncode, out + err


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Look every few milliseconds until a condition holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


def living(pids: set[int]) -> set[int]:
    """Return the processes that still run; one that has ended and waits to be collected does not count."""
    alive = set()
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                alive.add(pid)
        except psutil.NoSuchProcess:
            continue
    return alive
