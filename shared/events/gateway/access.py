"""What is told of keys and sign-ins."""

from datetime import datetime

from shared.events.base import Event, Operational, Personal, Public, told


@told
class KeyCreatedV1(Event):
    """An API key was made."""

    type = "gateway.key.created.v1"
    id: Public[str]
    name: Operational[str]
    scopes: Operational[list[str]]


@told
class KeyRotatedV1(Event):
    """An API key was given a new secret; the one before works until `former_until`."""

    type = "gateway.key.rotated.v1"
    id: Public[str]
    former_until: Operational[datetime]


@told
class KeyRevokedV1(Event):
    """An API key stopped working."""

    type = "gateway.key.revoked.v1"
    id: Public[str]


@told
class SignedInV1(Event):
    """A person signed in to the portal."""

    type = "gateway.sign_in.succeeded.v1"
    id: Public[str]
    person: Personal[str]
    at: Operational[datetime]


@told
class SignedOutV1(Event):
    """A session ended before its time: by signing out, by its person elsewhere, or by the provider."""

    type = "gateway.sign_in.ended.v1"
    id: Public[str]
    person: Personal[str]
    why: Operational[str]
