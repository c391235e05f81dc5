"""Secrets and signatures of webhooks. Source: https://www.standardwebhooks.com."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

MARK = "whsec_"
SECRET = 32
"""Random bytes; the standard asks for 24 to 64."""


def new_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(SECRET)


def shown(secret: bytes) -> str:
    """Return a secret as receivers' libraries take it."""
    return MARK + base64.b64encode(secret).decode()


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signatures of a message under each of the secrets; `timestamp` is in seconds."""
    content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}" for key in keys)
