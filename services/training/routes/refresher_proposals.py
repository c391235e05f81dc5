"""/refresher-proposals: courses that monitoring proposes where findings repeat themselves, and what a person decides."""

from services.training.domain import access
from services.training.domain.certification import proposals
from services.training.domain.learning import enrolments
from services.training.domain.planning import refreshers
from services.training.schemas.fields import Id
from services.training.schemas.refreshers import RefresherDecisionIn, RefresherProposalOut
from services.training.tables import ProposalState
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import Invalid, NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/refresher-proposals", tags=["training"])


@router.get("", dependencies=[needs("training:read")])
async def list_refresher_proposals(
    paging: Paging, db: Db, state: ProposalState | None = None
) -> Page[RefresherProposalOut]:
    """List courses that were proposed because findings in a section repeated themselves, oldest first."""
    return await db.read(refreshers.find, paging, state)


@router.get("/{proposal}", dependencies=[needs("training:read")], responses=problems(NotFound))
async def get_refresher_proposal(proposal: Id, db: Db) -> RefresherProposalOut:
    """Read one proposed refresher."""
    return await db.read(refreshers.get, proposal)


@router.post(
    "/{proposal}/decision",
    dependencies=[needs("training:write")],
    responses=problems(
        NotFound,
        Stale,
        Invalid,
        access.OwnMatter,
        access.DecisionForAnother,
        proposals.ProposalDecided,
        enrolments.NothingToLearn,
    ),
)
async def decide_refresher_proposal(
    proposal: Id, body: RefresherDecisionIn, if_match: IfMatch, db: Db
) -> RefresherProposalOut:
    """Confirm a refresher, which puts the person or the department on the course, or decline it."""
    return await db.write(refreshers.decide, proposal, body, if_match)
