"""Posts into the monitoring service as one NDJSON stream: kept, judged by 1,000 rules, told and published.

The service runs as a process of its own on SQLite, beside a real broker. Run it with
`python -m tests.benchmarks.bench_ingest`.
"""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import psutil

from services.monitoring.domain import rules as copies
from shared import migrate
from shared.auth import TokenSigner, make_key
from shared.clock import SystemClock
from shared.context import Principal
from shared.db import Database
from shared.events.policy import RuleText, VersionInForceV1
from shared.rules import Draft, PlacedRule, RuleSet
from tests.benchmarks.bench_rules import posts, rules
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer, free_port

ROOT = Path(__file__).parents[2]
RULES = 1_000
COUNT = 20_000
CHUNK = 500
WARM_UP = 2 * CHUNK
"""Posts before the clock runs: what a service loads and prepares once (statements, languages, cues) it does not do each second."""
GOAL = 5_000


def bodies(texts: list[str], kind: str, first: int = 0, count: int = COUNT) -> list[bytes]:
    """Return posts as lines, with ids of their own from a first number on, by some hundred authors."""
    began = datetime.now(UTC) - timedelta(days=2)
    return [
        orjson.dumps(
            {
                "network": "bench",
                "network_id": f"{kind}-{number}",
                "kind": kind,
                "author": f"@author-{number % 300}",
                "text": texts[number % len(texts)],
                "lang": "en",
                "posted_at": (began + timedelta(seconds=number)).isoformat(),
            }
        )
        for number in range(first, first + count)
    ]


def bare(lines: list[bytes], placed: list[PlacedRule], folder: Path) -> float:
    """Return posts/s of the least that could be called ingest: parse, run the rules, two inserts, one sync a chunk."""
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE posts (network TEXT, id TEXT, text TEXT, PRIMARY KEY (network, id));"
        "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, body BLOB);"
    )
    run = RuleSet.compile(placed).run
    began = time.perf_counter()
    for start in range(0, len(lines), CHUNK):
        chunk = [orjson.loads(line) for line in lines[start : start + CHUNK]]
        for one in chunk:
            run(Draft(one["text"], network="bench", staff=True))
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO posts VALUES (?, ?, ?)", [(one["network"], one["network_id"], one["text"]) for one in chunk]
        )
        database.executemany("INSERT INTO outbox (body) VALUES (?)", [(orjson.dumps(one),) for one in chunk])
        database.execute("COMMIT")
    rate = len(lines) / (time.perf_counter() - began)
    database.close()
    return rate


async def prepare(folder: Path, placed: list[PlacedRule]) -> None:
    """Make keys and a database in which the rules are in force."""
    key = make_key()
    (folder / "gateway.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    db = Database(f"sqlite:///{folder / 'monitoring.db'}", SystemClock())
    migrate.upgrade(db.engine, ROOT / "services" / "monitoring" / "migrations" / "versions")
    texts = [
        RuleText(id=one.rule.id, section=one.section, yaml=one.rule.model_dump_json(exclude_defaults=True))
        for one in placed
    ]
    told = VersionInForceV1(
        policy="benchmark",
        version=1,
        title="b",
        locale="en",
        effective_at=datetime.now(UTC),
        source="",
        sections=[],
        rules=texts,
    )
    await db.write(copies.keep, told)
    db.stop()


def start(folder: Path, nats: NatsServer) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    """Start the service and return it with a client that it trusts."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHARELOAD_")},
        "SHARELOAD_MONITORING_PORT": str(port),
        "SHARELOAD_DATA_DIR": str(folder),
        "SHARELOAD_NATS_URL": nats.url,
        "SHARELOAD_TOKEN_KEYS": str(folder / "keys.json"),
        "SHARELOAD_LOG_LEVEL": "error",
    }
    process = subprocess.Popen([sys.executable, "-m", "services", "monitoring"], cwd=ROOT, env=environment)
    token = TokenSigner(folder / "gateway.json").token(
        Principal("key:bench", scopes=frozenset({"monitoring:write", "monitoring:read"})), "monitoring"
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Shareload-Caller": token}, timeout=120)
    for _ in range(1000):
        try:
            client.get("/livez")
            break
        except httpx.ConnectError:
            time.sleep(0.02)
    return process, client


def measure(process: psutil.Process, client: httpx.Client, lines: list[bytes]) -> tuple[float, float, float]:
    """Return posts/s until all are answered, until all their events are published too, and by the service's CPU second."""
    began, spent = time.perf_counter(), cpu_seconds(process)
    answer = client.post("/v1/posts", content=b"\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
    answered = time.perf_counter() - began
    if answer.text.count('"accepted"') != len(lines):
        raise RuntimeError(f"not all accepted: {answer.text[:500]}")
    while client.get("/readyz").json()["outbox_waiting"]:
        time.sleep(0.05)
    published = time.perf_counter() - began
    return len(lines) / answered, len(lines) / published, len(lines) / (cpu_seconds(process) - spent)


def cpu_seconds(process: psutil.Process) -> float:
    """Return how much CPU a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def run() -> list[Row]:
    """Measure staff posts, which the rules judge, and mentions, which become conversations."""
    rng = random.Random(3)
    texts = posts(rng)
    placed = rules(rng, texts, RULES)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        least = bare(bodies(texts, "staff"), placed, folder)
        asyncio.run(prepare(folder, placed))
        nats = NatsServer(folder / "nats")
        nats.start()
        process, client = start(folder, nats)
        try:
            for kind in ("staff", "mention"):
                measure(psutil.Process(process.pid), client, bodies(texts, kind, first=COUNT, count=WARM_UP))
                answered, published, of_cpu = measure(psutil.Process(process.pid), client, bodies(texts, kind))
                rows.append(
                    Row(
                        what=f"{kind} posts ingested, durable, {RULES:,} rules, events out",
                        ratio=answered / GOAL,
                        baseline=f"{GOAL:,} posts/s",
                        goal=">= 1",
                        note=f"{answered:,.0f}/s answered, {published:,.0f}/s published, {of_cpu:,.0f} per CPU second; bare loop {least:,.0f}/s",
                    )
                )
        finally:
            client.close()
            process.terminate()
            process.wait()
            nats.kill()
    return rows


if __name__ == "__main__":
    print_table(run())
