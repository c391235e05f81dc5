"""Secrets that we must be able to read again: encrypted under a key from a file that is in no database."""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.evidence import read_or_make_key
from shared.problems import Unavailable

NONCE = 12


class KeyFileLost(Unavailable):
    """What was encrypted cannot be read: bring the key file back, or set the secrets again."""


class Safe:
    """Encrypts secrets (AES-256-GCM) for one purpose; the key file is made where there is none."""

    def __init__(self, path: Path, purpose: str) -> None:
        self._path = path
        self._purpose = purpose
        self._cipher: AESGCM | None = None

    def seal(self, owner: str, secret: bytes) -> bytes:
        """Return a secret as the database may keep it; it can be opened for this owner only."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._opened().encrypt(nonce, secret, owner.encode())

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return an owner's secret; raises KeyFileLost when this file is not the one that sealed it."""
        try:
            return self._opened().decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())
        except (InvalidTag, ValueError):
            raise KeyFileLost from None

    def _opened(self) -> AESGCM:
        if self._cipher is None:
            key = read_or_make_key(self._path).private_key
            assert isinstance(key, Ed25519PrivateKey)  # noqa: S101  read_or_make_key makes and reads no other
            derived = HKDF(SHA256(), 32, salt=None, info=f"shareload {self._purpose}".encode())
            self._cipher = AESGCM(derived.derive(key.private_bytes_raw()))
        return self._cipher
