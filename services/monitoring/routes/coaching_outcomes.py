"""How coaching comes out: /v1/guidance-figures, /v1/section-findings and /v1/shadow-rules."""

from typing import Annotated

from fastapi import Query

from services.monitoring.domain.coaching import outcomes
from services.monitoring.schemas.guidance import GuidanceFiguresOut, SectionsFindingsOut, ShadowRulesOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.requests import Db
from shared.schemas import Moment, Slug

router = Router(prefix="/v1")

From = Annotated[Moment | None, Query(alias="from", description="Only from this time on.")]
To = Annotated[Moment | None, Query(description="Only before this time.")]


@router.get("/guidance-figures", tags=["guidance"], dependencies=[needs("monitoring:read")])
async def get_guidance_figures(
    db: Db, caller: Caller, by: outcomes.By = "department", since: From = None, to: To = None
) -> GuidanceFiguresOut:
    """Count guidance, and how much of it praises, by the department at that time; groups of few people are merged."""
    return await db.read(outcomes.figures, by, since, to, caller)


@router.get("/section-findings", tags=["findings"], dependencies=[needs("monitoring:read", "team:read")])
async def list_section_findings(
    db: Db, caller: Caller, policy: Slug | None = None, since: From = None, to: To = None
) -> SectionsFindingsOut:
    """List the sections by the findings they caused; many that are dismissed or appealed say that a section is unclear."""
    return await db.read(outcomes.by_section, policy, since, to, caller)


@router.get("/shadow-rules", tags=["findings"], dependencies=[needs("monitoring:read", "policies:read")])
async def list_shadow_rules(db: Db, policy: Slug | None = None) -> ShadowRulesOut:
    """List rules on trial with how many posts they would have found."""
    return await db.read(outcomes.on_trial, policy)
