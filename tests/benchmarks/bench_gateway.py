"""The gateway against nginx at forwarding, and against a bare FastAPI route at hot reads.

Everything runs in processes of its own on loopback. Run it with `python -m tests.benchmarks.bench_gateway`.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from services.gateway.domain.policies import keep_answer, note_in_force
from shared import migrate
from shared.auth import ALGORITHM, claims_of, make_key
from shared.clock import SystemClock
from shared.context import Principal
from shared.db import Database
from shared.events.policy import VersionInForceV1
from tests.benchmarks.plain_service import BODY
from tests.benchmarks.processes import ROOT, UVICORN, process, settings
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer, free_port

KEY = "sl_bench_" + "k" * 40
AUTHORIZATION = f"Authorization: Bearer {KEY}"
CONNECTIONS = 64
MANY = 200
SECONDS = 3.0
ROUNDS = 3
SCOPES = frozenset({"people:read"})
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass
class Places:
    """Where everything listens."""

    gateway: str
    plain: str
    nginx: str | None
    nats: str
    gateway_pid: int
    plain_pid: int


def nginx_config(folder: Path, port: int, upstream: int) -> Path:
    """Write what makes nginx do the same as the gateway's forwarding."""
    key = OKPKey.import_key(orjson.loads((folder / "key.json").read_bytes()))
    claims = claims_of(Principal(id="key:bench", scopes=SCOPES), "training", time.time() + 3600)
    token = jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
    file = folder / "nginx.conf"
    temp = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
{temp}
access_log off;
upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
server {{
  listen 127.0.0.1:{port}; keepalive_requests 1000000;
  location / {{
    proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Shareload-Caller "{token}";
  }}
}}
}}
"""
    )
    return file


async def prepare(folder: Path) -> None:
    """Write the keys, and a gateway's database that holds one policy."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    db = Database(f"sqlite:///{folder / 'gateway.db'}", SystemClock())
    migrate.upgrade(db.engine, ROOT / "services" / "gateway" / "migrations" / "versions")
    now = datetime.now(UTC)
    told = VersionInForceV1(
        policy="bench", version=1, title="Bench", locale="en", effective_at=now, source="", sections=[], rules=[]
    )
    await db.write(note_in_force, told)
    await db.write(keep_answer, "bench", 1, ('"1"', BODY), {})
    db.stop()


