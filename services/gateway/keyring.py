"""The credentials that work now, kept in memory: a request costs one hash and one look-up."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.domain import api_keys, credentials
from services.gateway.domain.credentials import Credential
from services.gateway.domain.event_log import Logged
from shared.auth import Principal
from shared.clock import Clock
from shared.db import Database
from shared.problems import Forbidden, Unauthorized

COOKIE = "shareload_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STALE = 1.0
"""Seconds after which an unknown secret makes us look again: another process may have made it."""
CHANGING = frozenset(
    {
        "gateway.key.created.v1",
        "gateway.key.revoked.v1",
        "policy.task_team.changed.v1",
        "training.person.changed.v1",
        "training.person.left.v1",
    }
)


class ForeignOrigin(Forbidden):
    """A page of another origin may not change anything with this session."""


class Keyring:
    """Knows who asks by API key or by session cookie."""

    def __init__(self, db: Database, clock: Clock, public_url: str) -> None:
        self._db = db
        self._clock = clock
        self._origin = public_url.rstrip("/")
        self._known: dict[str, Credential] = {}
        self._loaded = 0.0
        self._outdated = False
        self._used: dict[str, datetime] = {}

    async def load(self) -> None:
        """Read all credentials that work now."""
        self._outdated = False
        self._loaded = time.monotonic()
        found = await self._db.read(credentials.find_working)
        self._known = {credential.secret_hash: credential for credential in found}

    def follow(self, _epoch: str, stretch: Sequence[Logged]) -> None:
        """Look again, at the next request, after an event that changes who may do what."""
        if any(logged.type in CHANGING for logged in stretch):
            self._outdated = True

    async def authenticate(self, scope: Scope) -> Principal | None:
        """Return who asks, or None where the request carries no credentials; raises Unauthorized or ForeignOrigin."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                return await self._by_key(scope, value.decode("latin-1"))
        return await self._by_cookie(scope, Headers(scope=scope))

    async def _by_key(self, scope: Scope, given: str) -> Principal:
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthorized("Send the key as `Authorization: Bearer <API key>`.")
        credential = await self.find(secret.strip())
        if credential is None:
            raise Unauthorized("The API key is not known, has ended, or was revoked.")
        if credential.key_id is not None:
            self._used[credential.key_id] = self._clock.now()
        scope["credential"] = credential
        return credential.principal

    async def _by_cookie(self, scope: Scope, headers: Headers) -> Principal | None:
        secret = read_cookie(headers)
        credential = await self.find(secret) if secret else None
        if credential is None or credential.key_id is not None:
            return None
        if scope["method"] not in SAFE:
            self.refuse_foreign(headers)
        scope["credential"] = credential
        return credential.principal

    def refuse_foreign(self, headers: Headers) -> None:
        """Raise ForeignOrigin unless the browser says that one of our own pages asks."""
        origin = headers.get("origin")
        own = {self._origin, f"http://{headers.get('host', '')}"}
        if origin not in own and (origin is not None or headers.get("sec-fetch-site") != "same-origin"):
            raise ForeignOrigin

    async def find(self, secret: str) -> Credential | None:
        """Return the working credential that a secret stands for."""
        secret_hash = hashlib.sha256(secret.encode()).hexdigest()
        if self._outdated or (secret_hash not in self._known and time.monotonic() - self._loaded > STALE):
            await self.load()
        return self.current(secret_hash)

    def current(self, secret_hash: str) -> Credential | None:
        """Return a credential if it works still, as far as this process knows."""
        credential = self._known.get(secret_hash)
        if credential is None or (credential.expires_at is not None and credential.expires_at <= self._clock.now()):
            return None
        return credential

    async def write_use(self) -> None:
        """Keep when keys were last used: written behind, not per request."""
        used, self._used = self._used, {}
        if used:
            await self._db.write(api_keys.note_use, used)


def read_cookie(headers: Headers) -> str | None:
    """Return the session cookie's value."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None
