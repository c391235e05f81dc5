"""Embed tokens: an intranet's backend exchanges its key for one, so that no key ever reaches a browser.

A token opens one policy for five minutes: to read it, to check drafts, and, where it names a person, to accept it in
their name. Whatever else it is sent with is refused before anything else looks at the request.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.schemas.embeds import EmbedTokenOut
from shared.auth import ALGORITHM, Principal
from shared.clock import Clock
from shared.problems import Forbidden, Unauthorized

MARK = "sle_"
AUDIENCE = "embed"
LIFETIME = timedelta(minutes=5)
READS = frozenset({"GET", "HEAD"})
CHECKS = "/v1/checks"
SANDBOX = "null"
"""The origin of a frame that its page has put into a sandbox."""


class EmbedTokens:
    """Makes tokens, and says who asks with one."""

    def __init__(self, private_key: Path, clock: Clock, public_url: str) -> None:
        self._key = OKPKey.import_key(orjson.loads(private_key.read_bytes()))
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock.now().timestamp()),
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )
        self._clock = clock
        self._own = public_url.rstrip("/")

    def make(self, policy: str, origin: str | None, reader: Principal) -> EmbedTokenOut:
        """Return a token for one policy and the pages of one origin, in the name of `reader` if that is a person."""
        ends = (self._clock.now() + LIFETIME).replace(microsecond=0)
        claims = {
            "aud": AUDIENCE,
            "sub": reader.id,
            "exp": int(ends.timestamp()),
            "policy": policy,
            "origin": origin,
            "person": reader.person,
            "employee_number": reader.employee_number,
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid}
        token = MARK + jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        return EmbedTokenOut(token=token, expires_at=ends)

    def authenticate(self, scope: Scope, token: str) -> Principal:
        """Return who asks with a token.

        Raises Unauthorized when it is not ours, has ended or comes from another site, and Forbidden for what it does
        not open.
        """
        claims = self._read(token)
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin not in {None, SANDBOX, self._own, f"http://{headers.get('host', '')}", claims["origin"]}:
            raise Unauthorized("The embed token is for another site; name the page's origin when you make it.")
        if not opens(claims, scope["method"], scope["path"]):
            raise Forbidden(f"This embed token shows the policy {claims['policy']}, and nothing else.")
        return reader_of(claims)

    def _read(self, token: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(token.removeprefix(MARK), self._key, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise Unauthorized("The embed token is not valid or has ended.") from None
        return claims


def opens(claims: dict[str, Any], method: str, path: str) -> bool:
    """Say whether a token lets its holder do this."""
    policy = f"/v1/policies/{claims['policy']}"
    if method in READS:
        return path in {policy, f"/embed/policies/{claims['policy']}"}
    if method != "POST":
        return False
    accepts = re.fullmatch(re.escape(policy) + r"/versions/[0-9]{1,7}/acknowledgements", path)
    return path == CHECKS or (claims["person"] is not None and accepts is not None)


def reader_of(claims: dict[str, Any]) -> Principal:
    """Return whom a token stands for: a person with no more than their own rights, or some member of staff."""
    if claims["person"] is None:
        # Of no department: nobody may be named in a check by whoever holds a page's token.
        return Principal(id=f"embed:{claims['sub']}", scopes=frozenset({"policies:read"}), departments=frozenset())
    return Principal(
        id=f"person:{claims['person']}",
        person=claims["person"],
        employee_number=claims["employee_number"],
        scopes=frozenset({"self", "policies:read"}),
    )
