"""What a provider's tokens say, once they are proved to be its own, for us, and still good.

Sources: OpenID Connect Core 1.0 (3.1.3.7), Back-Channel Logout 1.0 (2.6), RFC 9068 (JWT access tokens).
"""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, SecurityWarning
from joserfc.jwk import KeySet

from services.gateway.domain.sign_in.sessions import AtProvider
from shared.problems import Unauthorized

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has: none, and none by a secret that we know as well."""
SKEW = 60
"""Seconds by which the provider's clock may differ from ours."""
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPES = frozenset({"logout+jwt", "application/logout+jwt", "JWT", None})
ACCESS_TYPES = frozenset({"at+jwt", "application/at+jwt", "JWT", None})

Claims = Mapping[str, Any]


class TokenRefused(Unauthorized):
    """The provider's token is not one that we take."""


class UnknownKeyError(Exception):
    """A token is signed with a key that we have not seen: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """By what a token is judged: the provider's name and keys, our own name there, and the time."""

    issuer: str
    keys: KeySet
    audience: str
    now: datetime


def verified(token: str, trusted: Trusted, types: frozenset[str | None] | None = None) -> Claims:
    """Return a token's claims; raises TokenRefused, or UnknownKeyError."""
    try:
        with warnings.catch_warnings():
            # EdDSA has a narrower name by now (RFC 9864); providers still use the wider one.
            warnings.simplefilter("ignore", SecurityWarning)
            read = jwt.decode(token, trusted.keys, algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            int(trusted.now.timestamp()),
            SKEW,
            iss={"essential": True, "value": trusted.issuer},
            aud={"essential": True, "value": trusted.audience},
            exp={"essential": True},
        )
        registry.validate(read.claims)
    except InvalidKeyIdError as error:
        raise UnknownKeyError from error
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(f"The provider's token is not one that we take: {reason(error)}.") from None
    if types is not None and read.header.get("typ") not in types:
        raise TokenRefused("The provider's token is of another kind.")
    return read.claims


def reason(error: Exception) -> str:
    """Return what is wrong with a token, in words that hold nothing of it."""
    claim = getattr(error, "claim", None)
    return f"its `{claim}` is not right" if isinstance(claim, str) else "it is not signed as it must be"


def check_identity(token: str, trusted: Trusted, nonce: str, access_token: str | None) -> Claims:
    """Return the claims of an ID token that answers the sign-in with this nonce; raises TokenRefused."""
    claims = verified(token, trusted)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenRefused("The provider's token names nobody.")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenRefused("The provider's token belongs to another sign-in.")
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if (several or "azp" in claims) and claims.get("azp") != trusted.audience:
        raise TokenRefused("The provider's token was made for another client.")
    if access_token is not None and "at_hash" in claims:
        check_half_hash(token, claims["at_hash"], access_token)
    return claims


def check_half_hash(token: str, given: object, access_token: str) -> None:
    """Raise TokenRefused unless an ID token's `at_hash` is that of the access token beside it."""
    algorithm = str(jwt_header(token).get("alg", ""))
    digest = {"384": hashlib.sha384, "512": hashlib.sha512}.get(algorithm[-3:], hashlib.sha256)
    if algorithm == "EdDSA":
        digest = hashlib.sha512
    half = digest(access_token.encode()).digest()
    half = half[: len(half) // 2]
    if base64.urlsafe_b64encode(half).rstrip(b"=").decode() != given:
        raise TokenRefused("The provider's tokens do not belong together.")


def jwt_header(token: str) -> dict[str, Any]:
    """Return the header of a token that was verified."""
    head = token.split(".", 1)[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return found


def check_logout(token: str, trusted: Trusted) -> AtProvider:
    """Return what a logout token says is over; raises TokenRefused."""
    claims = verified(token, trusted, LOGOUT_TYPES)
    events, subject, session = claims.get("events"), claims.get("sub"), claims.get("sid")
    if not isinstance(events, dict) or LOGOUT not in events or "nonce" in claims or "iat" not in claims:
        raise TokenRefused("The token is not one that ends a session.")
    if not isinstance(subject or session, str):
        raise TokenRefused("The token names no session and nobody.")
    return AtProvider(trusted.issuer, str(subject or ""), str(session) if session else None)


def check_access(token: str, trusted: Trusted) -> Claims:
    """Return the claims of an access token for our API; raises TokenRefused."""
    claims = verified(token, trusted, ACCESS_TYPES)
    if "nonce" in claims or "events" in claims:
        raise TokenRefused("The provider's token is of another kind.")
    return claims


def authenticated_at(claims: Claims) -> datetime | None:
    """Return when the person proved who they are, where the provider says so."""
    told = claims.get("auth_time")
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int | float) and 0 < told < 2**33 else None
