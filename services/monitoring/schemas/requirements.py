"""Which certification a conversation asks for."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.monitoring.schemas.names import Network
from shared.schemas import Body, Resource, Slug

Kind = Literal["question", "complaint", "praise", "crisis", "other"]
"""What a conversation is."""


class RequirementIn(Body):
    """The certification for conversations of a network, of a kind, or of both; without either, for all others."""

    network: Network | None = None
    kind: Annotated[Kind | None, Field(examples=["crisis"])] = None
    certification: Annotated[Slug, Field(examples=["spokesperson"])]


class RequirementsIn(Body):
    """All requirements; of those that fit a conversation, the narrowest counts, and a kind is narrower than a network."""

    items: Annotated[list[RequirementIn], Field(max_length=200)]

    @model_validator(mode="after")
    def each_once(self) -> Self:
        """Refuse two requirements for the same conversations."""
        scopes = [(one.network, one.kind) for one in self.items]
        if len(set(scopes)) < len(scopes):
            raise ValueError("two items are for the same network and kind")
        return self


class RequirementOut(Resource):
    """The certification for conversations of a network, of a kind, or of both."""

    network: str | None
    kind: str | None
    certification: str


class RequirementsOut(Resource):
    """All requirements, and `otherwise`: the certification that every other conversation asks for."""

    items: list[RequirementOut]
    otherwise: str
    revision: int
