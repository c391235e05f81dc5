"""Bodies of /refresher-proposals."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.training.schemas.proposals import Verdict
from services.training.tables import ProposalState
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource


class RefresherDecisionIn(Body):
    """What is decided and why. A key says who decided."""

    decision: Verdict
    reason: Annotated[Paragraph, Field(examples=["Half an hour well spent, before the season begins."])]
    due_days: Annotated[int, Field(ge=1, le=3650, description="By when, if it is confirmed.")] | None = None
    employee_number: EmployeeNumber | None = None


class RefresherProposalOut(Resource):
    """A course that is proposed for a person, or for a whole department, over findings in a section.

    `enrolled` counts whom it was put on the course; `answer` is why it was confirmed or declined.
    """

    id: str
    employee_number: str | None
    department: str | None
    course: str
    policy: str
    section: str
    findings: int
    proposed_at: datetime
    state: ProposalState
    enrolled: int
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None
    revision: int
