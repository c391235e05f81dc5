"""Secrets of sources: encrypted under a key from a file that is in no database."""

import secrets
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.evidence import read_or_make_key
from shared.problems import Unavailable

NONCE = 12


class SourceKeyLost(Unavailable):
    """The secrets of a source cannot be read: bring the key file back, or set the secrets again."""


class Safe:
    """Encrypts (AES-256-GCM) what a source's configuration keeps secret; the file is made where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None

    def seal(self, source: str, values: dict[str, str]) -> bytes | None:
        """Return secrets as the database may keep them; they can be opened for this source only."""
        if not values:
            return None
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._opened().encrypt(nonce, orjson.dumps(values), source.encode())

    def open(self, source: str, sealed: bytes | None) -> dict[str, str]:
        """Return the secrets of a source; raises SourceKeyLost when this file is not the one that sealed them."""
        if sealed is None:
            return {}
        try:
            found: dict[str, str] = orjson.loads(
                self._opened().decrypt(sealed[:NONCE], sealed[NONCE:], source.encode())
            )
        except (InvalidTag, ValueError):
            raise SourceKeyLost from None
        return found

    def _opened(self) -> AESGCM:
        if self._cipher is None:
            key = read_or_make_key(self._path).private_key
            assert isinstance(key, Ed25519PrivateKey)  # noqa: S101  read_or_make_key makes and reads no other
            derived = HKDF(SHA256(), 32, salt=None, info=b"shareload source secrets").derive(key.private_bytes_raw())
            self._cipher = AESGCM(derived)
        return self._cipher
