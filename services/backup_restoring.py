"""A backup put back onto an empty machine: verified, filled in, and the erasures since then applied again.

The broker comes back empty. The services make its stream anew, publish what their outboxes keep, and load each other's
state: so every copy becomes what its owner has, and readers of `/v1/events` are told to begin anew.
"""

import asyncio
import hashlib
import shutil
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from sqlalchemy.orm import Session as PlainSession

from services.backup import FORMAT, MANIFEST, Manifest
from services.backup_consistency import MINUTE, ahead
from services.backup_databases import BackupError, Snapshot, file_of, fill, heads_of, is_empty, open_engine
from services.training.domain.privacy.again import erase_again
from shared.clock import SystemClock
from shared.context import Context, Principal, current
from shared.db import Database, Session
from shared.evidence import Sealer, record
from shared.evidence_chain import verify_log

CHUNK = 1024 * 1024
LARGEST_MANIFEST = 64 * CHUNK
OPERATOR = Principal(id="restore", scopes=frozenset({"people:read", "people:write"}))


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: the backup's manifest, and how many people were erased again."""

    manifest: Manifest
    erased: int


def restore(file: Path, databases: Mapping[str, str], data_dir: Path, erased: Iterable[str]) -> Restored:
    """Put a backup back; `erased` are the ids of all who were ever erased. Raises BackupError.

    Until everything in the backup has been verified, nothing is written but a folder beside the data folder.
    """
    refuse_used(databases, data_dir)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=data_dir.parent, prefix=".restore-") as made:
        folder = Path(made)
        manifest = unpack(file, folder)
        refuse_unfit(manifest, databases)
        data_dir.mkdir(mode=0o700, exist_ok=True)
        if (folder / "files").is_dir():
            shutil.copytree(folder / "files", data_dir, dirs_exist_ok=True)
        for name, url in databases.items():
            fill(name, url, folder / "databases", manifest.databases[name].known)
    refuse_unsound(databases, data_dir, manifest.taken_at)
    return Restored(manifest, asyncio.run(take_up(databases, manifest, erased)))


def refuse_used(databases: Mapping[str, str], data_dir: Path) -> None:
    """Raise BackupError where there is something already: a restore writes over nothing."""
    if data_dir.is_dir() and any(data_dir.iterdir()):
        raise BackupError(
            f"{data_dir} is not empty; a backup is restored into an empty folder. DATA_DIR= names another."
        )
    for name, url in databases.items():
        if not is_empty(url):
            raise BackupError(f"The database of the {name} service is not empty; a backup is restored into empty ones.")


def unpack(file: Path, folder: Path) -> Manifest:
    """Write a backup's files into a folder and compare each with the manifest."""
    try:
        with tarfile.open(file, "r:gz") as packed:
            first = packed.next()
            content = packed.extractfile(first) if first is not None and first.name == MANIFEST else None
            if content is None:
                raise BackupError(f"{file} is not a backup of Shareload.")
            manifest = Manifest.model_validate_json(content.read(LARGEST_MANIFEST))
            if manifest.format > FORMAT:
                raise BackupError(f"{file} was made by a newer version ({manifest.made_by}): update Shareload.")
            left = dict(manifest.files)
            # Going through it begins with the manifest once more.
            for member in islice(packed, 1, None):
                content = packed.extractfile(member)
                if content is None or written(content, placed(folder, member.name)) != left.pop(member.name, None):
                    raise BackupError(f"{file} is damaged: {member.name} is not what was backed up.")
    except (OSError, EOFError, tarfile.TarError, ValidationError) as error:
        raise BackupError(f"{file} cannot be read: {error}") from error
    if left:
        raise BackupError(f"{file} is damaged: {min(left)} is missing.")
    return manifest


def placed(folder: Path, name: str) -> Path:
    """Return where a file goes; raises BackupError for one that would leave the folder."""
    parts = PurePosixPath(name).parts
    if not parts or parts[0] not in {"databases", "files"} or ".." in parts:
        raise BackupError(f"The backup holds {name}, which is no place for a file of it.")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def written(content: IO[bytes], path: Path) -> str:
    """Write a file that only its owner can read; return its SHA-256 (hex)."""
    digest = hashlib.sha256()
    path.touch(mode=0o600)
    with path.open("wb") as file:
        while part := content.read(CHUNK):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def refuse_unfit(manifest: Manifest, databases: Mapping[str, str]) -> None:
    """Raise BackupError where a backup cannot go onto these databases."""
    for name, url in databases.items():
        kept = manifest.databases.get(name)
        kind = "postgresql" if file_of(url) is None else "sqlite"
        if kept is None or kept.kind != kind:
            had = kept.kind if kept else "missing"
            raise BackupError(f"In the backup the database of the {name} service is {had}, here it is {kind}.")
        if kind == "postgresql" and set(kept.revisions) != heads_of(name):
            raise BackupError(
                f"The backup was made by version {manifest.made_by}, whose tables differ: restore it with that version, "
                "then update."
            )


def refuse_unsound(databases: Mapping[str, str], data_dir: Path, taken_at: datetime) -> None:
    """Raise BackupError when what was restored disagrees with itself: a copy with its owner, or a proof with its log."""
    with ExitStack() as opened:
        snapshots = {name: opened.enter_context(Snapshot(name, url)) for name, url in databases.items()}
        found = ahead({name: each.connection for name, each in snapshots.items()}, since=taken_at.timestamp() - MINUTE)
    if found is not None:
        raise BackupError(f"What was restored is not of one moment: {found}.")
    for name, url in databases.items():
        key = evidence_key(name, data_dir)
        if key is None:
            continue
        engine = open_engine(url)
        with PlainSession(engine) as session:
            bad = verify_log(session, name, key)
        engine.dispose()
        if bad is not None:
            raise BackupError(f"The evidence log of the {name} service is not sound: {bad}.")


def evidence_key(service: str, data_dir: Path) -> Ed25519PublicKey | None:
    """Return the key of a service's evidence where it is kept in the data folder."""
    file = data_dir / f"evidence-{service}.json"
    return Sealer(service, file).public_key() if file.exists() else None


async def take_up(databases: Mapping[str, str], manifest: Manifest, erased: Iterable[str]) -> int:
    """Enter in each evidence log that it goes on from a backup, and erase again; return how many people were."""
    current.set(Context(caller=OPERATOR))
    gone = 0
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    for name, url in databases.items():
        db = Database(url, SystemClock())
        try:
            await db.write(note_restored, digest)
            if name == "training":
                gone = await db.write(erase_again, sorted(set(erased)))
        finally:
            db.stop()
    return gone


def note_restored(session: Session, digest: str) -> None:
    """Enter that this log goes on from a backup, with the hash of its manifest: heads since then are of another line."""
    record(session, "platform.restored", "platform/all", digest)
