"""What HR systems ask, with 200,000 people of whom each holds a certificate: statuses, the spreadsheet, a large import.

Broker, training service and gateway run in processes of their own on loopback; the gateway gets all people and
certificates as any new gateway does, by a snapshot. Run it with `python -m tests.benchmarks.bench_hr`, or with the names
of some of its parts: `status`, `memory`, `csv`, `import`.
"""

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import orjson
import psutil
from sqlalchemy import Table, insert

from services.gateway.read_model import packed
from services.training.tables import Certificate, Certification, Person
from shared import migrate
from shared.auth import make_key
from shared.clock import SystemClock
from shared.db import Database, Session
from shared.ids import new_id
from tests.benchmarks.processes import ROOT, UVICORN, process, settings
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer, free_port

KEY = "sl_bench_" + "k" * 40
AUTHORIZATION = f"Authorization: Bearer {KEY}"
PEOPLE = int(os.environ.get("PEOPLE", "200000"))
ASKED = 500
IMPORTED = PEOPLE // 2
CHUNK = min(20_000, PEOPLE)
CONNECTIONS = 8
MANY_CONNECTIONS = 64
SECONDS = 3.0
ROUNDS = 3
MEGABYTE = 1024 * 1024
FILLED_WITHIN = 600.0
LOOK = 0.5
"""Seconds between looks at how far an import is."""
SECTIONS = [
    {"policy": "social-media", "version": 3, "section": f"section-{number}", "hash": f"{number:064x}"}
    for number in range(8)
]


@dataclass
class Places:
    """Where everything listens, and how long the gateway took to know everyone."""

    gateway: str
    plain: str
    folder: Path
    gateway_pid: int
    training_pid: int
    plain_pid: int
    filled: float


def number_of(person: int) -> str:
    """Return the n-th employee number."""
    return f"E-{person:06}"


def seed(session: Session, people: range) -> None:
    """Write people who each hold a certificate, as rows."""
    now = session.now
    template = Person(
        employee_number="", user_name="", name="", email="", department="", region="EMEA", languages=["en"],
        created_at=now,
    ).model_dump()  # fmt: skip
    held = Certificate(
        person="",
        certification="responder",
        sequence=1,
        issued_at=now - timedelta(days=30),
        expiring_from=now + timedelta(days=300),
        expires_at=now + timedelta(days=335),
        grace_until=now + timedelta(days=349),
        sections=SECTIONS,
        basis={},
        suspensions=[],
        recorded_at=now,
    ).model_dump()
    rows, certificates = [], []
    for person in people:
        email = f"{person}@bench.example"
        own = {"id": new_id(), "employee_number": number_of(person), "user_name": email, "email": email}
        rows.append({**template, **own, "name": f"Person {person}", "department": f"Department {person % 50}"})
        certificates.append({**held, "id": new_id(), "person": own["id"]})
    for table, values in ((Person, rows), (Certificate, certificates)):
        session.execute(insert(table_of(table)), values)


def table_of(model: Any) -> Table:
    """Return a model's table."""
    table: Table = model.__table__
    return table


def define(session: Session) -> None:
    """Write the tier that everyone holds."""
    tier = Certification(
        key="responder",
        title="Responder",
        description="",
        courses=["answering"],
        policies=[],
        certifications=[],
        validity_days=365,
        expiring_days=35,
        grace_days=14,
        created_at=session.now,
    )
    session.add(tier)


