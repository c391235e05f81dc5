"""Embed tokens: an intranet's backend exchanges its key for one, so that no key ever reaches a browser."""

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.gateway.schemas.embeds import EmbedTokenOut
from shared.auth import ALGORITHM, Principal
from shared.problems import Unauthorized

AUDIENCE = "embed"
LIFETIME = 300


class EmbedTokens:
    """Makes and reads tokens that show one policy for five minutes."""

    def __init__(self, private_key: Path) -> None:
        self._key = OKPKey.import_key(orjson.loads(private_key.read_bytes()))
        self._claims = jwt.JWTClaimsRegistry(aud={"essential": True, "value": AUDIENCE}, exp={"essential": True})

    def make(self, policy: str, caller: Principal) -> EmbedTokenOut:
        """Return a token for one policy, in the name of whoever asks for it."""
        ends = int(time.time()) + LIFETIME
        claims = {"aud": AUDIENCE, "sub": caller.id, "exp": ends, "policy": policy}
        token = jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])
        return EmbedTokenOut(token=token, expires_at=datetime.fromtimestamp(ends, UTC))

    def principal(self, token: str, policy: str) -> Principal:
        """Return who a token stands for; raises Unauthorized when it is not ours, has ended, or is for another policy."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise Unauthorized("The embed token is not valid or has ended.") from None
        if claims["policy"] != policy:
            raise Unauthorized("The embed token is for another policy.")
        return Principal(id=f"embed:{claims['sub']}", scopes=frozenset({"policies:read"}))
