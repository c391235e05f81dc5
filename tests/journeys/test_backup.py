"""A backup taken under load, put back onto an empty machine: one moment, sound proofs, and it works on."""

import asyncio
import contextlib
import io
import tarfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from services.backup import back_up, take_together
from services.backup_broker import refuse_old_events
from services.backup_consistency import ahead
from services.backup_databases import BackupError, Snapshot
from services.backup_restoring import restore
from services.deployment import AdminSettings
from shared.evidence_chain import BadEntry, verify_log
from tests.gateway.story import add_people, person, publish
from tests.platform import Platform, run_platform
from tests.servers import NatsServer, execute, free_port

MARK = "Zanzibar7"


@contextlib.asynccontextmanager
async def load_on(platform: Platform) -> AsyncIterator[list[int]]:
    """Let people be added and accept the policy until the end; yields the numbers of those who did both."""
    done: list[int] = []
    enough = asyncio.Event()

    async def work(start: int) -> None:
        number = start
        while not enough.is_set():
            added = await platform.client.post("/v1/people", json=person(number), headers={"Prefer": "wait=5"})
            assert added.status_code == 201, added.text
            path = "/v1/policies/social-media/versions/1/acknowledgements"
            accepted = await platform.client.post(path, json={"employee_number": f"E-{number}"})
            assert accepted.status_code in {200, 201}, accepted.text
            done.append(number)
            number += 1

    async with asyncio.TaskGroup() as workers:
        for each in range(1, 4):
            workers.create_task(work(10_000 * each))
        try:
            yield done
        finally:
            enough.set()


async def until(condition: Callable[[], bool]) -> None:
    """Look again until a condition holds."""
    end = asyncio.get_running_loop().time() + 20
    while not condition():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.01)


def empty_databases(platform: Platform, folder: Path) -> dict[str, str]:
    """Return where databases of the same kinds may be restored to."""
    urls = {}
    for service, url in platform.databases.items():
        if url.startswith("sqlite"):
            urls[service] = f"sqlite:///{folder / service}.db"
            continue
        server, _, _ = url.rpartition("/")
        name = f"restored_{uuid.uuid4().hex}"
        execute(server, f"CREATE DATABASE {name}")
        urls[service] = f"{server}/{name}"
    return urls


def held_by(url: str, query: str) -> list[Any]:
    """Return the rows of a query."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = list(connection.execute(text(query)))
    engine.dispose()
    return rows


def as_owned(platform: Platform) -> None:
    """Compare what the services know of people, and of anything, with what its owner has; who was erased is in no department."""
    query = "SELECT id, department FROM people WHERE department <> ''"
    owned = held_by(platform.databases["training"], query)
    for service in ("policy", "monitoring", "gateway"):
        copied = held_by(platform.databases[service], query)
        assert sorted(map(tuple, copied)) == sorted(map(tuple, owned)), service
    snapshots = {name: Snapshot(name, url) for name, url in platform.databases.items()}
    with contextlib.ExitStack() as opened:
        connections = {name: opened.enter_context(each).connection for name, each in snapshots.items()}
        assert ahead(connections, since=time.time() - 600) is None


async def unsound(platform: Platform) -> dict[str, BadEntry]:
    """Return where the services' evidence logs do not agree with themselves."""
    found = {}
    for service, running in platform.running.items():
        state = running.app.state
        found[service] = await state.db.read(verify_log, service, state.sealer.public_key())
    return {service: bad for service, bad in found.items() if bad is not None}


async def erase(platform: Platform, number: str) -> str:
    """Let a person leave and erase them; return their id."""
    left = await platform.client.patch(f"/v1/people/{number}", json={"active": False})
    assert left.status_code == 200, left.text
    body = {"reason": "They asked for it.", "employee_number": number}
    erased = await platform.client.post(f"/v1/people/{number}/erasure", json=body)
    assert erased.is_success, erased.text
    await platform.settle()
    return str(erased.json()["id"])


async def proof_of_publication(platform: Platform) -> dict[str, Any]:
    """Return the proof that the policy was published."""
    listed = await platform.client.get("/v1/audit", params={"action": "policy.version.published"})
    [entry] = listed.json()["items"]
    proof = await platform.client.get(f"/v1/operations/policy/evidence/{entry['entry']}")
    assert proof.status_code == 200, proof.text
    found: dict[str, Any] = proof.json()
    return found


async def eventually_gone(platform: Platform, word: str) -> None:
    """Wait until no service holds a person of this name any more."""
    end = asyncio.get_running_loop().time() + 20
    query = "SELECT name FROM people"
    while any(word in str(held_by(platform.databases[name], query)) for name in ("training", "policy", "gateway")):
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.05)


async def test_a_backup_under_load_comes_back_on_an_empty_machine_of_one_moment_and_without_who_was_erased_since(
    platform_on_both: Platform, tmp_path: Path
) -> None:
    platform, backup, empty = platform_on_both, tmp_path / "backup.tar.gz", tmp_path / "empty"
    await add_people(platform, 2)
    await platform.client.post("/v1/people", json=person(3) | {"name": MARK})
    await publish(platform)
    # Sealed before the backup: what is sealed after it may be sealed together with others in both.
    await platform.advance(timedelta(seconds=1))
    proof = await proof_of_publication(platform)
    before = await back_up_under_load(platform, backup)
    gone = await erase(platform, "E-3")
    await platform.stop()

    urls = empty_databases(platform, empty)
    came = await asyncio.to_thread(restore, backup, urls, empty, [gone])
    assert came.erased == 1
    assert held_by(urls["training"], f"SELECT id FROM people WHERE name = '{MARK}'") == []

    async with platform_from(empty, urls, tmp_path) as again:
        await eventually_gone(again, MARK)
        as_owned(again)
        assert await unsound(again) == {}
        assert await proof_of_publication(again) == proof
        assert before <= accepted_in(again)
        await work_on(again)


