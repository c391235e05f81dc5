"""An ordinary service at its ordinary work: reads and writes on both databases, and what its many routes cost.

Everything runs in processes of its own on loopback, with 32 connections; only routing is measured within this one.
Run it with `python -m tests.benchmarks.bench_http`.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import orjson
from fastapi import APIRouter, FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.types import Message, Scope

from services.monitoring import app as monitoring
from services.monitoring.settings import MonitoringSettings
from services.policy import app as policy
from services.policy.settings import PolicySettings
from services.training import app as training
from services.training.domain.provisioning import people
from services.training.schemas.people import PersonIn
from services.training.settings import TrainingSettings
from shared import logs, migrate
from shared.auth import ALGORITHM, HEADER, claims_of, make_key
from shared.clock import SystemClock
from shared.context import Principal
from shared.db import Database, Unit
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer, execute, free_port, postgresql, wait_until_listening

ROOT = Path(__file__).parents[2]
CONNECTIONS = 32
SECONDS = 1.0
ROUNDS = 3
PEOPLE = 200
CALLS = 400
PAIRS = 15
CALLER = Principal(id="key:bench", scopes=frozenset({"people:read", "people:write"}))
NEW = {"name": "Ana", "email": "NUMBER@x.example", "department": "Care", "region": "EMEA", "languages": ["pt", "en"]}


@dataclass
class Places:
    """Where everything listens, and what the service trusts."""

    plain: str
    service: str
    token: str
    plain_pid: int
    service_pid: int


def write_keys(folder: Path) -> dict[str, str]:
    """Write the gateway's public key, and return a token of it for each service."""
    key = make_key()
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    return {name: token(key, name) for name in ("policy", "training", "monitoring")}


def token(key: OKPKey, service: str) -> str:
    """Return a caller token that outlasts the benchmark."""
    claims = claims_of(CALLER, service, time.time() + 3600)
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


async def hire(url: str) -> None:
    """Make a database with people, each but the first with a manager."""
    db = Database(url, SystemClock())
    migrate.upgrade(db.engine, ROOT / "services" / "training" / "migrations" / "versions")
    for number in range(PEOPLE):
        body = PersonIn(
            employee_number=f"E-{number:04}",
            name=f"Ana {number}",
            email=f"ana-{number}@x.example",
            department="Care",
            region="EMEA",
            manager=f"E-{number // 10:04}" if number else None,
            languages=["pt", "en"],
        )
        await db.run(Unit(people.create, (body,)))
    db.stop()