async def prepare(folder: Path) -> None:
    """Write the keys, and the training service's database."""
    key = make_key()
    (folder / "key.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    db = Database(f"sqlite:///{folder / 'training.db'}", SystemClock())
    migrate.upgrade(db.engine, ROOT / "services" / "training" / "migrations" / "versions")
    await db.write(define)
    for start in range(0, PEOPLE, CHUNK):
        await db.write(seed, range(start, start + CHUNK))
    db.stop()


@contextlib.contextmanager
def everything() -> Iterator[Places]:
    """Run a broker, the training service with everyone, the gateway before it, and a bare FastAPI app."""
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
        training_pid = running.enter_context(process([sys.executable, "-m", "services", "training"], service, **shared))
        pid = running.enter_context(process([sys.executable, "-m", "services", "gateway"], gateway, **shared))
        began = time.monotonic()
        wait_until_filled(f"http://127.0.0.1:{gateway}")
        filled = time.monotonic() - began
        yield Places(
            f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{plain}", folder, pid, training_pid, plain_pid, filled
        )


def wait_until_filled(gateway: str) -> None:
    """Wait until the gateway answers from memory: until it has loaded the snapshot it passes the question on."""
    end = time.monotonic() + FILLED_WITHIN
    with client() as asker:
        while True:
            asker.get(f"{gateway}/v1/people/{number_of(PEOPLE - 1)}/certificates")
            metrics = asker.get(f"{gateway}/metrics").text
            if 'route="/v1/people/{employee_number}/certificates"' in metrics:
                return
            if time.monotonic() > end:
                raise TimeoutError("the gateway does not come to know everyone")
            time.sleep(0.25)


def client() -> httpx.Client:
    """Return a client with the key."""
    name, _, value = AUTHORIZATION.partition(": ")
    return httpx.Client(headers={name: value}, timeout=120)


def load(pid: int, url: str, connections: int, *extra: str) -> dict[str, Any]:
    """Ask the server that is process `pid` for a while, from a process of its own."""
    arguments = [sys.executable, "-m", "tests.benchmarks.http_load", url, str(connections), str(SECONDS), *extra]
    environment = {**os.environ, "SERVER_PID": str(pid)}
    ran = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, env=environment)
    result: dict[str, Any] = json.loads(ran.stdout)
    if set(result["statuses"]) - {"200"}:
        raise RuntimeError(f"{url}: {result['statuses']}")
    return result


def status_rows(places: Places) -> list[Row]:
    """One call for 500 people against a call for each, and one of these against a route that does nothing."""
    people = random.Random(1).sample(range(PEOPLE), ASKED)
    url = f"{places.gateway}/v1/certificate-statuses"
    bulk_body = json.dumps({"employee_numbers": list(map(number_of, people)), "certification": "responder"})
    one_body = json.dumps({"employee_numbers": [number_of(people[0])], "certification": "responder"})
    hot = f"{places.gateway}/v1/people/{number_of(people[0])}/certificates"
    bulk, hot_ratios = [], []
    for _ in range(ROUNDS):
        single = load(places.gateway_pid, url, CONNECTIONS, one_body, AUTHORIZATION)
        many = load(places.gateway_pid, url, CONNECTIONS, bulk_body, AUTHORIZATION)
        bulk.append(many["rate"] * ASKED / single["rate"])
        hello = load(places.plain_pid, f"{places.plain}/hello", MANY_CONNECTIONS)
        mine = load(places.gateway_pid, hot, MANY_CONNECTIONS, AUTHORIZATION)
        hot_ratios.append(hello["processor"] / mine["processor"])
    noted = f"{many['rate']:,.0f} calls of 500/s, p99 {many['p99']:.0f} ms, {single['rate']:,.0f} calls of one/s"
    return [
        Row("status of 500 of 200,000 in one call", median(bulk), "a call for each", ">= 50", noted),
        Row("p99 of such a call", many["p99"] / 100, "100 ms", "< 1", f"{CONNECTIONS} connections"),
        Row(
            "certificates by employee number", median(hot_ratios), "bare FastAPI hello, by CPU", ">= 1.3",
            f"{mine['rate']:,.0f}/s, {mine['processor']:.0f} us to {hello['processor']:.0f}",
        ),
    ]  # fmt: skip


def memory_row(places: Places) -> list[Row]:
    """What everyone takes in the gateway's memory, in a process that holds nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        grown, size = alone.submit(grow, f"sqlite:///{places.folder / 'gateway.db'}").result()
    note = f"{grown / MEGABYTE:.0f} MB for {size:,} people, {grown / size:.0f} bytes each; filled by snapshot in {places.filled:.0f} s"
    return [Row("memory of 200,000 certificates", grown / MEGABYTE / 150, "150 MB", "< 1", note)]


def grow(url: str) -> tuple[int, int]:
    """Load the gateway's certificates, and return by how much that made this process grow, and how many people they are."""
    from services.gateway.read_model.certificates import Certificates

    async def fill() -> tuple[int, int]:
        db = Database(url, SystemClock())
        model = Certificates(db, forwarder=None, bus=None, clock=SystemClock())  # type: ignore[arg-type]
        before = psutil.Process().memory_info().rss
        await model.refresh()
        grown = psutil.Process().memory_info().rss - before
        db.stop()
        return grown, model.size

    return asyncio.run(fill())


