"""/v1/checks: ask whether something may be posted."""

from fastapi import APIRouter

from services.policy.domain import checks, people
from services.policy.schemas.checks import CheckOut, ChecksIn, ChecksOut
from shared.auth import needs
from shared.problems import problems
from shared.requests import Db

router = APIRouter(prefix="/v1/checks", tags=["checks"])


@router.post("", dependencies=[needs("policies:read", "self")], responses=problems(people.UnknownPerson))
async def check_draft(body: ChecksIn, db: Db) -> CheckOut | ChecksOut:
    """Check one draft, or several, against the rules in force; nothing of it is stored, logged or told."""
    return await db.read(checks.check, body)
