"""The link by which somebody ends the e-mail without signing in: it names the person, and only we can make one."""

import base64
import binascii

from shared.problems import NotFound
from shared.safe import KeyFileLost, Safe

PURPOSE = "unsubscribe"


class UnknownLink(NotFound):
    """This link is not one of ours, or no longer whole: copy all of it from the e-mail, or choose after signing in."""


def token_for(person: str, safe: Safe) -> str:
    """Return what stands in a person's link."""
    return base64.urlsafe_b64encode(safe.seal(PURPOSE, person.encode())).decode().rstrip("=")


def person_of(token: str, safe: Safe) -> str:
    """Return whose link it is; raises UnknownLink."""
    try:
        sealed = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        return safe.open(PURPOSE, sealed).decode()
    except (ValueError, binascii.Error, KeyFileLost):
        raise UnknownLink from None
