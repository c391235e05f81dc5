"""Certificates as files: streamed to who asks, and written to a folder when they are due."""

import asyncio
import csv
import gzip
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.domain.certification import changes, export_schedules
from services.training.domain.provisioning import people
from services.training.export_files import ExportFiles
from services.training.schemas.exports import ExportScheduleIn
from services.training.tables import ExportContent, ExportFormat, ExportSchedule
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database
from shared.pages import PageQuery
from tests.training.conftest import ALL, TrainingService
from tests.training.organisation import complete, define_tier, person

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SCHEDULES = "/v1/export-schedules"
ADMIN = Principal(id="key:admin", scopes=frozenset({"admin:read", "admin:write"}))


@pytest.fixture
async def admin(service: TrainingService) -> AsyncIterator[httpx.AsyncClient]:
    """Who may have files written."""
    async with service.ask_as(ADMIN) as client:
        yield client


def table(text: str) -> list[dict[str, str]]:
    """Return the lines of a CSV text by column."""
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_spreadsheet_has_what_is_asked_as_of_any_moment(service: TrainingService) -> None:
    await service.add_course("other")
    await service.define("second", courses=["other"], grace_days=30)
    for number, days in (("E-1", 10), ("E-2", 350), ("=E-3", 20)):
        await service.add_person(number, email=f"{days}@x.example")
        await service.complete(number, "other", days_ago=days)
    before = service.clock.now()
    await service.advance(20 * DAY)
    await service.complete("E-2", "other")
    await service.post(f"/v1/certificates/{await certificate(service, 'E-1')}/revocation", {"reason": "A test."})
    await service.define("third", courses=["answering"])
    await service.complete("=E-3")

    async def ask(**query: Any) -> list[dict[str, str]]:
        answer = await service.client.get("/v1/certificates.csv", params=query)
        assert answer.status_code == 200, answer.text
        return table(answer.text)

    now = {row["employee_number"]: row for row in await ask(certification="second")}
    assert {number: row["status"] for number, row in now.items()} == {
        "E-1": "revoked", "E-2": "valid", "'=E-3": "valid",
    }  # fmt: skip
    assert (now["E-1"]["certified"], now["E-1"]["certified_until"]) == ("false", "")
    assert now["E-2"]["certified_until"] > now["E-2"]["expires_at"]
    then = {row["employee_number"]: row["status"] for row in await ask(as_of=before.isoformat())}
    assert then == {"E-1": "valid", "E-2": "expiring", "'=E-3": "valid"}
    late = await ask(as_of=(before + 18 * DAY).isoformat(), status="expired")
    assert [(row["employee_number"], row["certified"]) for row in late] == [("E-2", "true")]
    assert len(await ask()) == 4
    assert [row["employee_number"] for row in await ask(status="revoked")] == ["E-1"]


async def certificate(service: TrainingService, number: str) -> str:
    """Return the id of somebody's latest certificate."""
    return str((await service.get(f"/v1/people/{number}/certificates"))["items"][-1]["id"])


