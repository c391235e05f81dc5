"""Files that other programs put into a folder are read once, and on where they grew."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.db import Database
from tests.monitoring.reading import Desk, desk

CONFIG = {"kind": "folder", "folder": "drop"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folders" / "drop"
    made.mkdir(parents=True)
    return made


@pytest.fixture
async def reading(db: Database, tmp_path: Path, folder: Path) -> AsyncIterator[Desk]:
    async with desk(db, tmp_path, folders=folder.parent) as made:
        await made.call_the_brand("Harbourline")
        yield made


def line(number: int, text: str = "Harbourline", **more: object) -> str:
    post = {
        "network": "forum",
        "network_id": str(number),
        "kind": "mention",
        "author": "@ann",
        "text": f"{text} {number}",
        "posted_at": datetime.now(UTC).isoformat(),
    }
    return json.dumps({**post, **more}) + "\n"


async def test_lines_are_read_once_and_a_last_line_waits_for_its_end(reading: Desk, folder: Path) -> None:
    file = folder / "a.jsonl"
    whole = "".join(line(number) for number in range(1200))
    file.write_text(whole + line(1200)[:-5])
    source = await reading.add(CONFIG)
    first = await reading.until_run(source.id, "done")
    assert (first.kept, first.rejected) == (1200, 0)

    with file.open("a") as more:
        more.write(line(1200)[-5:] + "not a post\n" + line(7))
    run = await reading.read_again(source.id)
    assert (run.kept, run.rejected, run.duplicates) == (1, 1, 1)

    file.write_text(line(1300))  # shorter: another file of the same name
    assert (await reading.read_again(source.id)).kept == 1
    assert (await reading.read_again(source.id)).kept == 0


async def test_a_table_is_read_by_its_header_and_a_row_that_does_not_fit_is_refused_alone(
    reading: Desk, folder: Path
) -> None:
    rows = (
        "network,network_id,kind,author,text,posted_at,deleted\r\n"
        '"forum","1","mention","@ann","Harbourline,\r\n""late"" again","2026-11-20T10:00:00Z",\r\n'
        "forum,2,nonsense,@bob,Harbourline,2026-11-20T10:00:00Z,\r\n"
        "forum,3,mention,@bob,Harbour\xe4line Harbourline,2026-11-20T10:00:00Z,\r\n"
        "forum,1,,,,,true\r\n"
    )
    (folder / "b.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    (folder / "notes.txt").write_text("not for us")
    source = await reading.add(CONFIG)
    seen = await reading.until(source.id, lambda one: one.health == "well" and one.kept == 3)
    assert (seen.kept, seen.rejected) == (3, 1)
    first, second = await reading.posts()
    assert first.text == 'Harbourline,\r\n"late" again'
    assert first.deleted_at is not None
    assert second.deleted_at is None


async def test_a_file_that_is_no_text_is_refused_line_by_line_and_stops_nothing(reading: Desk, folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(b"\xff\xfe\x00\n" + b"x" * (10 * 1024 * 1024) + b"\n" + line(1).encode())
    source = await reading.add(CONFIG)
    seen = await reading.until(source.id, lambda one: one.kept == 1)
    assert seen.health == "well"
    assert await reading.texts() == ["Harbourline 1"]


async def test_nothing_outside_the_folder_that_is_set_aside_is_read(
    reading: Desk, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jsonl").write_text(line(1))
    (folder / "link.jsonl").symlink_to(outside / "secret.jsonl")
    (folder.parent / "way-out").symlink_to(outside)
    for name in ("../outside", "/etc", "a/../../outside", ".hidden", ""):
        with pytest.raises(ValidationError):
            await reading.add({"kind": "folder", "folder": name})
    led_out = await reading.add({"kind": "folder", "folder": "way-out"})
    failing = await reading.until(led_out.id, lambda one: one.health == "failing")
    assert failing.last_error == "The folder leads out of the one that is set aside."
    inside = await reading.add(CONFIG)
    await reading.until(inside.id, lambda one: one.health == "well")
    assert await reading.posts() == []