@contextlib.contextmanager
def everything() -> Iterator[Places]:
    """Run a broker, a real service with people, nginx and the gateway before it, and a bare FastAPI app."""
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        asyncio.run(prepare(folder))
        broker = NatsServer(folder / "nats")
        broker.start()
        running.callback(broker.stop)
        plain, service, gateway = free_port(), free_port(), free_port()
        plain_pid = running.enter_context(
            process([*UVICORN, "--port", str(plain), "tests.benchmarks.plain_service:app"], plain)
        )
        shared = settings(folder, broker.url, KEY, plain=plain, training=service, gateway=gateway)
        running.enter_context(process([sys.executable, "-m", "services", "training"], service, **shared))
        nginx = None
        if Path(NGINX).exists():
            port = free_port()
            running.enter_context(process([NGINX, "-c", str(nginx_config(folder, port, service))], port))
            nginx = f"http://127.0.0.1:{port}"
        pid = running.enter_context(process([sys.executable, "-m", "services", "gateway"], gateway, **shared))
        wait_until_answering(f"http://127.0.0.1:{gateway}/v1/policies/bench")
        add_person(f"http://127.0.0.1:{gateway}/v1/people")
        yield Places(f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{plain}", nginx, broker.url, pid, plain_pid)


def add_person(url: str) -> None:
    """Add the person whom the forwarded request reads."""
    person = {
        "employee_number": "E-1", "name": "Ana", "email": "ana@x.example", "department": "Care", "region": "EMEA",
    }  # fmt: skip
    name, _, value = AUTHORIZATION.partition(": ")
    httpx.post(url, json=person, headers={name: value}, timeout=20).raise_for_status()


def wait_until_answering(url: str) -> None:
    """Wait until the gateway serves."""
    name, _, value = AUTHORIZATION.partition(": ")
    end = time.monotonic() + 20
    while httpx.get(url, headers={name: value}, timeout=20).status_code != 200:
        if time.monotonic() > end:
            raise TimeoutError(url)
        time.sleep(0.05)


def load(url: str, *headers: str, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Ask for a while from a process of its own."""
    arguments = [sys.executable, "-m", "tests.benchmarks.http_load", url, str(connections), str(SECONDS), *headers]
    result: dict[str, Any] = json.loads(subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True).stdout)
    if set(result["statuses"]) - {"200", "304"}:
        raise RuntimeError(f"{url}: {result['statuses']}")
    return result


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(ours: list[str], baseline: list[str]) -> tuple[float, dict[str, Any]]:
    """Measure both in turn, so that a busy machine slows both, and return the median of the ratios."""
    ratios = []
    for _ in range(ROUNDS):
        base = load(*baseline)
        mine = load(*ours)
        ratios.append(mine["rate"] / base["rate"])
    return median(ratios), mine


def per_cpu_second(pid: int, request: list[str]) -> tuple[float, dict[str, Any]]:
    """Return how many requests a server answers per second of its own processor time."""
    before = cpu_seconds(pid)
    measured = load(*request)
    return measured["rate"] * SECONDS / (cpu_seconds(pid) - before), measured


def compare_cpu(places: Places, ours: list[str], baseline: list[str]) -> tuple[float, dict[str, Any]]:
    """Compare what a core of each server answers: on two cores, the asker is slower than either."""
    ratios = []
    for _ in range(ROUNDS):
        base, _measured = per_cpu_second(places.plain_pid, baseline)
        mine, measured = per_cpu_second(places.gateway_pid, ours)
        ratios.append(mine / base)
    return median(ratios), measured


def http_rows(places: Places) -> list[Row]:
    """Forwarding and hot reads."""
    hello = [f"{places.plain}/hello"]
    hot = f"{places.gateway}/v1/policies/bench"
    rows = []
    if places.nginx:
        ratio, mine = compare([f"{places.gateway}/v1/people/E-1", AUTHORIZATION], [f"{places.nginx}/v1/people/E-1"])
        rows.append(Row("gateway forwarding, real service behind", ratio, "nginx doing the same", ">= 0.9", note(mine)))
    ratio, mine = compare_cpu(places, [hot, AUTHORIZATION], hello)
    rows.append(Row("gateway hot read: key, limit, metrics", ratio, "bare FastAPI hello, by CPU", ">= 1.3", note(mine)))
    ratio, mine = compare_cpu(places, [hot, AUTHORIZATION, 'If-None-Match: "1"'], hello)
    rows.append(Row("the same, 304", ratio, "bare FastAPI hello, by CPU", ">= 1.5", note(mine)))
    return [*rows, *crowd_rows(places, [hot, AUTHORIZATION], hello)]


def crowd_rows(places: Places, hot: list[str], hello: list[str]) -> list[Row]:
    """How long the slowest of a hundred waits where 200 clients ask at once, against those who ask the baseline."""
    rows = []
    forwarded = [f"{places.gateway}/v1/people/E-1", AUTHORIZATION]
    plain = [f"{places.nginx}/v1/people/E-1"] if places.nginx else None
    for what, ours, name, baseline in (
        ("hot read", hot, "bare FastAPI hello", hello),
        ("forwarding", forwarded, "nginx doing the same", plain),
    ):
        if baseline is None:
            continue
        pairs = [(load(*ours, connections=MANY), load(*baseline, connections=MANY)) for _ in range(ROUNDS)]
        ratio = median(mine["p99"] / base["p99"] for mine, base in pairs)
        note = f"{median(mine['p99'] for mine, _ in pairs):.0f} to {median(base['p99'] for _, base in pairs):.0f} ms"
        rows.append(Row(f"p99 of {MANY} clients, {what}", ratio, name, "-", note))
    return rows


def note(measured: dict[str, Any]) -> str:
    """Say what was measured."""
    return f"{measured['rate']:,.0f}/s, p99 {measured['p99']:.1f} ms"


def run() -> list[Row]:
    """Measure everything."""
    with everything() as places:
        return http_rows(places)


if __name__ == "__main__":
    print_table(run())
