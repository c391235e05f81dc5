"""/suspension-proposals: what somebody, or monitoring, thinks should be suspended, and what a person decides."""

from typing import Annotated

from fastapi import Query, status

from services.training.domain import access
from services.training.domain.certification import measures, proposals
from services.training.schemas.fields import Id
from services.training.schemas.proposals import ProposalDecisionIn, ProposalIn, ProposalOut
from services.training.tables import ProposalState
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import Invalid, NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["certification"])


@router.post(
    "/certificates/{certificate}/suspension-proposals",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("certificates:write", "monitoring:write")],
    responses=problems(NotFound, access.OwnMatter, measures.CertificateNotInForce, proposals.ProposalOpen),
)
async def propose_suspension(certificate: Id, body: ProposalIn, db: Db) -> ProposalOut:
    """Propose that a certificate should not count for now; nothing changes until a person confirms it."""
    return await db.write(proposals.propose, certificate, body)


@router.get("/suspension-proposals", dependencies=[needs("certificates:read")])
async def list_suspension_proposals(
    paging: Paging,
    db: Db,
    state: ProposalState | None = None,
    certificate: Annotated[Id | None, Query(description="Only those of this certificate.")] = None,
) -> Page[ProposalOut]:
    """List proposed suspensions, oldest first."""
    return await db.read(proposals.find, paging, state, certificate)


@router.get("/suspension-proposals/{proposal}", dependencies=[needs("certificates:read")], responses=problems(NotFound))
async def get_suspension_proposal(proposal: Id, db: Db) -> ProposalOut:
    """Read a proposed suspension."""
    return await db.read(proposals.get, proposal)


@router.post(
    "/suspension-proposals/{proposal}/decision",
    dependencies=[needs("certificates:write")],
    responses=problems(
        NotFound,
        Stale,
        Invalid,
        access.OwnMatter,
        access.DecisionForAnother,
        proposals.OwnSuspensionProposal,
        proposals.ProposalDecided,
        measures.CertificateNotInForce,
    ),
)
async def decide_suspension_proposal(proposal: Id, body: ProposalDecisionIn, if_match: IfMatch, db: Db) -> ProposalOut:
    """Confirm or decline a proposed suspension; whoever it concerns, or who proposed it, does not decide."""
    return await db.write(proposals.decide, proposal, body, if_match)
