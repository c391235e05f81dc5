"""Who asks: the short-lived token that the gateway signs for one service, and the scopes a route needs.

A service trusts no header but this token (EdDSA, `aud` = the service). Verified tokens are cached until they end.
"""

import time
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from shared.context import Principal, current
from shared.problems import Forbidden, Unauthorized

HEADER = "shareload-caller"
LIFETIME = 60
ALGORITHM = "Ed25519"
INTERNAL = "internal"
"""The scope by which the gateway itself asks a service about events."""


class TokenSigner:
    """The gateway's side: makes a token for a principal and a service, and uses it for half its lifetime."""

    def __init__(self, private_key: Path) -> None:
        self._key = OKPKey.import_key(orjson.loads(private_key.read_bytes()))
        self._made: dict[tuple[Principal, str], tuple[float, str]] = {}

    def token(self, principal: Principal, audience: str) -> str:
        """Return a signed token that `audience` accepts for at least half a minute."""
        now = time.time()
        made = self._made.get((principal, audience))
        if made is not None and made[0] > now:
            return made[1]
        if len(self._made) > 10_000:
            self._made.clear()
        token = jwt.encode(
            {"alg": ALGORITHM, "kid": self._key.kid},
            claims_of(principal, audience, now),
            self._key,
            algorithms=[ALGORITHM],
        )
        self._made[principal, audience] = (now + LIFETIME / 2, token)
        return token


def claims_of(principal: Principal, audience: str, now: float) -> dict[str, Any]:
    """Return the claims that say who `principal` is."""
    return {
        "iss": "gateway",
        "aud": audience,
        "sub": principal.id,
        "exp": int(now + LIFETIME),
        "person": principal.person,
        "employee_number": principal.employee_number,
        "scopes": sorted(principal.scopes),
        "roles": sorted(principal.roles),
        "departments": sorted(principal.departments) if principal.departments is not None else None,
    }


class TokenVerifier:
    """A service's side: turns a token into the principal it stands for."""

    def __init__(self, public_keys: Path, audience: str) -> None:
        self._keys = KeySet.import_key_set(orjson.loads(public_keys.read_bytes()))
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": "gateway"},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._known: dict[str, tuple[float, Principal]] = {}

    def principal(self, token: str) -> Principal:
        """Return who a token stands for; raises Unauthorized when it is not the gateway's, for us, or has ended."""
        now = time.time()
        known = self._known.get(token)
        if known is not None and known[0] > now:
            return known[1]
        try:
            claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise Unauthorized("The caller token is not valid.") from None
        principal = Principal(
            id=claims["sub"],
            person=claims["person"],
            employee_number=claims["employee_number"],
            scopes=frozenset(claims["scopes"]),
            roles=frozenset(claims["roles"]),
            departments=frozenset(claims["departments"]) if claims["departments"] is not None else None,
        )
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[token] = (claims["exp"], principal)
        return principal


async def caller() -> Principal:
    """Return who asks; the service's middleware has put it into the context."""
    principal = current.get().caller
    if principal is None:
        raise Unauthorized("The request carries no caller token.")
    return principal


Caller = Annotated[Principal, Depends(caller)]


class Needs:
    """A route's demand: one of these scopes."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes

    async def __call__(self, _request: Request) -> None:
        """Raise Forbidden unless the caller has one of the scopes."""
        principal = await caller()
        if not principal.scopes.intersection(self.scopes):
            raise Forbidden(f"This needs the scope {' or '.join(self.scopes)}.")


def needs(*scopes: str) -> Any:
    """Return the dependency by which a route asks for one of `scopes`."""
    return Depends(Needs(scopes))


async def refuse_limited(_request: Request) -> None:
    """Raise Forbidden when the caller's key is limited to departments, for what holds for all of them or tells of all."""
    if (await caller()).departments is not None:
        raise Forbidden("This is for all departments; this key is limited to some.")


for_all_departments = Depends(refuse_limited)
"""The dependency by which a route turns keys away that are limited to departments."""


def make_key() -> OKPKey:
    """Return a new Ed25519 key pair whose `kid` is its thumbprint (RFC 7638)."""
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    key.ensure_kid()
    return key


__all__ = ["Caller", "Principal", "TokenSigner", "TokenVerifier", "for_all_departments", "make_key", "needs"]
