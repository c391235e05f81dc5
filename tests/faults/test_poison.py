"""An event that a service cannot handle: kept with its reason, out of everyone's way, and handled once the fault is mended.

Proves it over real processes with the real pauses between the tries, and with the commands that an operator has. The
fault is a trigger in the service's own database, so the services run the code that they always run.
"""

import asyncio
import os
import sqlite3
import sys
from contextlib import closing

import pytest

from shared.lanes import RETRY_AFTER
from tests.faults.processes import KEY, ROOT, Fleet, until

REASON = "no room for this one"
TRIGGER = (
    "CREATE TRIGGER poison BEFORE INSERT ON people WHEN NEW.employee_number = 'P-1' "
    f"BEGIN SELECT RAISE(ABORT, '{REASON}'); END"
)
DEAD_WITHIN = sum(RETRY_AFTER) + 60


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_a_poison_event_is_kept_with_its_reason_and_handled_after_the_fix(fleet: Fleet) -> None:
    execute(fleet, TRIGGER)
    for number in range(5):
        await hire(fleet, f"P-{number}")
    await until(lambda: copies(fleet) == ["P-0", "P-2", "P-3", "P-4"], "the copies of all but one")

    async def dead() -> bool:
        return bool((await fleet.state("monitoring")).get("dead_letters"))

    await until(dead, "the dead letter", within=DEAD_WITHIN)
    assert (await shareload(fleet, "events", "dead", "policy"))[0] == 0
    status, said = await shareload(fleet, "events", "dead", "monitoring")
    assert status == 0
    assert REASON in said
    assert str(len(RETRY_AFTER) + 1) in said
    assert (await shareload(fleet, "events", "dead", "--replay"))[0] == 1

    execute(fleet, "DROP TRIGGER poison")
    assert (await shareload(fleet, "events", "dead", "--replay"))[0] == 0
    assert copies(fleet) == [f"P-{number}" for number in range(5)]
    status, said = await shareload(fleet, "events", "dead")
    assert REASON not in said
    await fleet.settled(within=10)


def execute(fleet: Fleet, statement: str) -> None:
    """Change the schema of monitoring's database, from outside."""
    with closing(sqlite3.connect(fleet.folder / "monitoring.db", timeout=10)) as database, database:
        database.execute(statement)


def copies(fleet: Fleet) -> list[str]:
    """Return whom monitoring knows."""
    with closing(sqlite3.connect(fleet.folder / "monitoring.db")) as database:
        return [row[0] for row in database.execute("SELECT employee_number FROM people ORDER BY employee_number")]


async def hire(fleet: Fleet, employee_number: str) -> None:
    """Add a person."""
    person = {
        "employee_number": employee_number, "name": "Ana Sá", "email": f"{employee_number}@harbour.example",
        "department": "Care", "region": "EMEA", "languages": ["en"],
    }  # fmt: skip
    async with fleet.client() as client:
        assert (await client.post("/v1/people", json=person)).status_code == 201


async def shareload(fleet: Fleet, *words: str) -> tuple[int, str]:
    """Run a command as an operator does; return its status and what it printed."""
    own = {"SHARELOAD_URL": fleet.url("gateway"), "SHARELOAD_API_KEY": KEY, "COLUMNS": "240"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from services.cli import main; main()", *words,
        cwd=ROOT, env={**os.environ, **own}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()
