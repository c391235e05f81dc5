"""What the training service does in the background goes on where a killed process stopped, and does nothing twice.

Proves, over real processes: a large file of people, whose service is killed with SIGKILL while rows are read and while
they are applied, is applied whole, each person once and told once; an operation on many certificates that is killed twice
changes each once; an export file that is killed while it is written has no name until it is whole, and is told once. Does
not prove that data is on the disk.
"""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from shared.clock import SystemClock
from shared.db import Database
from shared.events.training import CertificateSuspendedV1
from shared.events.training.exports import ExportWrittenV1
from shared.tables import outbox
from tests.benchmarks.bench_hr import define, seed
from tests.faults.copies import METADATA, Copies
from tests.faults.processes import Fleet, until

ROWS = 5_100
"""More than a request waits for."""
CERTIFIED, EXPORTED = 400, 8_000
HEADER = "employee_number,name,email,department,region,manager,languages\n"


SCOPES = ("certificates:read", "certificates:write", "admin:read", "admin:write")


async def certify(fleet: Fleet, people: int) -> None:
    """Write people who each hold a certificate, as rows that nobody is told of."""
    db = Database(fleet.database_urls["training"], SystemClock())
    await db.write(define)
    await db.write(seed, range(people))
    db.stop()


async def ask(fleet: Fleet, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the training service, with a token of its own, which lasts for a minute."""
    async with fleet.client_of("training", *SCOPES) as client:
        answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kill_and_start_again(fleet: Fleet) -> None:
    """Kill the training service, and wait until it is back."""
    fleet.kill("training")
    assert await fleet.gone("training") == -9
    fleet.start("training")
    await fleet.ready("training")


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
async def test_a_file_whose_service_is_killed_twice_is_applied_whole_and_once(fleet: Fleet) -> None:
    rows = [
        f"E-{n},Person {n},p{n}@x.example,Dept {n % 7},EMEA,{f'E-{n // 40}' if n >= 40 else ''},en\n"
        for n in range(1, ROWS + 1)
    ]
    async with fleet.client_of("training", "people:read", "people:write") as client:
        sent = await client.post(
            "/v1/people/imports", content=HEADER + "".join(rows), headers={"Content-Type": "text/csv"}
        )
        assert sent.status_code == 202, sent.text
        where = sent.headers["location"]

        async def job() -> dict[str, Any]:
            # A token lasts for a minute.
            async with fleet.client_of("training", "people:write") as looker:
                found: dict[str, Any] = (await looker.get(where)).json()
            return found

        async def staging() -> bool:
            return bool((await job())["state"] == "planning")

        async def half_applied() -> bool:
            found = await job()
            assert found["applied"] < ROWS, "it was to be killed half-way"
            return bool(found["state"] == "applying" and found["applied"] > ROWS / 4)

        for moment in (staging, half_applied):
            await until(moment, moment.__name__)
            await kill_and_start_again(fleet)

        async def done() -> bool:
            return bool((await job())["state"] == "done")

        await until(done, "the end of the import", 120)
        assert ((await job())["created"], (await job())["rejected"]) == (ROWS, 0)

    people = METADATA["training"].tables["people"].c.employee_number
    with Copies(fleet) as copies:
        numbers = copies.column("training", select(people))
        assert (len(numbers), len(set(numbers))) == (ROWS, ROWS)
        assert told(copies, "training.person.changed.v1") == (ROWS, ROWS)


def told(copies: Copies, event: str) -> tuple[int, int]:
    """Return how many events of a type were told, and of how many subjects."""
    subjects = copies.column("training", select(outbox.c.subject).where(outbox.c.type == event))
    return len(subjects), len(set(subjects))


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
async def test_an_operation_whose_service_is_killed_twice_changes_each_certificate_once(fleet: Fleet) -> None:
    await certify(fleet, CERTIFIED)
    body = {"operation": "suspend", "filter": {"certification": "responder"}, "reason": "A test."}
    token = (await ask(fleet, "POST", "/v1/certificate-operations", {**body, "dry_run": True}))["preview"]["preview"]
    begun = await ask(fleet, "POST", "/v1/certificate-operations", {**body, "preview": token})
    path = f"/v1/certificate-operations/{begun['operation']['id']}"

    async def done() -> int:
        return int((await ask(fleet, "GET", path))["done"])

    for share in (0.2, 0.5):

        async def half_way(share: float = share) -> bool:
            number = await done()
            assert number < CERTIFIED, "it was to be killed half-way"
            return number > share * CERTIFIED

        await until(half_way, "the middle of the operation")
        await kill_and_start_again(fleet)

    async def over() -> bool:
        return bool((await ask(fleet, "GET", path))["state"] == "done")

    await until(over, "the end of the operation")
    operation = await ask(fleet, "GET", path)
    assert (operation["done"], operation["refused"], operation["waiting"]) == (CERTIFIED, 0, 0)
    changes = METADATA["training"].tables["certificate_changes"].c
    with Copies(fleet) as copies:
        each = select(changes.certificate).where(changes.change == "suspended")
        assert len(set(copies.column("training", each))) == len(copies.column("training", each)) == CERTIFIED
        assert told(copies, CertificateSuspendedV1.type) == (CERTIFIED, CERTIFIED)


async def test_an_export_file_whose_service_is_killed_while_it_is_written_is_whole_or_not_there(fleet: Fleet) -> None:
    await certify(fleet, EXPORTED)
    await ask(fleet, "POST", "/v1/export-schedules", {"key": "all", "every_hours": 168})
    run = await ask(fleet, "POST", "/v1/export-schedules/all/runs")
    folder = fleet.folder / "exports" / "all"
    await until(lambda: any(part.stat().st_size for part in folder.glob(".*.part")), "a part of the file")
    fleet.kill("training")
    assert await fleet.gone("training") == -9
    assert visible(folder) == [], "it was to be killed half-way"
    fleet.start("training")
    await fleet.ready("training")

    async def written() -> bool:
        return bool((await ask(fleet, "GET", path))["state"] == "written")

    path = f"/v1/export-schedules/all/runs/{run['id']}"
    await until(written, "the end of the export")
    run = await ask(fleet, "GET", path)
    content = (fleet.folder / "exports" / run["file"]).read_bytes()
    assert (run["rows"], content.count(b"\n"), run["tries"]) == (EXPORTED, EXPORTED + 1, 2)
    assert hashlib.sha256(content).hexdigest() == run["sha256"]
    name = Path(run["file"]).name
    assert visible(folder) == [name, f"{name}.manifest.json", f"{name}.sha256"]
    assert list(folder.glob(".*")) == []
    with Copies(fleet) as copies:
        assert told(copies, ExportWrittenV1.type) == (1, 1)


def visible(folder: Path) -> list[str]:
    """Return the files that somebody who fetches them would see."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
