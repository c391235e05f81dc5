"""The key files under which secrets are kept get a new key while everything runs; the old one is of no use after it."""

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app as shareload
from services.monitoring.tables import Source
from shared import resealing
from shared.db import Session
from shared.safe import KeyFileLost, Safe, rotate
from tests.platform import Platform

FILES = ("source-secrets.json", "webhook-secrets.json", "badge-key.json")


def run(*arguments: str) -> None:
    """Run a command of `shareload`."""
    done = CliRunner().invoke(shareload, arguments)
    assert done.exit_code == 0, done.output


async def source_with_secret(platform: Platform) -> str:
    """Set up a source with a password and return its id; no connector of ours asks for one yet."""
    config = {"kind": "feed", "url": "https://blog.example/feed"}
    made = await platform.client.post("/v1/sources", json={"name": "Our blog", "config": config})
    assert made.status_code == 201, made.text
    state = platform.running["monitoring"].app.state
    source: str = made.json()["id"]

    def keep(session: Session) -> None:
        session.get_one(Source, source).secrets = state.sources.safe.seal(source, {"password": "hunter2"})

    await state.db.write(keep)
    return source


async def kept(platform: Platform) -> dict[str, bytes]:
    """Return what each service keeps sealed."""
    found: dict[str, bytes] = {}
    for service, query in (
        ("monitoring", "SELECT secrets FROM sources"),
        ("gateway", "SELECT secret FROM webhooks"),
        ("training", "SELECT sealed FROM badge_keys WHERE sealed IS NOT NULL"),
    ):
        db = platform.running[service].app.state.db

        def rows(session: Session, query: str = query) -> list[bytes]:
            return [bytes(row[0]) for row in session.connection().exec_driver_sql(query).all()]

        (found[service],) = await db.read(rows)
    return found


async def test_a_key_file_is_rotated_while_all_runs_and_what_it_seals_outlives_the_former_key(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "LOOK", 0.05)
    source = await source_with_secret(platform)
    hook = {"name": "hook", "url": "https://chat.example/hook", "types": ["training"]}
    assert (await platform.client.post("/v1/webhooks", json=hook)).status_code == 201
    assert (await platform.client.get("/.well-known/did.json")).status_code == 200
    before = await kept(platform)

    for name in FILES:
        shutil.copy(platform.folder / name, platform.folder / f"former-{name}")
        run("secrets", "rotate", str(platform.folder / name))
    after = before
    async with asyncio.timeout(30):
        while any(after[service] == before[service] for service in before):
            after = await kept(platform)
            await asyncio.sleep(0.05)
    for name in FILES:
        run("secrets", "forget-former", str(platform.folder / name))
        assert (platform.folder / name).stat().st_mode & 0o777 == 0o600

    for service in ("monitoring", "gateway", "training"):
        await platform.stop_service(service)
        await platform.start_service(service)
    safe = platform.running["monitoring"].app.state.sources.safe
    assert safe.open(source, (await kept(platform))["monitoring"]) == {"password": "hunter2"}
    assert "password" in (await platform.client.get(f"/v1/sources/{source}")).text, "which secrets there are is known"
    assert (await platform.client.post("/v1/badge-keys", json={})).is_success
    former = Safe(platform.folder / "former-source-secrets.json", "source secrets")
    with pytest.raises(KeyFileLost):
        former.open(source, after["monitoring"])


def test_a_process_that_has_the_file_open_reads_it_again_when_another_sealed_with_a_newer_key(tmp_path: Path) -> None:
    here, there = Safe(tmp_path / "key.json", "tests"), Safe(tmp_path / "key.json", "tests")
    sealed = here.seal("one", b"word")
    assert there.open("one", sealed) == b"word"
    assert not here.replacing
    rotate(tmp_path / "key.json")
    assert here.replacing
    assert here.anew("two", sealed) is None, "another's is not opened, under whatever key"
    anew = here.anew("one", sealed)
    assert anew is not None
    assert there.open("one", anew) == b"word"
    assert here.anew("one", anew) is None, "it is under the newest key"
