"""What was answered had been synced to the disk before: seen by looking at system calls.

Proves, with strace, the order read of the request, write to the database's log, completed sync of that log, write of
the answer; the same for the broker and its acknowledgement; and that the broker reports that it syncs always.
Does not prove that the disk keeps what it says it has synced.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import nkeys
import pytest

from services import SERVICES
from shared.bus import Message
from shared.ids import new_id
from shared.streams import StreamSettings, ensure_stream
from tests.conftest import Templates
from tests.faults.processes import ROOT, Site, bus_to, steady_port, until
from tests.servers import NATS, NatsServer, wait_until_listening

STRACE = shutil.which("strace")
CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
LINE = re.compile(r"^(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>)?(?P<text>.*?)(?P<unfinished> <unfinished \.\.\.>)?$")
TIMES = 5

needs_strace = pytest.mark.skipif(
    STRACE is None and os.environ.get("CI") != "true", reason="strace is not installed; with CI=true that is a failure"
)


@dataclass(frozen=True)
class Watch:
    """What to look for: the request as it is read, the file that keeps it, and the answer as it is written."""

    asked: str
    file: str
    answered: str

    def step(self, call: str, *, done: bool) -> str:
        """Name what a system call is: a(sked), l(ogged), s(ynced), w(ritten back), or nothing of interest.

        A read and a sync count when they are done, an answer from when its write begins.
        """
        name = call.partition("(")[0]
        if name in {"fsync", "fdatasync"}:
            return "s" if done and self.file in call and call.endswith("= 0") else ""
        if name in {"pwrite64", "write"} and self.file in call:
            return "l" if done else ""
        if name in {"read", "recvfrom", "recvmsg"}:
            return "a" if done and self.asked in call else ""
        return "w" if self.answered in call else ""

    def steps(self, trace: Path) -> str:
        """Return the steps of a trace in the order in which they happened, a letter each."""
        begun: dict[str, str] = {}
        steps = []
        for line in trace.read_text(errors="replace").splitlines():
            match = LINE.match(line)
            if match is None:
                continue
            call = begun.pop(match["thread"], "") + match["text"]
            resumed = "resumed>" in line[:40]
            if match["unfinished"]:
                begun[match["thread"]] = call
            step = self.step(call, done=not match["unfinished"])
            if not (resumed and step == "w"):
                steps.append(step)
        return "".join(steps)


@dataclass
class Traced:
    """A program under strace."""

    process: subprocess.Popen[bytes]
    trace: Path

    @classmethod
    def start(cls, folder: Path, program: list[str], environment: dict[str, str]) -> "Traced":
        """Start a program; its system calls are written to a file."""
        assert STRACE, "strace is not installed"
        trace = folder / "trace"
        command = [
            STRACE,
            "-f",
            "-qq",
            "-yy",
            "-s",
            "500",
            "-e",
            f"trace={CALLS}",
            "-e",
            "signal=none",
            "-o",
            str(trace),
        ]
        with (folder / "traced.log").open("ab") as log:
            return cls(subprocess.Popen([*command, *program], cwd=ROOT, env=environment, stdout=log, stderr=log), trace)

    def stop(self) -> None:
        """End the program, and with it strace."""
        if self.trace.exists() and (first := self.trace.read_text(errors="replace").partition(" ")[0]):
            os.kill(int(first), signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.kill(int(first), signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def all_synced(steps: str) -> bool:
    """Say whether each answer came after a sync that came after what it answers was logged."""
    *answers, _ = steps.split("w")
    return len(answers) == TIMES and all(re.search("a.*l.*s", answer) for answer in answers)


@needs_strace
async def test_a_write_that_was_answered_had_been_synced(
    nats: NatsServer, templates: Templates, tmp_path: Path
) -> None:
    urls = {name: templates.copy("sqlite", name, tmp_path) for name in SERVICES}
    site = Site(tmp_path, nats, urls)
    traced = Traced.start(tmp_path, [sys.executable, "-m", "services", "training"], site.environment("training"))
    try:
        async with site.client_of("training", "people:write") as client:

            async def lives() -> bool:
                try:
                    return (await client.get("/livez")).is_success
                except httpx.TransportError:
                    return False

            await until(lives, "training under strace", within=100)
            for number in range(TIMES):
                person = {
                    "employee_number": f"F-{number}", "name": "Ana Sá", "email": f"f-{number}@harbour.example",
                    "department": "Care", "region": "EMEA", "languages": ["en"],
                }  # fmt: skip
                assert (await client.post("/v1/people", json=person)).status_code == 201
    finally:
        traced.stop()
    steps = Watch('"POST /v1/people', "training.db-wal>", '"HTTP/1.1 201').steps(traced.trace)
    assert all_synced(steps), steps


@needs_strace
async def test_an_event_that_the_broker_acknowledged_had_been_synced(tmp_path: Path) -> None:
    port = steady_port()
    program = [
        str(NATS),
        "-c",
        "deploy/nats.dev.conf",
        "-a",
        "127.0.0.1",
        "-p",
        str(port),
        "-sd",
        str(tmp_path / "store"),
    ]
    traced = Traced.start(tmp_path, program, dict(os.environ))
    try:
        wait_until_listening(port, traced.process)
        async with bus_to(f"nats://127.0.0.1:{port}") as bus:
            await ensure_stream(bus, StreamSettings())
            for _ in range(TIMES):
                message = Message(new_id(), "training.person.changed.v1.somebody", "person/somebody", b"{}")
                assert (await bus.publish([message])).error is None
    finally:
        traced.stop()
    steps = Watch("PUB training.person.changed", ".blk>", r"\"stream\":\"EVENTS\",\"seq\"").steps(traced.trace)
    assert all_synced(steps), steps


def public_key(prefix: int) -> str:
    """Return the public key of a user who never comes."""
    key: bytes = nkeys.from_seed(nkeys.encode_seed(os.urandom(32), prefix)).public_key
    return key.decode()


def settings_of(config: str, folder: Path) -> dict[str, str]:
    """Return what a broker's configuration file asks of its environment."""
    names = set(re.findall(r"\$(SHARELOAD_NATS_\w+)", config))
    users = {name: public_key(nkeys.PREFIX_BYTE_USER) for name in names}
    own = {"SHARELOAD_NATS_LISTEN": "127.0.0.1:-1", "SHARELOAD_NATS_STORE": json.dumps(str(folder / "store"))}
    return users | {name: own[name] for name in names & own.keys()}


@pytest.mark.parametrize("name", ["nats.dev.conf", "nats.prod.conf"])
def test_the_broker_reports_that_it_syncs_always(name: str, tmp_path: Path) -> None:
    config = ROOT / "deploy" / name
    monitor = steady_port()
    environment = settings_of(config.read_text(), tmp_path) | {"SHARELOAD_NATS_MONITOR": f"127.0.0.1:{monitor}"}
    address = ["-a", "127.0.0.1", "-p", "-1", "-sd", str(tmp_path / "store")] if "dev" in name else []
    with (tmp_path / "nats.log").open("ab") as log:
        broker = subprocess.Popen(
            [str(NATS), "-c", str(config), *address, *(["-m", str(monitor)] if address else [])],
            env={**os.environ, **environment}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_until_listening(monitor, broker)
        reported = httpx.get(f"http://127.0.0.1:{monitor}/jsz", params={"config": "1"}).json()["config"]
        assert reported.get("sync_always") is True
    finally:
        broker.kill()
        broker.wait()
