"""/v1/acknowledgement-campaigns: ask an audience to accept a policy by a date, and see who has."""

from typing import Annotated, Literal

from fastapi import Path, Query, Response, status

from services.policy.domain import campaign_figures, campaign_people, campaigns, people
from services.policy.schemas.campaigns import (
    CampaignChange,
    CampaignIn,
    CampaignOut,
    ClosureIn,
    ExemptionIn,
    PersonInCampaign,
    StatisticsOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, revised
from shared.db import Session
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Line, Slug, Text

router = Router(prefix="/v1/acknowledgement-campaigns", tags=["policies"])
CampaignId = Annotated[Text, Path(max_length=36)]
State = Literal["open", "closed"]
Status = Literal["done", "missing", "overdue", "exempt"]


@router.get("", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def list_acknowledgement_campaigns(
    paging: Paging, db: Db, policy: Slug | None = None, state: State | None = None
) -> Page[CampaignOut]:
    """List campaigns, the newest first, each with how many have accepted."""
    return await db.read(campaigns.list_all, paging, policy, state)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, people.UnknownPerson, campaigns.NothingInForce, campaigns.BeyondDepartments),
)
async def create_acknowledgement_campaign(body: CampaignIn, db: Db, response: Response) -> CampaignOut:
    """Ask an audience to accept what is in force of a policy; each material version after it asks them anew."""
    return tagged(response, await db.write(campaigns.create, body))


@router.get("/{campaign_id}", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_acknowledgement_campaign(campaign_id: CampaignId, db: Db, response: Response) -> CampaignOut:
    """Read a campaign and how far it is."""
    return tagged(response, await db.read(campaigns.show, campaign_id))


@router.patch(
    "/{campaign_id}",
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, campaigns.CampaignClosed, campaigns.BeyondDepartments, Stale),
)
async def update_acknowledgement_campaign(
    campaign_id: CampaignId, body: CampaignChange, if_match: IfMatch, db: Db, response: Response
) -> CampaignOut:
    """Change title, date or audience of a campaign that is going on."""
    return tagged(response, await db.write(campaigns.change, campaign_id, body, if_match))


@router.post(
    "/{campaign_id}/closure",
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, campaigns.CampaignClosed, campaigns.BeyondDepartments, Stale),
)
async def close_acknowledgement_campaign(
    campaign_id: CampaignId, _body: ClosureIn, if_match: IfMatch, db: Db, response: Response
) -> CampaignOut:
    """Ask nobody any more."""
    return tagged(response, await db.write(campaigns.close, campaign_id, if_match))


@router.get("/{campaign_id}/statistics", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_acknowledgement_statistics(
    campaign_id: CampaignId, db: Db, by: Literal["department", "region"] = "department"
) -> StatisticsOut:
    """Count by department or region; groups that are too small are shown as one."""

    def counted(session: Session) -> StatisticsOut:
        _, campaign = campaigns.get(session, campaign_id)
        return campaign_figures.statistics(session, campaign, by)

    return await db.read(counted)


@router.get("/{campaign_id}/people", dependencies=[needs("people:read", "self")], responses=problems(NotFound))
async def list_people_in_campaign(
    campaign_id: CampaignId,
    paging: Paging,
    db: Db,
    status: Annotated[Status | None, Query(description="Only who stands there.")] = None,
    department: Line | None = None,
) -> Page[PersonInCampaign]:
    """List whom a campaign asks and where they stand; without `people:read`, yourself."""
    return await db.read(campaign_people.list_people, campaign_id, status, department, paging)


@router.post(
    "/{campaign_id}/exemptions",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, people.UnknownPerson, campaign_people.NotAsked, campaigns.CampaignClosed),
)
async def exempt_person(campaign_id: CampaignId, body: ExemptionIn, db: Db) -> PersonInCampaign:
    """Say that somebody need not accept, and why; the reason is theirs to read."""
    return await db.write(campaign_people.exempt, campaign_id, body)


@router.delete(
    "/{campaign_id}/exemptions/{employee_number}",
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, people.UnknownPerson, campaign_people.NotAsked, campaigns.CampaignClosed),
)
async def end_exemption(
    campaign_id: CampaignId, employee_number: Annotated[EmployeeNumber, Path()], db: Db
) -> PersonInCampaign:
    """Ask somebody after all."""
    return await db.write(campaign_people.ask_after_all, campaign_id, employee_number)


def tagged(response: Response, found: CampaignOut) -> CampaignOut:
    """Give the answer its ETag, which changes as people accept, too."""
    response.headers["ETag"] = revised(found.edition, found)
    return found
