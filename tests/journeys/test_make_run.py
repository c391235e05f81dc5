"""`make run` as a person meets it: real processes, a real broker, a data folder that stays."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.journeys.running import Running, living, refused, wait_until
from tests.servers import LOOPBACK, free_port

PERSON = {
    "name": "Ana Sá",
    "email": "ana@company.example",
    "department": "Support",
    "region": "EMEA",
    "languages": ["pt", "en"],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("running") / "data", free_port()) as run:
        yield run


def add_person(run: Running, number: str) -> int:
    with run.client() as client:
        return client.post(
            "/v1/people", json={**PERSON, "employee_number": number, "email": f"{number}@company.example"}
        ).status_code


def test_run_json_opens_the_platform_and_nobody_else_can_read_it(running: Running) -> None:
    told = running.told()
    assert stat.S_IMODE(running.data_dir.stat().st_mode) == 0o700
    private = ["run.json", "secrets.json", "signing-key.json", "logins.json"]
    assert {stat.S_IMODE((running.data_dir / name).stat().st_mode) for name in private} == {0o600}
    assert set(told["logins"]) == {"employee", "coach", "lead", "admin"}
    assert set(told["services"]) == {"policy", "training", "monitoring", "gateway"}
    assert all(httpx.get(f"{url}/readyz", verify=LOOPBACK).status_code == 200 for url in told["services"].values())
    assert set(told["pids"].values()) == running.pids()
    assert add_person(running, "E-1") == 201


@pytest.mark.parametrize("name", ["policy", "training", "monitoring", "gateway", "nats-server"])
def test_a_dead_child_comes_back_at_its_address(running: Running, name: str) -> None:
    before = running.told()
    os.kill(before["pids"][name], signal.SIGKILL)
    wait_until(lambda: running.told()["pids"].get(name, before["pids"][name]) != before["pids"][name], patience=10)
    after = running.told()
    assert (after["services"], after["nats_url"]) == (before["services"], before["nats_url"])
    # The connection waits in the socket that the supervisor kept: nobody is refused.
    assert (
        httpx.get(f"{after['services'].get(name, after['url'])}/livez", timeout=30, verify=LOOPBACK).status_code == 200
    )
    wait_until(
        lambda: all(
            httpx.get(f"{url}/readyz", timeout=30, verify=LOOPBACK).status_code == 200
            for url in after["services"].values()
        )
    )
    assert add_person(running, f"E-{name}") == 201


def test_a_used_port_is_told_in_one_line(running: Running, tmp_path: Path) -> None:
    status, said = refused(tmp_path / "data", running.port)
    assert status == 1
    assert said == f"Port {running.port} is in use. PORT= chooses another.\n"


def test_a_store_in_use_is_told_in_one_line(running: Running) -> None:
    status, said = refused(running.data_dir, free_port())
    assert running.process.poll() is None
    assert status == 1
    assert said == f"Shareload is already running on {running.data_dir}. DATA_DIR= names another.\n"


def test_ctrl_c_leaves_no_process_and_a_second_run_keeps_the_data_and_is_small(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Running(data, free_port()) as first:
        before, pids = first.told(), first.pids()
        assert add_person(first, "E-1") == 201
        assert first.interrupt() == 0
        assert len(pids) == 6
        assert living(pids) == set()
        assert not (data / "run.json").exists()
        printed = first.process.communicate()[0]
        curl = re.search(r'curl -H "Authorization: Bearer (\S+)" "(\S+)"', printed)
        assert curl is not None
        assert curl.groups() == (before["api_key"], f"{before['url']}/v1/people?limit=3")

    with Running(data, free_port()) as second:
        assert second.told()["api_key"] == before["api_key"]
        with second.client() as client:
            assert client.get("/v1/people/E-1").json()["name"] == PERSON["name"]
        processes = [psutil.Process(pid) for pid in second.pids()]
        pss = sum(process.memory_full_info().pss for process in processes) / 2**20
        print(f"\nready after {second.seconds:.1f} s, {pss:.0f} MB in {len(processes)} processes")
        assert pss < 400


def test_a_killed_supervisor_leaves_no_process_and_the_store_starts_again(tmp_path: Path) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        pids = run.pids()
        run.process.kill()
        run.process.wait()
        wait_until(lambda: not living(pids), patience=5)
    with Running(tmp_path / "data", run.port) as again:
        assert httpx.get(f"{again.told()['url']}/readyz", verify=LOOPBACK).status_code == 200


def test_a_store_of_a_newer_version_is_told_in_one_line_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with contextlib.closing(sqlite3.connect(data / "training.db")) as database:
        database.executescript(
            "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('backbone_0001'), ('training_9999');"
        )
    before = (data / "training.db").read_bytes()

    status, said = refused(data, free_port())

    assert status == 1
    assert said == f"The store in {data} is of a newer version (training_9999): update Shareload.\n"
    assert (data / "training.db").read_bytes() == before


def test_a_data_folder_of_a_newer_layout_is_told_in_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "store.json").write_text(json.dumps({"format": 99}))
    status, said = refused(data, free_port())
    assert status == 1
    assert said == f"The store in {data} is of a newer version (99, this is 1): update Shareload.\n"
