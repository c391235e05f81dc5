"""Secrets that we must be able to read again: encrypted under a key from a file that is in no database.

The file holds one key (a JWK), or several while one replaces another (a JWK set, the newest first): what is kept is
sealed under the newest, and opened with any. `shared.resealing` seals anew what an older one sealed, after which that one can go.
"""

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OKPKey

from shared.auth import make_key
from shared.evidence import read_or_make_key
from shared.problems import Unavailable

NONCE = 12


class KeyFileLost(Unavailable):
    """What was encrypted cannot be read: bring the key file back, or set the secrets again."""


class Safe:
    """Encrypts secrets (AES-256-GCM) for one purpose; the key file is made where there is none."""

    def __init__(self, path: Path, purpose: str) -> None:
        self._path = path
        self.purpose = purpose
        self._ciphers: list[AESGCM] = []
        self._read = 0

    def seal(self, owner: str, secret: bytes) -> bytes:
        """Return a secret as the database may keep it; it can be opened for this owner only."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._opened()[0].encrypt(nonce, secret, owner.encode())

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return an owner's secret; raises KeyFileLost when no key of this file is the one that sealed it."""
        return self._found(owner, sealed)[1]

    def anew(self, owner: str, sealed: bytes | None) -> bytes | None:
        """Return an owner's secret sealed under the newest key; None where it is, or where no key opens it."""
        try:
            place, secret = self._found(owner, sealed or b"")
        except KeyFileLost:
            return None
        return self.seal(owner, secret) if place else None

    @property
    def replacing(self) -> bool:
        """Say whether the file, as it is now, holds a newer key beside the one before."""
        if self._changed():
            self._ciphers = []
        return self._path.exists() and len(self._opened()) > 1

    def _found(self, owner: str, sealed: bytes) -> tuple[int, bytes]:
        """Return which key opens a secret, and the secret."""
        while True:
            for place, cipher in enumerate(self._opened()):
                try:
                    return place, cipher.decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())
                except (InvalidTag, ValueError):
                    continue
            # It may be sealed under a key that came since.
            if not self._changed():
                raise KeyFileLost
            self._ciphers = []

    def _changed(self) -> bool:
        return self._path.exists() and self._path.stat().st_mtime_ns != self._read

    def _opened(self) -> list[AESGCM]:
        if not self._ciphers:
            keys = read_keys(self._path)
            self._read = self._path.stat().st_mtime_ns
            self._ciphers = [self._derived(key) for key in keys]
        return self._ciphers

    def _derived(self, key: OKPKey) -> AESGCM:
        private = key.private_key
        assert isinstance(private, Ed25519PrivateKey)  # noqa: S101  read_or_make_key makes and reads no other
        derived = HKDF(SHA256(), 32, salt=None, info=f"shareload {self.purpose}".encode())
        return AESGCM(derived.derive(private.private_bytes_raw()))


def read_keys(path: Path) -> list[OKPKey]:
    """Return the keys of a file, the newest first; one is made where there is no file."""
    if path.exists() and "keys" in (content := orjson.loads(path.read_bytes())):
        return [OKPKey.import_key(key) for key in content["keys"]]
    return [read_or_make_key(path)]


def rotate(path: Path) -> None:
    """Put a new key in front of those of a file."""
    write_keys(path, [make_key(), *read_keys(path)])


def forget_former(path: Path) -> int:
    """Leave only the newest key in a file; returns how many were before it."""
    newest, *former = read_keys(path)
    write_keys(path, [newest])
    return len(former)


def write_keys(path: Path, keys: list[OKPKey]) -> None:
    """Replace a file by one with these keys (mode 600), whole or not at all."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as made:
        made.write(orjson.dumps({"keys": [key.as_dict(private=True) for key in keys]}))
        made.flush()
        os.fsync(made.fileno())
    Path(made.name).replace(path)