async def back_up_under_load(platform: Platform, backup: Path) -> set[int]:
    """Back up while people come and accept the policy; return the numbers of those who had before."""
    async with load_on(platform) as done:
        await until(lambda: len(done) > 5)
        before = set(done)
        await asyncio.to_thread(back_up, platform.databases, platform.folder, backup)
        await until(lambda: len(done) > len(before) + 5)
    return before


@contextlib.asynccontextmanager
async def platform_from(folder: Path, urls: dict[str, str], elsewhere: Path) -> AsyncIterator[Platform]:
    """Run a platform on restored databases, with a broker that holds nothing."""
    nats = NatsServer(elsewhere / "another-nats")
    nats.start()
    try:
        async with run_platform(folder, nats.url, urls.__getitem__) as platform:
            await platform.settle()
            await platform.advance(timedelta(seconds=1))
            yield platform
    finally:
        nats.kill()


def accepted_in(platform: Platform) -> set[int]:
    """Return the numbers of the people whose acceptance of the policy is there."""
    rows = held_by(
        platform.databases["policy"],
        "SELECT p.employee_number FROM acknowledgements a JOIN people p ON p.id = a.person",
    )
    return {int(row.employee_number.removeprefix("E-")) for row in rows}


async def work_on(platform: Platform) -> None:
    """See that a restored platform takes on new people, who accept what is in force."""
    added = await platform.client.post("/v1/people", json=person(4), headers={"Prefer": "wait=5"})
    assert added.status_code == 201, added.text
    path = "/v1/policies/social-media/versions/1/acknowledgements"
    accepted = await platform.client.post(path, json={"employee_number": "E-4"})
    assert accepted.is_success, accepted.text
    await platform.settle()


async def test_moments_between_which_something_was_heard_are_not_taken_for_one(platform: Platform) -> None:
    databases = platform.databases
    with Snapshot("policy", databases["policy"]) as policy, Snapshot("training", databases["training"]) as training:
        training.take()
        await add_people(platform, 1)
        await platform.settle()
        policy.take()
        found = ahead({"policy": policy.connection, "training": training.connection}, since=time.time() - 60)
        assert found is not None
        assert found.startswith("policy has handled the event ")
        alone = ahead({"policy": policy.connection, "training": training.connection}, since=time.time() + 60)
        assert alone is not None
        assert alone.startswith("policy knows version 1 of /training/person/")
        take_together({"policy": policy, "training": training})
        assert ahead({"policy": policy.connection, "training": training.connection}, since=time.time() - 60) is None


async def test_nothing_is_restored_beside_a_broker_that_holds_events_of_another_time(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    with pytest.raises(BackupError, match="holds events of another time"):
        await refuse_old_events(AdminSettings(nats_url=platform.nats_url))
    await refuse_old_events(AdminSettings(nats_url=f"nats://127.0.0.1:{free_port()}"))


async def test_a_damaged_backup_is_refused_and_nothing_is_written(platform: Platform, tmp_path: Path) -> None:
    backup, empty = tmp_path / "backup.tar.gz", tmp_path / "empty"
    await asyncio.to_thread(back_up, platform.databases, platform.folder, backup)
    assert backup.stat().st_mode & 0o777 == 0o600
    urls = empty_databases(platform, empty)
    whole = backup.read_bytes()
    for damaged, said in (
        (whole[: len(whole) // 2], "cannot be read"),
        (repacked(tmp_path, backup, drop="files/evidence-policy.json"), "is missing"),
        (repacked(tmp_path, backup, change="databases/policy.db"), "is not what was backed up"),
        (repacked(tmp_path, backup, drop="manifest.json"), "is not a backup"),
    ):
        backup.write_bytes(damaged)
        with pytest.raises(BackupError, match=said):
            await asyncio.to_thread(restore, backup, urls, empty, [])
        assert not empty.exists()
    backup.write_bytes(whole)
    with pytest.raises(BackupError, match="is not empty"):
        await asyncio.to_thread(restore, backup, platform.databases, platform.folder, [])
    with pytest.raises(BackupError, match="is lost with it"):
        await asyncio.to_thread(back_up, platform.databases, platform.folder, platform.folder / "backup.tar.gz")
    with pytest.raises(BackupError, match="exists already"):
        await asyncio.to_thread(back_up, platform.databases, platform.folder, backup)


def repacked(folder: Path, backup: Path, drop: str = "", change: str = "") -> bytes:
    """Return a backup without one of its files, or with a byte of it changed."""
    made = folder / "repacked.tar.gz"
    with tarfile.open(backup) as whole, tarfile.open(made, "w:gz") as target:
        for member in whole:
            file = whole.extractfile(member)
            assert file is not None
            content = bytearray(file.read())
            if member.name == change:
                content[len(content) // 2] ^= 1
            if member.name != drop:
                target.addfile(member, io.BytesIO(content))
    return made.read_bytes()
