"""The credentials that work now, kept in memory: a request costs one hash and one look-up."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from datetime import datetime

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.bearer import AccessTokens, looks_like_one
from services.gateway.domain import api_keys, credentials
from services.gateway.domain.credentials import Credential
from services.gateway.domain.event_log import Logged
from services.gateway.domain.sign_in import sessions
from services.gateway.embed_tokens import MARK, EmbedTokens
from shared.auth import Principal
from shared.clock import Clock
from shared.db import Database
from shared.problems import Forbidden, Unauthorized

COOKIE = "shareload_session"
UNATTENDED = "shareload-unattended"
"""The header by which a page says that it asks by itself: a page that lies open keeps no session alive."""
BEARER = b"Bearer "
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STALE = 1.0
"""Seconds after which an unknown secret makes us look again: another process may have made it."""
CHANGING = frozenset(
    {
        "gateway.key.created.v1",
        "gateway.key.rotated.v1",
        "gateway.key.revoked.v1",
        "gateway.sign_in.ended.v1",
        "policy.task_team.changed.v1",
        "training.person.changed.v1",
        "training.person.left.v1",
    }
)
LEAKED = re.compile(rb"sl_[A-Za-z0-9_-]{40,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
"""An API key or a signed token in an address, where every proxy and log on the way has read it."""
FORM_BYTES = 16
"""Random bytes of each form, and of no other."""
SIGN_IN_AGAIN = "/sign-in?fresh=1"


class ForeignOrigin(Forbidden):
    """A page of another origin may not change anything with this session."""


class StaleForm(Forbidden):
    """This form belongs to an earlier sign-in; load its page again."""


class KeyInAddress(Unauthorized):
    """A key must not stand in an address."""


class FreshSignInNeeded(Forbidden):
    """This asks for a sign-in that is no older than 15 minutes."""


class Keyring:
    """Knows who asks by API key, by a provider's access token, or by session cookie."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        public_url: str,
        embed_tokens: EmbedTokens,
        tokens: AccessTokens | None = None,
    ) -> None:
        self._db = db
        self._embed_tokens = embed_tokens
        self._clock = clock
        self._origin = public_url.rstrip("/")
        self._tokens = tokens
        self._known: dict[str, Credential] = {}
        self._loaded = 0.0
        self._outdated = False
        self._used: dict[str, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._unwritten: dict[str, datetime] = {}
        self.secure = self._origin.startswith("https:")

    def cookie(self, name: str = COOKIE) -> str:
        """Return a cookie's name: over TLS one that no other host of the domain can set (`__Host-`)."""
        return f"__Host-{name}" if self.secure else name

    async def load(self) -> None:
        """Read all credentials that work now."""
        self._outdated = False
        self._loaded = time.monotonic()
        found = await self._db.read(credentials.find_working)
        self._known = {credential.secret_hash: credential for credential in found}
        self._seen = {known: at for known, at in self._seen.items() if known in self._known}

    def follow(self, _epoch: str, stretch: Sequence[Logged]) -> None:
        """Look again, at the next request, after an event that changes who may do what."""
        if any(logged.type in CHANGING for logged in stretch):
            self._outdated = True
            if self._tokens is not None:
                self._tokens.forget()

    async def authenticate(self, scope: Scope) -> Principal | None:
        """Return who asks, or None where the request carries no credentials.

        Raises Unauthorized, ForeignOrigin, or KeyInAddress where a key stands in the query.
        """
        query: bytes = scope["query_string"]
        if query and LEAKED.search(query):
            raise KeyInAddress(
                "Send the key as `Authorization: Bearer <key>`. An address is kept in logs: replace the key that was in it."
            )
        for name, value in scope["headers"]:
            if name == b"authorization":
                return await self._by_key(scope, value.decode("latin-1"))
        return await self._by_cookie(scope, Headers(scope=scope))

    def at_hand(self, given: bytes) -> Principal | None:
        """Return whom an `Authorization` header's API key stands for, or None where that takes more than a look-up."""
        if self._outdated or not given.startswith(BEARER):
            return None
        credential = self.current(hashlib.sha256(given[len(BEARER) :]).hexdigest())
        if credential is None or credential.key_id is None:
            return None
        self._used[credential.key_id] = self._clock.now()
        return credential.principal

    async def _by_key(self, scope: Scope, given: str) -> Principal:
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthorized("Send the key as `Authorization: Bearer <API key>`.")
        secret = secret.strip()
        if secret.startswith(MARK):
            return self._embed_tokens.authenticate(scope, secret)
        credential: Credential | None
        if self._tokens is not None and looks_like_one(secret):
            credential = await self._tokens.find(secret, self._clock.now())
        else:
            credential = await self.find(secret)
        if credential is None or credential.session_id is not None:
            raise Unauthorized("The API key is not known, has ended, or was revoked.")
        if credential.key_id is not None:
            self._used[credential.key_id] = self._clock.now()
        scope["credential"] = credential
        return credential.principal

    async def _by_cookie(self, scope: Scope, headers: Headers) -> Principal | None:
        secret = self.read_cookie(headers)
        credential = await self.find(secret) if secret else None
        if credential is None or credential.session_id is None:
            return None
        if scope["method"] not in SAFE:
            self.refuse_foreign(headers)
        if UNATTENDED not in headers:
            self._seen[credential.secret_hash] = self._unwritten[credential.session_id] = self._clock.now()
        scope["credential"] = credential
        return credential.principal

    def refuse_foreign(self, headers: Headers) -> None:
        """Raise ForeignOrigin unless the browser says that one of our own pages asks."""
        origin = headers.get("origin")
        own = {self._origin} if self.secure else {self._origin, f"http://{headers.get('host', '')}"}
        if origin not in own and (origin is not None or headers.get("sec-fetch-site") != "same-origin"):
            raise ForeignOrigin

    def require_fresh(self, scope: Scope) -> None:
        """Raise FreshSignInNeeded unless the person proved who they are a short while ago."""
        credential: Credential | None = scope.get("credential")
        at = credential.authenticated_at if credential is not None else None
        if at is None or self._clock.now() - at > sessions.FRESH:
            raise FreshSignInNeeded(
                f"Sign in again at {SIGN_IN_AGAIN}, then repeat this.", extra={"sign_in": SIGN_IN_AGAIN}
            )

    async def find(self, secret: str) -> Credential | None:
        """Return the working credential that a secret stands for."""
        secret_hash = hashlib.sha256(secret.encode()).hexdigest()
        if self._outdated:
            await self.load()
        found = self.current(secret_hash)
        if found is None and time.monotonic() - self._loaded > STALE:
            await self.load()
            found = self.current(secret_hash)
        return found

    def current(self, secret_hash: str) -> Credential | None:
        """Return a credential if it works still, as far as this process knows."""
        credential = self._known.get(secret_hash)
        if credential is None and self._tokens is not None:
            credential = self._tokens.current(secret_hash)
        if credential is None:
            return None
        now = self._clock.now()
        if credential.expires_at is not None and credential.expires_at <= now:
            return None
        if credential.seen_at is not None:
            seen = max(credential.seen_at, self._seen.get(secret_hash, credential.seen_at))
            return credential if now - seen < sessions.IDLE else None
        return credential

    def read_cookie(self, headers: Headers, name: str = COOKIE) -> str | None:
        """Return the value of one of our cookies; by default that of the session."""
        wanted = self.cookie(name)
        for part in headers.get("cookie", "").split(";"):
            found, _, value = part.strip().partition("=")
            if found == wanted:
                return value
        return None

    def form_token(self, headers: Headers) -> str:
        """Return what a form of the page must bring back: only who has the session's cookie can know it.

        It is another one each time, so that nobody learns it from the length of packed pages (BREACH).
        """
        mask = secrets.token_bytes(FORM_BYTES)
        return (mask + self._form_secret(headers, mask)).hex()

    def _form_secret(self, headers: Headers, mask: bytes) -> bytes:
        return hmac.digest((self.read_cookie(headers) or "").encode(), b"form" + mask, "sha256")

    def check_form(self, headers: Headers, token: str) -> None:
        """Raise StaleForm unless a form comes from a page that was made for this session."""
        try:
            sent = bytes.fromhex(token)
        except ValueError:
            raise StaleForm from None
        if not hmac.compare_digest(self._form_secret(headers, sent[:FORM_BYTES]), sent[FORM_BYTES:]):
            raise StaleForm

    async def write_use(self) -> None:
        """Keep when keys and sessions were last used: written behind, not per request."""
        used, self._used = self._used, {}
        seen, self._unwritten = self._unwritten, {}
        if used:
            await self._db.write(api_keys.note_use, used)
        if seen:
            await self._db.write(sessions.note_seen, seen)


def secret_of(scope: Scope) -> str:
    """Return the key or token that a request comes with; empty where there is none."""
    given = Headers(scope=scope).get("authorization", "")
    return given.partition(" ")[2].strip()
