"""Pauses."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.monitoring.schemas.names import Instant
from shared.schemas import Body, Paragraph, Resource


class PauseIn(Body):
    """Stop replies and routing: everywhere, or for one network, topic or language."""

    scope: Annotated[
        str, Field(pattern=r"^(all|(network|topic|language):[A-Za-z0-9_-]{1,64})$", examples=["network:bluesky"])
    ]
    reason: Paragraph
    until: Instant | None = None
    holding_statement: Paragraph | None = None


class PauseOut(Resource):
    """A pause; it is over once `ended_at` is set."""

    id: str
    scope: str
    reason: str
    holding_statement: str | None
    started_at: datetime
    until: datetime | None
    ended_at: datetime | None
    revision: int
