"""Bodies of /suspension-proposals."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.training.tables import ProposalState
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Text


class ProposalIn(Body):
    """Why a certificate should not count for now, and the finding that shows it."""

    reason: Annotated[Paragraph, Field(examples=["Three findings of the rule no-insults within a week."])]
    finding: Annotated[Text, Field(min_length=1, max_length=36, description="The id of a finding.")] | None = None


class Verdict(StrEnum):
    """What a person makes of a proposal."""

    CONFIRM = "confirm"
    DECLINE = "decline"


class ProposalDecisionIn(Body):
    """What is decided and why; the holder is shown the reason of a suspension. A key says who decided."""

    decision: Verdict
    reason: Annotated[Paragraph, Field(examples=["Seen, and talked about with the person."])]
    employee_number: EmployeeNumber | None = None


class ProposalOut(Resource):
    """A proposed suspension; `answer` is why it was confirmed or declined."""

    id: str
    certificate: str
    employee_number: str
    certification: str
    reason: str
    finding: str | None
    proposed_by: str
    proposed_at: datetime
    state: ProposalState
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None
    revision: int
