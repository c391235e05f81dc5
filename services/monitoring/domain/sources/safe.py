"""Secrets of sources: what their configuration keeps to itself, encrypted under a key that is in no database."""

from pathlib import Path

import orjson

from shared import safe
from shared.problems import Unavailable


class SourceKeyLost(Unavailable):
    """The secrets of a source cannot be read: bring the key file back, or set the secrets again."""


class Safe:
    """Encrypts what a source's configuration keeps secret; the file is made where there is none."""

    def __init__(self, path: Path) -> None:
        self.kept = safe.Safe(path, "source secrets")

    def seal(self, source: str, values: dict[str, str]) -> bytes | None:
        """Return secrets as the database may keep them; they can be opened for this source only."""
        return self.kept.seal(source, orjson.dumps(values)) if values else None

    def open(self, source: str, sealed: bytes | None) -> dict[str, str]:
        """Return the secrets of a source; raises SourceKeyLost when no key of the file is the one that sealed them."""
        if sealed is None:
            return {}
        try:
            found: dict[str, str] = orjson.loads(self.kept.open(source, sealed))
        except (safe.KeyFileLost, ValueError):
            raise SourceKeyLost from None
        return found
