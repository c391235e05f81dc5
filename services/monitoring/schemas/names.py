"""The kinds of short text that several bodies share."""

import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, Field

from shared.schemas import Text

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOST = re.compile(r"[a-z0-9._:-]+", re.IGNORECASE)


def within_reason(value: datetime) -> datetime:
    """Refuse a time that no social network can have given."""
    if not EARLIEST <= value < LATEST:
        raise ValueError("must lie between 1990 and 2100")
    return value.astimezone(UTC)


def at_a_host(address: str) -> str:
    """Refuse an address whose host no name server could know, or whose port there is not."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        there = parts.port is None or parts.port > 0
    except ValueError:
        there, host = False, ""
    if not (there and HOST.fullmatch(host)):
        raise ValueError("names no host that could be reached")
    return address


Id = Annotated[Text, Field(min_length=1, max_length=64, examples=["0192f0c1-2c3d-7e4f-8a5b-6c7d8e9fa0b1"])]
"""An id of ours in a path; one that we never gave is simply not found."""
Network = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["mastodon"])]
"""The name of a network."""
NetworkId = Annotated[Text, Field(min_length=1, max_length=500, examples=["113522871400"])]
"""The id that a network gave."""
Handle = Annotated[Text, Field(min_length=1, max_length=200, pattern="[^@]", examples=["@ana"])]
"""An author as the network names them: more than an at sign, which two spellings may differ in."""
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$", examples=["de"])]
"""A language tag (BCP 47)."""
Topic = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["billing"])]
"""What a conversation is about; colleagues say which they take."""
Words = Annotated[Text, Field(max_length=20_000)]
"""The text of a post or message."""
Instant = Annotated[AwareDatetime, AfterValidator(within_reason)]
"""A time with its zone."""
AtAHost = AfterValidator(at_a_host)
"""For addresses that we connect to."""
