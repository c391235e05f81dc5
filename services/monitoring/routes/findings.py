"""/v1/findings: rules that matched a post, and what coaches do about them."""

from typing import Annotated

from fastapi import Query, status

from services.monitoring.domain.coaching import findings, guidance, openings, suspensions, templates
from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.schemas.findings import (
    ClaimIn,
    DismissalIn,
    FindingOut,
    FindingState,
    OpeningIn,
    OpeningOut,
    ReleaseIn,
    SuspensionIn,
    SuspensionOut,
)
from services.monitoring.schemas.guidance import GuidanceIn, GuidanceOut
from services.monitoring.schemas.names import Id
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = Router(prefix="/v1/findings", tags=["findings"])

InHand = Annotated[bool, Query(description="Only those that the caller has taken on, as a coach.")]
HANDLING = (NotFound, UnknownPerson, findings.OwnFinding, findings.ManagersFinding, Stale)
COACHING = problems(*HANDLING, findings.NotOpen, findings.ClaimedByAnother)


@router.get("", dependencies=[needs("monitoring:read", "self")], responses=problems(UnknownPerson, FiguresSwitchedOff))
async def list_findings(
    paging: Paging,
    db: Db,
    caller: Caller,
    state: FindingState | None = None,
    rule: Slug | None = None,
    post: Id | None = None,
    employee_number: EmployeeNumber | None = None,
    *,
    in_hand: InHand = False,
) -> Page[FindingOut]:
    """List findings, the newest first."""
    only = findings.Filter(state, rule, post, employee_number, in_hand)
    return await db.read(findings.listed, paging, caller, only)


@router.get("/{finding_id}", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def get_finding(finding_id: Id, db: Db, caller: Caller) -> FindingOut:
    """Return one finding."""
    return await db.read(findings.read, finding_id, caller)


@router.post("/{finding_id}/claim", dependencies=[needs("monitoring:write")], responses=COACHING)
async def claim_finding(finding_id: Id, body: ClaimIn, db: Db, caller: Caller, if_match: IfMatch) -> FindingOut:
    """Take a finding on, as a coach."""
    return await db.write(findings.claim, finding_id, body, caller, if_match)


@router.post(
    "/{finding_id}/release",
    dependencies=[needs("monitoring:write")],
    responses=problems(*HANDLING, findings.NotInHand),
)
async def release_finding(finding_id: Id, body: ReleaseIn, db: Db, caller: Caller, if_match: IfMatch) -> FindingOut:
    """Give a finding back to the queue."""
    return await db.write(findings.release, finding_id, body, caller, if_match)


@router.post(
    "/{finding_id}/opening",
    dependencies=[needs("monitoring:write")],
    responses=problems(*HANDLING, openings.EnoughForToday),
)
async def open_finding_text(finding_id: Id, body: OpeningIn, db: Db, caller: Caller) -> OpeningOut:
    """Show the text that a finding is about; of disturbing ones, only so many a day."""
    return await db.write(openings.show_text, finding_id, body, caller)


@router.post(
    "/{finding_id}/guidance",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write")],
    responses=problems(
        *HANDLING,
        findings.NotOpen,
        findings.ClaimedByAnother,
        templates.TemplateOfAnother,
        templates.UnknownTemplate,
        templates.WordsTooLong,
    ),
)
async def give_guidance(finding_id: Id, body: GuidanceIn, db: Db, caller: Caller, if_match: IfMatch) -> GuidanceOut:
    """Tell the author of a post something about a finding; takes it on by the way."""
    return await db.write(guidance.give, finding_id, body, caller, if_match)


@router.post("/{finding_id}/dismissal", dependencies=[needs("monitoring:write")], responses=COACHING)
async def dismiss_finding(finding_id: Id, body: DismissalIn, db: Db, caller: Caller, if_match: IfMatch) -> FindingOut:
    """Decide that a finding needs nothing; takes it on by the way."""
    return await db.write(findings.dismiss, finding_id, body, caller, if_match)


@router.post(
    "/{finding_id}/suspension-proposals",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write")],
    responses=problems(*HANDLING, suspensions.NothingToSuspend),
)
async def propose_suspension_for_finding(
    finding_id: Id, body: SuspensionIn, db: Db, caller: Caller, if_match: IfMatch
) -> SuspensionOut:
    """Propose that a certificate of the author should not count for now; somebody else decides."""
    return await db.write(suspensions.propose, finding_id, body, caller, if_match)
