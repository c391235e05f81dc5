"""Identifiers: UUIDv7 as text, so that they sort by time and need no round trip to the database."""

from uuid_utils import uuid7


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562) as 36 characters."""
    return str(uuid7())
