"""`make run` as a person meets it: real processes, a real broker, a data folder that stays."""

import json
import os
import re
import signal
import sqlite3
import stat
from pathlib import Path

import httpx
import psutil
import pytest

from tests.journeys.running import Running, living, refused, wait_until
from tests.servers import free_port

PERSON = {
    "employee_number": "E-1",
    "name": "Ana Sá",
    "email": "ana@company.example",
    "department": "Support",
    "region": "EMEA",
    "languages": ["pt", "en"],
}


def test_a_second_run_keeps_the_data_and_the_key_and_starts_small_and_fast(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Running(data, free_port()) as first:
        before = first.told()
        with first.client() as client:
            assert client.post("/v1/people", json=PERSON).status_code == 201
        assert first.interrupt() == 0

    with Running(data, free_port()) as second:
        assert second.told()["api_key"] == before["api_key"]
        with second.client() as client:
            assert client.get("/v1/people/E-1").json()["name"] == "Ana Sá"
        pss = sum(psutil.Process(pid).memory_full_info().pss for pid in second.pids()) / 2**20
        print(f"\nready after {second.seconds:.1f} s with {pss:.0f} MB in {len(second.pids())} processes")
        assert pss < 400
        # The goal is 3 s on an idle machine; here other tests run beside.
        assert second.seconds < 10


def test_run_json_and_the_printed_curl_line_open_the_platform_and_nobody_else_reads_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Running(data, free_port()) as run:
        told = run.told()
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        private = ["run.json", "secrets.json", "signing-key.json", "logins.json"]
        assert {stat.S_IMODE((data / name).stat().st_mode) for name in private} == {0o600}
        assert set(told["logins"]) == {"employee", "coach", "lead", "admin"}
        assert set(told["services"]) == {"policy", "training", "monitoring", "gateway"}
        assert all(httpx.get(f"{url}/readyz").status_code == 200 for url in told["services"].values())
        assert set(told["pids"].values()) == run.pids()
        run.interrupt()
        printed, _ = run.process.communicate()
        curl = re.search(r'curl -H "Authorization: Bearer (\S+)" "(\S+)"', printed)
        assert curl is not None
        assert curl[1] == told["api_key"]
        assert curl[2].startswith(told["url"])
        assert not (data / "run.json").exists()


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        pids = run.pids()
        assert len(pids) == 6
        assert run.interrupt() == 0
        assert living(pids) == set()


def test_a_killed_supervisor_leaves_no_process_and_the_store_starts_again(tmp_path: Path) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        pids = run.pids()
        run.process.kill()
        run.process.wait()
        wait_until(lambda: not living(pids), patience=2)
    with Running(tmp_path / "data", run.port) as again:
        assert httpx.get(f"{again.told()['url']}/readyz").status_code == 200


@pytest.mark.parametrize("name", ["policy", "training", "monitoring", "gateway", "nats-server"])
def test_a_dead_child_comes_back_at_its_address(tmp_path: Path, name: str) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        before = run.told()
        os.kill(before["pids"][name], signal.SIGKILL)
        wait_until(lambda: run.told()["pids"].get(name, before["pids"][name]) != before["pids"][name], patience=10)
        after = run.told()
        assert (after["services"], after["nats_url"]) == (before["services"], before["nats_url"])
        assert all(httpx.get(f"{url}/readyz", timeout=10).status_code == 200 for url in after["services"].values())
        with run.client() as client:
            assert client.post("/v1/people", json=PERSON).status_code == 201
        assert run.interrupt() == 0
        assert f"{name} was killed by SIGKILL; starting it again" in run.process.communicate()[0]


def test_a_used_port_is_told_in_one_line(tmp_path: Path) -> None:
    with Running(tmp_path / "one", free_port()) as run:
        status, said = refused(tmp_path / "two", run.port)
    assert status == 1
    assert said == f"Port {run.port} is in use. PORT= chooses another.\n"


def test_a_store_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        status, said = refused(tmp_path / "data", free_port())
        assert run.process.poll() is None
    assert status == 1
    assert said == f"Shareload is already running on {tmp_path / 'data'}. DATA_DIR= names another.\n"


def test_a_store_of_a_newer_version_is_told_in_one_line_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Running(data, free_port()) as run:
        assert run.interrupt() == 0
    with sqlite3.connect(data / "training.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'training_9999' WHERE version_num LIKE 'training%'")
    database.close()
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
