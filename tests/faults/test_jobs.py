"""What the training service does in the background goes on where a killed process stopped, and does nothing twice.

Proves, over real processes: a large file of people, whose service is killed with SIGKILL while rows are read and while
they are applied, is applied whole, each person once and told once. Does not prove that data is on the disk.
"""

import sqlite3
from typing import Any

from sqlalchemy.engine import make_url

from tests.faults.processes import Fleet, until

ROWS = 5_100
"""More than a request waits for."""
HEADER = "employee_number,name,email,department,region,manager,languages\n"


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
            fleet.kill("training")
            assert await fleet.gone("training") == -9
            fleet.start("training")
            await fleet.ready("training")

        async def done() -> bool:
            return bool((await job())["state"] == "done")

        await until(done, "the end of the import", 120)
        assert ((await job())["created"], (await job())["rejected"]) == (ROWS, 0)

    with sqlite3.connect(make_url(fleet.database_urls["training"]).database or "") as database:
        people = database.execute("SELECT count(*), count(DISTINCT employee_number) FROM people").fetchone()
        told = database.execute(
            "SELECT count(*), count(DISTINCT subject) FROM outbox WHERE type = 'training.person.changed.v1'"
        ).fetchone()
    assert people == told == (ROWS, ROWS)
