"""The data folder: one supervisor at a time, secrets made once, and no store newer than this code."""

import errno
import fcntl
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from shared.auth import make_key
from shared.migrate import BACKBONE, written

FORMAT = 1
ROLES = ("employee", "coach", "lead", "admin")
LOCK_PATIENCE = 2.0
ROOT = Path(__file__).parents[2]


class CannotStartError(Exception):
    """The platform cannot start; the message is the one line that the person at the keyboard reads."""


@dataclass(frozen=True)
class Secrets:
    """What is made once for a store: the gateway's signing key, an API key, and a password for each role."""

    signing_key: dict[str, Any]
    api_key: str
    passwords: dict[str, str]

    @classmethod
    def make(cls) -> "Secrets":
        """Make new ones."""
        return cls(
            signing_key=dict(make_key().as_dict(private=True)),
            api_key=f"sl_{secrets.token_urlsafe(32)}",
            passwords={role: secrets.token_urlsafe(12) for role in ROLES},
        )


class Store:
    """A data folder that this process holds: databases, broker files, logs and secrets live in it.

    `users` names, by role, whom the development sign-in stands for.
    """

    def __init__(self, path: Path, users: Mapping[str, str]) -> None:
        self.users = users
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self.run_file = self.path / "run.json"
        self.signing_key = self.path / "signing-key.json"
        self.token_keys = self.path / "token-keys.json"
        self.logins_file = self.path / "logins.json"
        self.secrets: Secrets

    def open(self) -> None:
        """Make the folder if need be, lock it, and read or make its secrets.

        Raises CannotStartError when it cannot be written, is in use, or was made by a newer version.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise CannotStartError(f"Cannot write to {self.path}: {error.strerror}.") from error
        self._lock()
        self._check_format()
        self.run_file.unlink(missing_ok=True)
        self.secrets = self._read_secrets()
        self._hand_out()

    def is_current(self, services: Iterable[str]) -> bool:
        """Tell whether the databases of all services are of this code's version.

        Raises CannotStartError when one was migrated by code that is newer than this.
        """
        current = True
        for service in services:
            known, heads = written([BACKBONE, ROOT / "services" / service / "migrations" / "versions"])
            found = revisions_in(self.path / f"{service}.db")
            if unknown := found - known:
                raise CannotStartError(
                    f"The store in {self.path} is of a newer version ({', '.join(sorted(unknown))}): update Shareload."
                )
            current = current and found == heads
        return current

    def _lock(self) -> None:
        """Take the folder's lock; the children inherit it, so it is free only when all of them are gone."""
        self._lock_file = (self.path / "lock").open("w")
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in {errno.EWOULDBLOCK, errno.EAGAIN}:
                    raise
                if time.monotonic() > deadline:
                    raise CannotStartError(
                        f"Shareload is already running on {self.path}. DATA_DIR= names another."
                    ) from None
                time.sleep(0.05)
            else:
                return

    def _check_format(self) -> None:
        """Refuse a folder whose layout is newer than this code; mark a new one."""
        mark = self.path / "store.json"
        if not mark.exists():
            write_private(mark, {"format": FORMAT})
            return
        found = json.loads(mark.read_text())["format"]
        if found > FORMAT:
            raise CannotStartError(
                f"The store in {self.path} is of a newer version ({found}, this is {FORMAT}): update Shareload."
            )

    def _read_secrets(self) -> Secrets:
        """Return the secrets of this store, made at its first start."""
        file = self.path / "secrets.json"
        if file.exists():
            return Secrets(**json.loads(file.read_text()))
        made = Secrets.make()
        write_private(file, vars(made))
        return made

    def _hand_out(self) -> None:
        """Write each secret as the file that the service which needs it reads."""
        public = OKPKey.import_key(self.secrets.signing_key).as_dict(private=False)
        write_private(self.signing_key, self.secrets.signing_key)
        write_private(self.token_keys, {"keys": [public]})
        write_private(self.logins_file, self.logins)

    @property
    def logins(self) -> dict[str, dict[str, str]]:
        """Who may sign in here, by role."""
        return {
            role: {"user": self.users.get(role, role), "password": password}
            for role, password in self.secrets.passwords.items()
        }

    def tell(self, running: dict[str, Any]) -> None:
        """Write what scripts need to reach the running platform."""
        write_private(self.run_file, running)

    def close(self) -> None:
        """Take back what said that the platform runs."""
        self.run_file.unlink(missing_ok=True)


def revisions_in(file: Path) -> set[str]:
    """Return the revisions that a database is at; none where there is nothing yet."""
    if not file.exists():
        return set()
    with closing(sqlite3.connect(file)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return set()
        return {row[0] for row in database.execute("SELECT version_num FROM alembic_version")}


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Replace a file that only its owner can read, in one step."""
    new = path.with_name(f".{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 -- with its mode
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
