"""/v1/emergency-rules: a rule that cannot wait for a new version, by two people, for 14 days at most."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from services.policy.domain import emergency, people
from services.policy.schemas.emergency import ConfirmationIn, EmergencyRuleIn, EmergencyRuleOut, EmergencyState
from shared.auth import for_all_departments, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug, Text

router = APIRouter(prefix="/v1/emergency-rules", tags=["policies"])
RuleId = Annotated[Text, Path(max_length=36)]


@router.get("", dependencies=[needs("policies:read")])
async def list_emergency_rules(
    paging: Paging, db: Db, policy: Slug | None = None, state: EmergencyState | None = None
) -> Page[EmergencyRuleOut]:
    """List emergency rules, the newest first; those that nobody has confirmed yet only for who sees drafts."""
    return await db.read(emergency.list_all, paging, policy, state)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write", "self"), for_all_departments],
    responses=problems(
        NotFound, people.UnknownPerson, emergency.NotALead, emergency.InvalidEmergencyRule, emergency.RuleIdTaken
    ),
)
async def propose_emergency_rule(body: EmergencyRuleIn, db: Db) -> EmergencyRuleOut:
    """Propose a rule under a section of the version in force, as a lead; it counts once a second person confirms it."""
    return await db.write(emergency.propose, body)


@router.get("/{rule_id}", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_emergency_rule(rule_id: RuleId, db: Db) -> EmergencyRuleOut:
    """Read one emergency rule."""
    return await db.read(emergency.show, rule_id)


@router.post(
    "/{rule_id}/confirmation",
    dependencies=[needs("policies:write", "self"), for_all_departments],
    responses=problems(NotFound, emergency.NotAConfirmer, emergency.OwnProposal, emergency.NotProposed, Stale),
)
async def confirm_emergency_rule(rule_id: RuleId, body: ConfirmationIn, if_match: IfMatch, db: Db) -> EmergencyRuleOut:
    """Put the rule in force at once, as a reviewer or another lead; it ends by itself, and nobody accepts anything anew."""
    return await db.write(emergency.confirm, rule_id, body.employee_number, if_match)


@router.delete(
    "/{rule_id}",
    dependencies=[needs("policies:write", "self"), for_all_departments],
    responses=problems(NotFound, emergency.NotAConfirmer, emergency.EndedAlready, Stale),
)
async def end_emergency_rule(
    rule_id: RuleId,
    if_match: IfMatch,
    db: Db,
    employee_number: Annotated[EmployeeNumber | None, Query(description="Who ends it, from a key.")] = None,
) -> EmergencyRuleOut:
    """End an emergency rule before its time, or take a proposal back."""
    return await db.write(emergency.end, rule_id, employee_number, if_match)
