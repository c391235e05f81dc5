"""Bodies of approval requests: held drafts, to those who may approve them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.policy.schemas.checks import KeptCheckOut, SignedReceiptOut
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Text

RequestState = Literal["open", "approved", "rejected"]


class ApprovalRequestIn(Body):
    """Which kept check is to be approved; without `approver`, by anyone who may."""

    check: Annotated[Text, Field(max_length=36, description="The id in the receipt of a check that was kept.")]
    approver: EmployeeNumber | None = None
    note: Paragraph | None = None
    employee_number: Annotated[EmployeeNumber | None, Field(description="The author, from a key.")] = None


class ApprovalDecisionIn(Body):
    """What somebody who may approve says."""

    decision: Literal["approve", "reject"]
    comment: Paragraph | None = None
    employee_number: Annotated[EmployeeNumber | None, Field(description="Who decides, from a key.")] = None


class ApprovalRequestOut(Resource):
    """A request with its draft; `approvers` are who may decide while it is open."""

    id: str
    check: KeptCheckOut
    author: str
    approver: str | None
    approvers: list[str]
    note: str | None
    state: RequestState
    decided_by: str | None
    comment: str | None
    requested_at: datetime
    decided_at: datetime | None
    receipt: SignedReceiptOut
    revision: int
