"""Access tokens of the organisation's provider, each judged once: a request with a known one costs a hash and a look-up."""

import hashlib
from datetime import datetime

from services.gateway.connectors.provider import Provider
from services.gateway.domain.credentials import Credential
from services.gateway.domain.sign_in import who
from shared.db import Database

MOST = 10_000
"""Tokens that are remembered at once."""


class AccessTokens:
    """Knows who comes with an access token; forgets it all when anybody's rights change."""

    def __init__(self, provider: Provider, db: Database) -> None:
        self._provider = provider
        self._db = db
        self._known: dict[str, Credential] = {}
        self._forgotten = 0

    def current(self, secret_hash: str) -> Credential | None:
        """Return a token that was judged before, whether it has ended or not."""
        return self._known.get(secret_hash)

    def forget(self) -> None:
        """Judge every token anew: a person may have left, or sit on another seat."""
        self._known.clear()
        self._forgotten += 1

    async def find(self, token: str, now: datetime) -> Credential:
        """Return whom a token stands for; raises TokenRefused, or ProviderAway where its keys cannot be had."""
        secret_hash = hashlib.sha256(token.encode()).hexdigest()
        known = self._known.get(secret_hash)
        if known is not None and known.expires_at is not None and known.expires_at > now:
            return known
        forgotten = self._forgotten
        claims = await self._provider.check_access(token)
        credential = await self._db.read(who.credential_of, claims, self._provider.mapped, secret_hash)
        if forgotten == self._forgotten:
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[secret_hash] = credential
        return credential


def looks_like_one(secret: str) -> bool:
    """Say whether a secret is a signed token: three parts, the first a JSON object in base64."""
    return secret.startswith("eyJ") and secret.count(".") == 2
