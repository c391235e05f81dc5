"""Can I post this? 300 checks a second through the gateway, over 50 connections, in an open loop.

Half of the drafts name their author. Run it with `python -m tests.benchmarks.bench_checks`.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from services.policy.domain import people
from shared import migrate
from shared.auth import make_key
from shared.clock import SystemClock
from shared.db import Database
from shared.events.training import PersonChangedV1
from shared.ids import new_id
from tests.benchmarks.bench_gateway import AUTHORIZATION, KEY, cpu_seconds
from tests.benchmarks.bench_rules import posts
from tests.benchmarks.processes import ROOT, process
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer, free_port

CONNECTIONS = 50
RATE = 300
SECONDS = 10.0
RULES = 200
PEOPLE = 200
GOAL = 25.0


@dataclass
class Places:
    """Where everything listens, and the process that answers checks."""

    gateway: str
    folder: Path
    gateway_pid: int
    policy_pid: int


def policy() -> str:
    """Return a policy with rules of several kinds, most of which look for words."""
    rng = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    parts = ["---\ntitle: Bench\n---\n# Rules {#rules}\nRules.\n"]
    kinds = {
        "employer": ("disclosure: {of: [Acme, order], tags: ['#AcmeTeam']}", "My order", "Hello", "hold"),
        "private": ("pii: [email, iban]", "ask ana@x.example", "ask Ana", "block"),
        "claims": ("pattern: '(?i)\\b(?:guarantee|cure)s?\\b'", "it cures", "it helps", "hold"),
        "insults": ("words: [idiot, moron]", "you idiot", "you friend", "block"),
    }
    for number in range(RULES - len(kinds)):
        word = "".join(rng.choices(letters, k=9))
        kinds[f"word-{number}"] = (f"words: [{word}]", word, "hello", "advise")
    for name, (detect, match, passing, severity) in kinds.items():
        examples = f'examples: {{match: ["{match}"], pass: ["{passing}"]}}'
        strict = "evasion: strict\n" if name == "insults" else ""
        parts.append(
            f"```rule\nid: {name}\nseverity: {severity}\n{strict}detect:\n  {detect}\nmessage: Think again.\n{examples}\n```\n"
        )
    return "".join(parts)


async def prepare(folder: Path) -> None:
    """Write the keys, and a policy service's database that knows people."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    db = Database(f"sqlite:///{folder / 'policy.db'}", SystemClock())
    migrate.upgrade(db.engine, ROOT / "services" / "policy" / "migrations" / "versions")
    for number in range(PEOPLE):
        told = PersonChangedV1(
            id=new_id(),
            employee_number=f"E-{number}",
            user_name=f"e{number}",
            name=f"Person {number}",
            email=f"e{number}@x.example",
            department="Care",
            region="EMEA",
            languages=["en"],
            active=True,
        )
        await db.write(people.keep, told)
    db.stop()


@contextlib.contextmanager
def everything() -> Iterator[Places]:
    """Run a broker, the policy service and the gateway, with a policy in force."""
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        asyncio.run(prepare(folder))
        broker = NatsServer(folder / "nats")
        broker.start()
        running.callback(broker.stop)
        service, gateway = free_port(), free_port()
        shared = {
            "SHARELOAD_ENVIRONMENT": "test",
            "SHARELOAD_DATA_DIR": str(folder),
            "SHARELOAD_NATS_URL": broker.url,
            "SHARELOAD_LOG_LEVEL": "warning",
            "SHARELOAD_TOKEN_KEYS": str(folder / "keys.json"),
            "SHARELOAD_POLICY_PORT": str(service),
            "SHARELOAD_GATEWAY_PORT": str(gateway),
            "SHARELOAD_GATEWAY_POLICY_URL": f"http://127.0.0.1:{service}",
            "SHARELOAD_GATEWAY_MONITORING_URL": f"http://127.0.0.1:{service}",
            "SHARELOAD_GATEWAY_TRAINING_URL": f"http://127.0.0.1:{service}",
            "SHARELOAD_GATEWAY_SIGNING_KEY": str(folder / "key.json"),
            "SHARELOAD_GATEWAY_BOOTSTRAP_KEY": KEY,
            "SHARELOAD_GATEWAY_RATE_LIMIT": "100000000/minute",
        }
        policy_pid = running.enter_context(process([sys.executable, "-m", "services", "policy"], service, **shared))
        pid = running.enter_context(process([sys.executable, "-m", "services", "gateway"], gateway, **shared))
        places = Places(f"http://127.0.0.1:{gateway}", folder, pid, policy_pid)
        publish(places.gateway)
        write_drafts(folder / "drafts.ndjson")
        yield places


def publish(gateway: str) -> None:
    """Bring the policy into force."""
    headers = {"Authorization": AUTHORIZATION.partition(": ")[2]}
    with httpx.Client(base_url=gateway, headers=headers, timeout=30) as client:
        version = "/v1/policies/bench/versions/1"
        for path, body in (
            ("/v1/policies", {"key": "bench", "title": "Bench"}),
            ("/v1/policies/bench/versions", {"source": policy(), "change_note": "-", "employee_number": "E-1"}),
            (f"{version}/review", {}),
            (f"{version}/approvals", {"decision": "approve", "employee_number": "E-2"}),
            (f"{version}/publication", {}),
        ):
            client.post(path, json=body).raise_for_status()


def write_drafts(file: Path) -> None:
    """Write drafts as bodies, every other one with its author."""
    texts = [text[:10_000] for text in posts(random.Random(3)) if text.strip()][:5000]
    bodies: list[dict[str, Any]] = [{"text": text, "network": "mastodon"} for text in texts]
    for number, body in enumerate(bodies):
        if number % 2:
            body["employee_number"] = f"E-{number % PEOPLE}"
    file.write_bytes(b"\n".join(map(orjson.dumps, bodies)))


def run() -> list[Row]:
    """Measure it."""
    with everything() as places:
        before = cpu_seconds(places.policy_pid), cpu_seconds(places.gateway_pid)
        arguments = [sys.executable, "-m", "tests.benchmarks.open_load", f"{places.gateway}/v1/checks"]
        arguments += [str(CONNECTIONS), str(RATE), str(SECONDS), str(places.folder / "drafts.ndjson"), AUTHORIZATION]
        measured = json.loads(subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True).stdout)
        after = cpu_seconds(places.policy_pid), cpu_seconds(places.gateway_pid)
    if set(measured["statuses"]) != {"200"}:
        raise RuntimeError(f"checks: {measured['statuses']}")
    each = [(end - start) / (RATE * (SECONDS + 1)) * 1000 for start, end in zip(before, after, strict=True)]
    note = (
        f"p50 {measured['p50']:.1f} ms, p99 {measured['p99']:.1f} ms, worst {measured['worst']:.0f} ms; "
        f"processor a check: policy {each[0]:.2f} ms, gateway {each[1]:.2f} ms"
    )
    what = f"check through the gateway, {RATE}/s over {CONNECTIONS} connections, p99"
    return [Row(what, measured["p99"] / GOAL, f"{GOAL:.0f} ms", "< 1", note)]


if __name__ == "__main__":
    print_table(run())
