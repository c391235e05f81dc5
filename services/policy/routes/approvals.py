"""/v1/approval-requests: held drafts, to those who may approve them."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request, status

from services.policy.domain import approvals, people
from services.policy.schemas.approvals import ApprovalDecisionIn, ApprovalRequestIn, ApprovalRequestOut, RequestState
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Text

router = Router(prefix="/v1/approval-requests", tags=["checks"])
RequestId = Annotated[Text, Path(max_length=36)]
For = Annotated[EmployeeNumber | None, Query(description="For whom a key asks.")]


@router.get("", dependencies=[needs("policies:read", "self")], responses=problems(people.UnknownPerson))
async def list_approval_requests(
    paging: Paging,
    db: Db,
    role: Annotated[
        Literal["author", "approver"] | None, Query(description="Only what one asked for, or what one is asked.")
    ] = None,
    state: RequestState | None = None,
    employee_number: For = None,
) -> Page[ApprovalRequestOut]:
    """List the requests that one made or may decide, the newest first; a key that names nobody sees what it kept."""
    return await db.read(approvals.list_all, paging, role, state, employee_number)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write", "self")],
    responses=problems(NotFound, approvals.NothingToApprove, approvals.ApprovalRequestedAlready),
)
async def create_approval_request(body: ApprovalRequestIn, db: Db) -> ApprovalRequestOut:
    """Ask for approval of a held draft whose check was kept."""
    return await db.write(approvals.request, body)


@router.get("/{request_id}", dependencies=[needs("policies:read", "self")], responses=problems(NotFound))
async def get_approval_request(request_id: RequestId, db: Db, employee_number: For = None) -> ApprovalRequestOut:
    """Read a request that one made, or may decide."""
    return await db.read(approvals.show, request_id, employee_number)


@router.post(
    "/{request_id}/decision",
    dependencies=[needs("policies:write", "self")],
    responses=problems(NotFound, approvals.OwnDraft, approvals.ApprovalDecidedAlready, Stale),
)
async def decide_approval_request(
    request_id: RequestId, body: ApprovalDecisionIn, if_match: IfMatch, request: Request, db: Db
) -> ApprovalRequestOut:
    """Approve or reject a held draft; the decision goes into its receipt."""
    return await db.write(approvals.decide, request_id, body, if_match, request.app.state.sealer)
