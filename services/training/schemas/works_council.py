"""Bodies of /works-council-modes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, Paragraph, Resource

LegalEntity = Annotated[
    str,
    Field(
        min_length=1, max_length=200, description="The legal entity's name; `*` for all without a mode of their own."
    ),
]
ChangeState = Literal["open", "confirmed", "dropped", "lapsed"]


class WorksCouncilChangeIn(Body):
    """Whether figures of single people are to be switched off, and why."""

    on: bool
    reason: Annotated[Paragraph, Field(examples=["Agreed with the works council on 12 November."])]


class WorksCouncilChangeOut(Resource):
    """A proposed change of the mode; `proposer` and `confirmer` are employee numbers."""

    id: str
    legal_entity: str
    on: bool
    reason: str
    state: Annotated[ChangeState, Field(description="`dropped`: another was proposed since; `lapsed`: it is too old.")]
    proposer: str
    proposed_at: datetime
    confirmer: str | None
    confirmed_at: datetime | None


class WorksCouncilModeOut(Resource):
    """Whether figures of single people of a legal entity are switched off, since when, and what is proposed."""

    legal_entity: str
    on: bool
    decided: Annotated[bool, Field(description="Whether it was decided for this one, or follows `*`.")]
    since: datetime | None
    proposed: WorksCouncilChangeOut | None