@contextlib.contextmanager
def process(arguments: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run a process that listens on a port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHARELOAD_")}
    running = subprocess.Popen(arguments, cwd=ROOT, env={**kept, **environment}, stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(port, running)
        yield running.pid
    finally:
        running.terminate()
        running.wait()


@contextlib.contextmanager
def everything(folder: Path, database: str, caller_token: str) -> Iterator[Places]:
    """Run a broker, the training service on a database, and a bare FastAPI app."""
    with contextlib.ExitStack() as running:
        asyncio.run(hire(database))
        broker = NatsServer(folder / "nats")
        broker.start()
        running.callback(broker.stop)
        plain, service = free_port(), free_port()
        uvicorn = [sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "warning"]
        plain_pid = running.enter_context(
            process([*uvicorn, "--port", str(plain), "tests.benchmarks.plain_service:app"], plain)
        )
        environment = {
            "SHARELOAD_DATA_DIR": str(folder),
            "SHARELOAD_NATS_URL": broker.url,
            "SHARELOAD_LOG_LEVEL": "warning",
            "SHARELOAD_TOKEN_KEYS": str(folder / "keys.json"),
            "SHARELOAD_TRAINING_PORT": str(service),
            "SHARELOAD_TRAINING_DATABASE_URL": database,
        }
        pid = running.enter_context(process([sys.executable, "-m", "services", "training"], service, **environment))
        yield Places(f"http://127.0.0.1:{plain}", f"http://127.0.0.1:{service}", caller_token, plain_pid, pid)


def load(pid: int, url: str, *extra: str) -> dict[str, Any]:
    """Ask the server that is process `pid` for a while, from a process of its own."""
    arguments = [sys.executable, "-m", "tests.benchmarks.http_load", url, str(CONNECTIONS), str(SECONDS), *extra]
    ran = subprocess.run(
        arguments, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "SERVER_PID": str(pid)}
    )
    result: dict[str, Any] = json.loads(ran.stdout)
    if set(result["statuses"]) - {"200", "201"}:
        raise RuntimeError(f"{url}: {result['statuses']}")
    return result


def wait_until_told(places: Places) -> None:
    """Wait until no event waits, so that what was written costs the next measurement nothing."""
    end = time.monotonic() + 20
    while httpx.get(f"{places.service}/readyz", timeout=20).json()["outbox_waiting"]:
        if time.monotonic() > end:
            raise TimeoutError("the outbox does not empty")
        time.sleep(0.05)


def service_rows(places: Places, database: str) -> list[Row]:
    """Compare reads and writes to an app that does nothing, in turn, so that a busy machine slows both."""
    trusted = f"{HEADER}: {places.token}"
    new = json.dumps({"employee_number": "N-NUMBER", **NEW})
    rounds: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {"one": [], "list": [], "post": []}
    for _ in range(ROUNDS):
        hello = load(places.plain_pid, f"{places.plain}/hello")
        rounds["one"].append((load(places.service_pid, f"{places.service}/v1/people/E-0042", trusted), hello))
        rounds["list"].append((load(places.service_pid, f"{places.service}/v1/people?limit=50", trusted), hello))
        parsed = load(places.plain_pid, f"{places.plain}/people", new)
        rounds["post"].append((load(places.service_pid, f"{places.service}/v1/people", new, trusted), parsed))
        wait_until_told(places)
    return [
        Row(f"{database}: {what}", ratio_of(rounds[name], "rate"), base, goal, note_of(rounds[name]))
        for name, what, base, goal in (
            ("one", "GET one", "FastAPI hello", ">= 0.5"),
            ("list", "list of 50", "FastAPI hello", ">= 0.25"),
            ("post", "POST with outbox", "FastAPI parse-only POST", ">= 0.6"),
        )
    ]


def ratio_of(rounds: list[tuple[dict[str, Any], dict[str, Any]]], what: str) -> float:
    """Return the median of our measure to the baseline's."""
    return float(median(mine[what] / base[what] for mine, base in rounds))


def note_of(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Say how fast the last round was, and how the processor times compare: that of the server alone, the other way up."""
    mine, base = rounds[-1]
    return (
        f"{mine['rate']:,.0f}/s, p99 {mine['p99']:.0f} ms; processor {mine['processor']:.0f} to {base['processor']:.0f}"
        f" us, {1 / ratio_of(rounds, 'processor'):.2f}"
    )


last = APIRouter()


@last.get("/v1/last/{key}")
async def get_last(key: str) -> dict[str, str]:
    """Stand behind all other routes and cost nothing."""
    return {"key": key}


async def seconds_a_call(app: FastAPI, caller_token: str) -> float:
    """Return the processor time that one request for the last route takes, the server not included."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(message)

    def scope() -> Scope:
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/v1/last/a", "raw_path": b"/v1/last/a", "query_string": b"", "root_path": "",
            "headers": [(b"host", b"x"), (HEADER.encode(), caller_token.encode())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip

    began = time.process_time()
    for _ in range(CALLS):
        await app(scope(), receive, send)
    return (time.process_time() - began) / CALLS


async def routing_row(folder: Path, tokens: dict[str, str]) -> Row:
    """The last route of each service against the same service with that route alone: the dearest of them."""
    keys = folder / "keys.json"
    logs.configure(TrainingSettings(token_keys=keys, log_level="warning"), "training")
    makers: dict[str, Callable[[], FastAPI]] = {
        "policy": lambda: policy.create_app(PolicySettings(token_keys=keys)),
        "training": lambda: training.create_app(TrainingSettings(token_keys=keys)),
        "monitoring": lambda: monitoring.create_app(MonitoringSettings(token_keys=keys)),
    }
    dearest = Row("", 0.0, "", "")
    for name, make in makers.items():
        whole, alone = make(), make()
        alone.router.routes.clear()
        for app in (whole, alone):
            app.include_router(last)
            await seconds_a_call(app, tokens[name])
        times = [
            (await seconds_a_call(whole, tokens[name]), await seconds_a_call(alone, tokens[name])) for _ in range(PAIRS)
        ]
        ratio = median(mine / base for mine, base in times)
        note = f"{name}, {median(mine for mine, _ in times) * 1e6:.0f} us in-process"
        if ratio > dearest.ratio:
            dearest = Row("behind all routes of a service", ratio, "the same route alone", "<= 1.2", note)
    return dearest


def run() -> list[Row]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokens = write_keys(folder)
        rows = [asyncio.run(routing_row(folder, tokens))]
        with everything(folder, f"sqlite:///{folder / 'training.db'}", tokens["training"]) as places:
            rows += service_rows(places, "SQLite")
        with postgresql(folder / "postgresql", fsync="on") as server:
            execute(server, "CREATE DATABASE training")
            with everything(folder, f"{server}/training", tokens["training"]) as places:
                rows += service_rows(places, "PostgreSQL")
        return rows


if __name__ == "__main__":
    print_table(run())
