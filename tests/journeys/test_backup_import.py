"""A backup taken while a file of people is applied: the import goes on where it stood, and nobody is there twice."""

import asyncio
from pathlib import Path

import pytest

from services.backup import back_up
from services.backup_restoring import restore
from services.training import importing
from services.training.domain.provisioning import imports
from tests.journeys.test_backup import as_owned, empty_databases, held_by, platform_from, unsound, until
from tests.platform import Platform

ROWS = 1500
HEAD = "employee_number,name,email,department,region\n"
FILE = HEAD + "".join(f"E-{n},Person {n},e{n}@harbour.example,Care,EMEA\n" for n in range(1, ROWS + 1))
PEOPLE = "SELECT count(*) FROM people"


async def test_an_import_that_a_backup_met_half_way_is_finished_by_the_restored_platform(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 100)
    # Many small steps, so that the backup finds one between two of them on a fast machine, too.
    monkeypatch.setattr(importing, "MOST", 20)
    backup, empty = tmp_path / "backup.tar.gz", tmp_path / "empty"
    training = platform.databases["training"]
    sent = await platform.client.post("/v1/people/imports", content=FILE, headers={"Content-Type": "text/csv"})
    assert sent.status_code == 202, sent.text
    await until(lambda: held_by(training, PEOPLE)[0][0] > 0)
    await asyncio.to_thread(back_up, platform.databases, platform.folder, backup)
    await platform.stop()
    urls = empty_databases(platform, empty)
    await asyncio.to_thread(restore, backup, urls, empty, [])
    assert 0 < held_by(urls["training"], PEOPLE)[0][0] < ROWS

    async with platform_from(empty, urls, tmp_path) as again:
        await until(lambda: held_by(urls["training"], PEOPLE)[0][0] == ROWS)
        path = f"/v1/imports/{sent.json()['id']}"
        done = (await again.client.get(path)).json()
        async with asyncio.timeout(30):  # The last step, which ends it, comes after the last people.
            while done["state"] in {"receiving", "planning", "applying"}:
                await asyncio.sleep(0.05)
                done = (await again.client.get(path)).json()
        assert (done["state"], done["created"]) == ("done", ROWS)
        await again.settle()
        as_owned(again)
        assert await unsound(again) == {}
