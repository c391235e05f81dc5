"""All services in one file, as they were at one moment, taken while they work.

The databases' moments are fixed one after the other within a millisecond or two. Then it is looked whether they are
one: should a service have heard in between what another told after its own moment, they are fixed anew. So nobody has
to stand still, and what was restored is compared with nothing but itself.
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import select

from services import SERVICES
from services.backup_consistency import a_while_ago, ahead
from services.backup_databases import BackupError, Snapshot
from shared.evidence import head_hash, head_text
from shared.settings import ServiceSettings
from shared.tables import evidence_heads

FORMAT = 1
MANIFEST = "manifest.json"
TRIES = 100
NOT_KEPT = frozenset({"nats", "logs", "lock", "run.json"})
"""Of the data folder: the broker's store is filled again from the outboxes, and the rest belongs to one run."""
DATABASE_FILES = (".db", ".db-wal", ".db-shm", ".db.lock")


class KeptDatabase(BaseModel):
    """One service's part of a backup; `last_head` is how far its evidence log reached."""

    kind: str
    revisions: list[str]
    last_head: int
    last_head_hash: str | None
    known: dict[str, Any]


class Manifest(BaseModel):
    """What a backup holds: each file with its SHA-256 (hex)."""

    format: int = FORMAT
    made_by: str
    taken_at: datetime
    databases: dict[str, KeptDatabase]
    files: dict[str, str]

    def encode(self) -> bytes:
        """Return it as the file that comes first in a backup."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def databases_of(data_dir: Path) -> dict[str, str]:
    """Return where each service's database is: as its environment says, else in the data folder."""

    def url_of(name: str) -> str:
        class Settings(ServiceSettings, env_prefix=f"SHARELOAD_{name.upper()}_"):
            """Where this service keeps its data."""

        return Settings(data_dir=data_dir).database_for(name)

    return {name: url_of(name) for name in SERVICES}


def back_up(databases: Mapping[str, str], data_dir: Path, file: Path) -> Manifest:
    """Write a backup of all services, with the keys and files of the data folder; raises BackupError.

    The file appears when it is whole. It holds all secrets, so only its owner can read it.
    """
    if file.exists():
        raise BackupError(f"{file} exists already.")
    if file.resolve().is_relative_to(data_dir.resolve()):
        raise BackupError(f"{file} is inside {data_dir}: a backup that lies with the data is lost with it.")
    with TemporaryDirectory(dir=file.parent, prefix=".backup-") as made, ExitStack() as opened:
        folder = Path(made)
        snapshots = {name: opened.enter_context(Snapshot(name, url)) for name, url in databases.items()}
        taken_at = take_together(snapshots)
        (folder / "databases").mkdir()
        kept = {name: kept_of(each, folder / "databases") for name, each in snapshots.items()}
        if data_dir.is_dir():
            keep_files(data_dir, folder / "files")
        manifest = Manifest(
            made_by=version("shareload"), taken_at=taken_at, databases=kept, files=dict(hashes_of(folder))
        )
        pack(folder, manifest, file)
    return manifest


def take_together(snapshots: Mapping[str, Snapshot]) -> datetime:
    """Fix the moment of all databases so that nobody knows more of another than that other; return when it was."""
    since = a_while_ago()
    connections = {name: each.connection for name, each in snapshots.items()}
    found: str | None = None
    for _ in range(TRIES):
        for each in snapshots.values():
            each.release()
        for each in snapshots.values():
            each.take()
        taken_at = datetime.now(UTC)
        found = ahead(connections, since=since)
        if found is None:
            return taken_at
    raise BackupError(f"No moment was found that is one for all services: {found}.")


def kept_of(snapshot: Snapshot, folder: Path) -> KeptDatabase:
    """Write out one database."""
    newest = select(evidence_heads).order_by(evidence_heads.c.number.desc()).limit(1)
    head = snapshot.connection.execute(newest).mappings().first()
    return KeptDatabase(
        kind=snapshot.kind,
        revisions=snapshot.revisions(),
        last_head=head["number"] if head else 0,
        last_head_hash=head_hash(head_text(snapshot.service, head)) if head else None,
        known=snapshot.write_out(folder),
    )


def keep_files(data_dir: Path, target: Path) -> None:
    """Copy what else stands in the data folder: keys, settings of the store, files that were written out."""

    def passed_over(folder: str, names: list[str]) -> set[str]:
        here = Path(folder)
        of_a_run = {name for name in names if name in NOT_KEPT or name.endswith(DATABASE_FILES)}
        sockets = {name for name in names if not (here / name).is_file() and not (here / name).is_dir()}
        return sockets | of_a_run if here == data_dir else sockets

    shutil.copytree(data_dir, target, ignore=passed_over)


def hashes_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each file below a folder, by its path from there, with its SHA-256."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                yield str(path.relative_to(folder)), hashlib.file_digest(file, "sha256").hexdigest()


def pack(folder: Path, manifest: Manifest, file: Path) -> None:
    """Put a folder into one file, the manifest first."""
    (folder / MANIFEST).write_bytes(manifest.encode())
    part = folder / "packed"
    with (
        open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,  # noqa: PTH123 -- with its mode
        tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as packed,
    ):
        for name in (MANIFEST, *manifest.files):
            packed.add(folder / name, name)
        packed.close()
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(file)