def csv_rows(places: Places) -> list[Row]:
    """Stream everyone as a spreadsheet, and see by how much that makes service and gateway grow."""
    processes = {"training": psutil.Process(places.training_pid), "gateway": psutil.Process(places.gateway_pid)}

    def fetch() -> tuple[int, float, dict[str, int]]:
        before = {name: each.memory_info().rss for name, each in processes.items()}
        most = dict(before)
        lines, began = 0, time.monotonic()
        with client() as asker, asker.stream("GET", f"{places.gateway}/v1/certificates.csv") as answer:
            for chunk in answer.iter_bytes():
                lines += chunk.count(b"\n")
                most = {name: max(most[name], each.memory_info().rss) for name, each in processes.items()}
        return lines, time.monotonic() - began, {name: most[name] - before[name] for name in processes}

    fetch()
    lines, took, grown = fetch()
    if lines != PEOPLE + 1:
        raise RuntimeError(f"{lines} lines")
    told = ", ".join(f"{name} {size / MEGABYTE:.1f} MB" for name, size in grown.items())
    note = f"{lines:,} lines in {took:.1f} s, {lines / took:,.0f}/s; growth: {told}"
    return [
        Row("spreadsheet of 200,000, growth of the larger", max(grown.values()) / MEGABYTE / 20, "20 MB", "< 1", note)
    ]


def import_rows(places: Places) -> list[Row]:
    """Import 100,000 people while somebody else posts, one after the other."""
    lines = ["employee_number,name,email,department,region"]
    lines += [f"N-{at:06},New {at},n{at}@bench.example,Department {at % 50},EMEA" for at in range(IMPORTED)]
    url = f"{places.gateway}/v1/people"
    waits: list[float] = []
    with client() as asker, ThreadPoolExecutor(1) as aside:
        body = "\n".join(lines).encode()
        began = time.monotonic()
        sent = aside.submit(
            partial(client().post, f"{url}/imports", content=body, headers={"Content-Type": "text/csv"})
        )
        job, looked = None, began
        while job is None or job["finished_at"] is None:
            waits.append(post_one(asker, url, len(waits)))
            if sent.done() and time.monotonic() - looked > LOOK:
                answer = sent.result().raise_for_status()
                job = asker.get(places.gateway + answer.headers["Location"]).raise_for_status().json()
                looked = time.monotonic()
            time.sleep(0.01)
        took = time.monotonic() - began
    ordered = sorted(waits)
    note = (
        f"{job['created']:,} in {took:.0f} s; {len(waits):,} posts: p50 {ordered[len(ordered) // 2] * 1000:.0f} ms, "
        f"p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms, longest {ordered[-1] * 1000:.0f} ms"
    )
    return [Row("longest other POST during an import of 100,000", ordered[-1] / 0.2, "200 ms", "< 1", note)]


def post_one(asker: httpx.Client, url: str, at: int) -> float:
    """Add one person, and return the seconds that it took."""
    body = {
        "employee_number": f"P-{at:06}", "name": "Ana", "email": f"p{at}@bench.example", "department": "Care",
        "region": "EMEA",
    }  # fmt: skip
    began = time.monotonic()
    asker.post(url, json=body).raise_for_status()
    return time.monotonic() - began


def render_row() -> Row:
    """What it takes to say how 500 people stand, the request not included."""
    common = packed.Common()
    now = datetime.now(UTC)
    dates = [now - timedelta(days=30), now + timedelta(days=300), now + timedelta(days=335), now + timedelta(days=349)]
    certificate = (new_id(), "", "responder", "held", *dates, None, "hash", None, None, 0)
    person = packed.pack(common, (new_id(), "E-000001", "Care", None), [certificate], {"hash": b"[]"})
    moment = packed.Moment(common, now)
    mine = timed(lambda: packed.statuses(person, b'"E-000001"', 0, moment))
    asked = {"employee_number": "E-000001", "certification": "responder", "status": "valid", "certified": True}
    base = timed(lambda: orjson.dumps({**asked, "certified_until": dates[3], "as_of": now, "certificate": "x" * 36}))
    return Row("status of one person, rendered", mine / base, "orjson of the same", "<= 3", f"{mine * 1e6:.1f} us")


def timed(work: Callable[[], Any]) -> float:
    """Return the processor time that some work takes."""
    began = time.process_time()
    for _ in range(20_000):
        work()
    return (time.process_time() - began) / 20_000


PARTS = {"status": status_rows, "memory": memory_row, "csv": csv_rows, "import": import_rows}


def run(wanted: Collection[str] = tuple(PARTS)) -> list[Row]:
    """Measure everything, or some parts."""
    rows = [render_row()]
    with everything() as places:
        for name in wanted:
            rows += PARTS[name](places)
            sys.stderr.write(f"{rows[-1].what}: {rows[-1].ratio:.2f}, {rows[-1].note}\n")
    return rows


if __name__ == "__main__":
    print_table(run(sys.argv[1:] or tuple(PARTS)))
