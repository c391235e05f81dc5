"""The files in `deploy/` are true: the same commands with the same environment run as processes here."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from nats.aio.client import Client

from services import SERVICES
from tests.servers import LOOPBACK, NATS, free_port, postgresql, wait_until_listening

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@dataclass
class Deployment:
    """The containers of the compose file as processes: hosts become ports of loopback, mounts become folders."""

    folder: Path
    postgres_port: int
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in (*SERVICES, "nats", "monitor")}
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        subprocess.run([sys.executable, "-m", "services", "secrets", self.folder], cwd=ROOT, check=True)
        lines = (self.folder / ".env").read_text().splitlines()
        self.variables = dict(line.split("=", 1) for line in lines)
        self.compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]

    def environment(self, name: str) -> dict[str, str]:
        """Return what a container of the compose file gets."""
        given = self.compose[name]["environment"]
        own = {**self.variables, "PORT": str(self.ports["gateway"])}
        return {key: self.here(name, fill_in(str(value), own)) for key, value in given.items()}

    def here(self, name: str, value: str) -> str:
        """Put this machine's addresses and folders in the place of the containers'."""
        value = value.replace("0.0.0.0:4222", f"127.0.0.1:{self.ports['nats']}")
        value = value.replace("0.0.0.0:8222", f"127.0.0.1:{self.ports['monitor']}")
        value = value.replace("nats:4222", f"127.0.0.1:{self.ports['nats']}")
        value = value.replace("postgres:5432", f"127.0.0.1:{self.postgres_port}")
        for service in SERVICES:
            value = value.replace(f"http://{service}:8000", f"http://127.0.0.1:{self.ports[service]}")
        value = {
            "8000": str(self.ports.get(name, 0)),
            "0.0.0.0": "127.0.0.1",  # noqa: S104 -- what containers bind, replaced
            "/store": str(self.folder / "store"),
        }.get(value, value)
        return value.replace("/run/shareload", str(self.folder / "secrets"))

    def start(self, name: str, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a container's command with nothing but its environment."""
        environment = {"PATH": os.environ["PATH"], **self.environment(name)}
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.processes[name] = process
        return process

    def start_service(self, name: str) -> subprocess.Popen[bytes]:
        """Start what the image's entry point and the container's command make together."""
        return self.start(name, sys.executable, "-m", "services", *self.compose[name]["command"])

    def url(self, name: str) -> str:
        """Return where a service listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def wait_ready(self, name: str) -> None:
        """Wait until a service can do its work."""
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url(name)}/readyz", timeout=5, verify=LOOPBACK).status_code == 200:
                    return
            log = (self.folder / f"{name}.log").read_text()
            assert self.processes[name].poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)

    def stop(self) -> None:
        """End all processes, the broker last."""
        for process in reversed(self.processes.values()):
            process.terminate()
            process.wait(30)


def fill_in(text: str, variables: dict[str, str]) -> str:
    """Replace `${NAME}`, `${NAME:?error}` and `${NAME:-default}` as compose does."""

    def value(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(":-")
        return variables.get(name, default) if default else variables[name.partition(":?")[0]]

    return re.sub(r"\$\{([^}]+)\}", value, text)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    with postgresql(folder / "postgres") as url:
        port = int(url.rpartition(":")[2])
        with psycopg.connect(
            host="127.0.0.1", port=port, user="shareload", dbname="postgres", autocommit=True
        ) as server:
            for statement in (DEPLOY / "postgres.sql").read_text().split(";")[:-1]:
                server.execute(statement.encode())
        deployed = Deployment(folder, port)
        try:
            broker = deployed.start("nats", NATS, "-c", DEPLOY / "nats.prod.conf")
            wait_until_listening(deployed.ports["nats"], broker)
            assert deployed.start_service("setup").wait(60) == 0, (folder / "setup.log").read_text()
            del deployed.processes["setup"]
            for name in SERVICES:
                deployed.start_service(name)
            for name in SERVICES:
                deployed.wait_ready(name)
            yield deployed
        finally:
            deployed.stop()


def test_the_compose_file_runs_a_platform_in_which_events_travel(deployment: Deployment) -> None:
    headers = {"Authorization": f"Bearer {deployment.variables['API_KEY']}"}
    person = {
        "employee_number": "E-1",
        "name": "Ana Sá",
        "email": "ana@company.example",
        "department": "Support",
        "region": "EMEA",
    }
    with httpx.Client(base_url=deployment.url("gateway"), headers=headers, timeout=30) as client:
        made = client.post("/v1/people", json=person, headers={"Prefer": "wait=10"})
        assert made.status_code == 201
        assert made.headers["Preference-Applied"] == "wait=10"
        told = client.get("/v1/events", params={"after": "start"}, headers={"Accept": "application/x-ndjson"})
        assert made.json()["id"] in told.text


def test_production_has_no_development_sign_in(deployment: Deployment) -> None:
    attempt = httpx.post(f"{deployment.url('gateway')}/sign-in", data={"user": "admin", "password": "admin"})
    assert attempt.status_code in {401, 403, 404}


def test_prometheus_reads_every_service_of_the_compose_file(deployment: Deployment) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    targets = {target.split(":")[0] for target in config["scrape_configs"][0]["static_configs"][0]["targets"]}
    assert targets == set(SERVICES)
    for name in targets:
        assert "# TYPE" in httpx.get(f"{deployment.url(name)}/metrics").text


@pytest.mark.parametrize(
    "subject",
    [
        "training.person.changed.v1.somebody",
        "$JS.API.CONSUMER.CREATE.EVENTS.spy",
        "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.spy",
        "$JS.API.CONSUMER.MSG.NEXT.EVENTS.training",
        "$JS.API.STREAM.MSG.GET.EVENTS",
        "$JS.API.DIRECT.GET.EVENTS",
        "$JS.API.STREAM.PURGE.EVENTS",
        "$JS.API.STREAM.DELETE.EVENTS",
    ],
)
async def test_the_broker_lets_a_service_neither_speak_for_another_nor_read_around_its_consumer(
    deployment: Deployment, subject: str
) -> None:
    violations: asyncio.Queue[Exception] = asyncio.Queue()
    client = Client()
    await client.connect(
        f"nats://127.0.0.1:{deployment.ports['nats']}",
        nkeys_seed_str=deployment.variables["NATS_POLICY_SEED"],
        inbox_prefix="_INBOX.policy",
        error_cb=violations.put,
    )
    await client.publish(subject, b"{}")
    violation = await asyncio.wait_for(violations.get(), 10)
    assert "permissions violation for publish" in str(violation).lower()
    await client.close()


async def test_the_broker_refuses_those_it_does_not_know(deployment: Deployment) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", deployment.ports["nats"])
    assert (await reader.readline()).startswith(b"INFO")
    writer.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await writer.wait_closed()