async def test_the_spreadsheet_is_compressed_for_who_takes_it(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.certify("E-1")
    asked = {"Accept-Encoding": "br, gzip;q=0.8"}
    async with service.client.stream("GET", "/v1/certificates.csv", headers=asked) as answer:
        squeezed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["Content-Encoding"] == "gzip"
    plain = await service.client.get("/v1/certificates.csv", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(squeezed).decode() == plain.text


async def made(client: httpx.AsyncClient, **body: Any) -> Any:
    """Make a schedule."""
    answer = await client.post(SCHEDULES, json={"key": "nightly", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def runs_of(client: httpx.AsyncClient, *, count: int = 1, tried: bool = False) -> list[Any]:
    """Return the files of the schedule, the newest first, once there are so many and none waits, or each was tried."""
    async with asyncio.timeout(10):
        while True:
            items: list[Any] = (await client.get(f"{SCHEDULES}/nightly/runs")).json()["items"]
            if len(items) >= count and all(run["state"] != "waiting" or (tried and run["error"]) for run in items):
                return items
            await asyncio.sleep(0.02)


async def files_of(folder: Path, *, at_most: int) -> int:
    """Return how many files a folder has, once the surplus is gone."""
    async with asyncio.timeout(10):
        while True:
            count = len(await asyncio.to_thread(os.listdir, folder))
            if count <= at_most:
                return count
            await asyncio.sleep(0.02)


def whole(folder: Path, run: Any) -> str:
    """Return a file's text, once its manifest and checksum are found to fit."""
    file = folder / run["file"]
    manifest = json.loads((folder / f"{run['file']}.manifest.json").read_text())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest == manifest["sha256"] == run["sha256"]
    assert (folder / f"{run['file']}.sha256").read_text() == f"{digest}  {file.name}\n"
    assert (manifest["bytes"], manifest["rows"]) == (file.stat().st_size, run["rows"])
    assert (manifest["run"], manifest["cursor_to"]) == (run["id"], run["cursor_to"])
    text: str = file.read_text()
    return text


async def test_a_file_is_written_once_for_each_time_it_is_due(
    service: TrainingService, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    await service.add_person("E-1")
    await service.certify("E-1")
    schedule = await made(admin, daily_at="02:30", keep=2)
    due = datetime.fromisoformat(schedule["next_due_at"])
    assert (due.hour, due.minute) == (2, 30)
    assert timedelta() < due - service.clock.now() <= DAY
    await service.advance()
    assert (await admin.get(f"{SCHEDULES}/nightly/runs")).json()["items"] == []

    await service.advance(due - service.clock.now())
    await service.advance()
    (run,) = await runs_of(admin)
    assert (run["due_at"], run["state"], run["rows"]) == (schedule["next_due_at"], "written", 1)
    assert table(whole(tmp_path / "exports", run))[0]["employee_number"] == "E-1"
    assert [told["file"] for told in await service.told("training.export.written.v1")] == [run["file"]]

    await service.advance(7 * DAY)
    week, _ = await runs_of(admin, count=2)
    assert datetime.fromisoformat(week["due_at"]) == due + 7 * DAY
    await service.advance(DAY)
    assert [each["state"] for each in await runs_of(admin, count=3)] == ["written", "written", "removed"]
    # A run is marked as removed before its files go: a crash between leaves files too many, never a run without its file.
    assert await files_of(tmp_path / "exports" / "nightly", at_most=2 * 3) == 2 * 3


async def test_files_of_changes_hold_each_change_once_whatever_stops_half_way(
    open_database: Callable[[str], Database], clock: ShiftedClock, tmp_path: Path
) -> None:
    db, files = open_database("training"), ExportFiles(tmp_path / "exports")
    await define_tier(db, policies=())
    for number in range(1, 7):
        await db.write(people.create, person(number))
    body = ExportScheduleIn(key="hourly", content=ExportContent.CHANGES, format=ExportFormat.JSONL, every_hours=1)
    await db.write(export_schedules.create, body)
    texts = []
    for turn in (1, 3, 5):
        await db.write(complete, f"E-{turn}")
        clock.advance(HOUR)
        await db.write(export_schedules.open_runs)
        # As a process that dies when the file is there and before that is noted.
        job = await db.write(export_schedules.begin)
        assert job is not None
        await files.write(db, job)
        await db.write(complete, f"E-{turn + 1}")
        before = seen(files.folder)
        assert await files.write_next(db)
        assert seen(files.folder) == before
        newest = (await db.read(export_schedules.find_runs, "hourly", PageQuery(50, None))).items[0]
        assert (newest.state, newest.tries) == ("written", 2)
        texts.append(whole(files.folder, newest.model_dump()))
        assert not await files.write_next(db)

    lines = [orjson.loads(line) for text in texts for line in text.splitlines()]
    feed = (await db.read(changes.read, None, 200)).items
    assert [line["cursor"] for line in lines] == [change.cursor for change in feed[:-1]]
    assert [line["employee_number"] for line in lines] == ["E-1", "E-2", "E-3", "E-4", "E-5"]
    assert (await db.read(changes.read, newest.cursor_to, 200)).items == feed[-1:]


def seen(folder: Path) -> list[tuple[str, int]]:
    """Return which files there are, and when each was written."""
    return sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*.*"))


async def test_a_file_that_was_cut_off_is_written_anew(
    open_database: Callable[[str], Database], tmp_path: Path
) -> None:
    db, files = open_database("training"), ExportFiles(tmp_path / "exports")
    await define_tier(db, policies=())
    await db.write(people.create, person(1))
    await db.write(complete, "E-1")
    await db.write(export_schedules.create, ExportScheduleIn(key="hourly", every_hours=1))
    await db.write(export_schedules.run_now, "hourly")
    job = await db.write(export_schedules.begin)
    assert job is not None
    whole_text = (await files.write(db, job)).sha256
    file = files.folder / job.file
    file.write_bytes(file.read_bytes()[:-20])
    (file.parent / f".{file.name}.part").write_bytes(b"half")
    assert (await files.write(db, job)).sha256 == whole_text
    assert hashlib.sha256(file.read_bytes()).hexdigest() == whole_text
    assert not list(file.parent.glob(".*"))


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"run": 7}', b"\xff", b'{"run": "x", "sha256": null}'])
async def test_a_file_with_a_damaged_manifest_is_written_anew(
    open_database: Callable[[str], Database], tmp_path: Path, manifest: bytes, database_kind: str
) -> None:
    if database_kind != "sqlite":
        pytest.skip("it is about files, whatever the database")
    db, files = open_database("training"), ExportFiles(tmp_path / "exports")
    await db.write(export_schedules.create, ExportScheduleIn(key="hourly", every_hours=1))
    await db.write(export_schedules.run_now, "hourly")
    job = await db.write(export_schedules.begin)
    assert job is not None
    await files.write(db, job)
    file = files.folder / job.file
    (file.parent / f"{file.name}.manifest.json").write_bytes(manifest)
    assert await files.write_next(db)
    newest = (await db.read(export_schedules.find_runs, "hourly", PageQuery(50, None))).items[0]
    assert newest.state == "written"
    whole(files.folder, newest.model_dump())


async def test_what_was_half_written_is_never_taken_for_a_file(
    service: TrainingService, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    await made(admin, every_hours=168)
    folder.mkdir(exist_ok=True)
    (folder / "nightly").write_text("in the way")
    await admin.post(f"{SCHEDULES}/nightly/runs")
    (run,) = await runs_of(admin, tried=True)
    assert (run["state"], run["tries"], run["rows"]) == ("waiting", 1, None)
    assert "NotADirectory" in run["error"] or "FileExists" in run["error"]

    (folder / "nightly").unlink()
    await service.advance(timedelta(minutes=2))
    (run,) = await runs_of(admin)
    assert (run["state"], run["error"], run["tries"]) == ("written", None, 2)
    assert table(whole(folder, run)) == []


async def test_who_may_not_see_everyone_has_no_say_in_files(service: TrainingService, admin: httpx.AsyncClient) -> None:
    limited = Principal(id="key:limited", scopes=ADMIN.scopes, departments=frozenset({"Support"}))
    body = {"key": "nightly", "daily_at": "02:30"}
    assert (await service.ask_as(limited).post(SCHEDULES, json=body)).status_code == 403
    assert (await service.ask_as(Principal(id="key:hr", scopes=ALL)).post(SCHEDULES, json=body)).status_code == 403
    for wrong in (
        {"key": "../evil", "daily_at": "02:30"}, {"key": "a/b", "daily_at": "02:30"}, {"key": "a"},
        {"key": "a", "daily_at": "24:00"}, {"key": "a", "daily_at": "02:30", "every_hours": 3},
        {"key": "a", "daily_at": "02:30", "certification": "unknown"},
    ):  # fmt: skip
        assert (await admin.post(SCHEDULES, json=wrong)).status_code == 422, wrong

    await made(admin, daily_at="02:30")
    assert (await admin.post(SCHEDULES, json=body)).status_code == 409
    stale = await admin.patch(f"{SCHEDULES}/nightly", json={"every_hours": 6}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    changed = (await admin.patch(f"{SCHEDULES}/nightly", json={"every_hours": 6})).json()
    assert (changed["every_hours"], changed["daily_at"], changed["revision"]) == (6, None, 2)
    off = (await admin.patch(f"{SCHEDULES}/nightly", json={"enabled": False})).json()
    assert off["next_due_at"] is None
    await service.advance(3 * DAY)
    assert (await admin.get(f"{SCHEDULES}/nightly/runs")).json()["items"] == []
    assert (await admin.delete(f"{SCHEDULES}/nightly")).status_code == 204
    assert (await admin.get(f"{SCHEDULES}/nightly")).status_code == 404


@given(
    st.integers(0, 2 * 366 * 86_400).map(lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.integers(1, 168) | st.tuples(st.integers(0, 23), st.integers(0, 59)),
)
def test_a_due_time_comes_after_the_one_before_and_misses_none(moment: datetime, when: int | tuple[int, int]) -> None:
    schedule = ExportSchedule(
        key="a", content="certificates", format="csv", keep=1, next_due_at=moment, created_at=moment,
        every_hours=when if isinstance(when, int) else None,
        daily_at=None if isinstance(when, int) else f"{when[0]:02}:{when[1]:02}",
    )  # fmt: skip
    step = timedelta(hours=when) if isinstance(when, int) else DAY
    due = export_schedules.due_after(schedule, moment)
    assert timedelta() < due - moment <= step
    assert export_schedules.due_after(schedule, due) == due + step
    assert export_schedules.due_after(schedule, due - timedelta(microseconds=1)) == due
