"""/v1/policies: open policies and read what is in force."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from services.policy.domain import policies
from services.policy.schemas.policies import InForceOut, PolicyIn, PolicyOut
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Moment, Slug

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get("", dependencies=[needs("policies:read", "self")])
async def list_policies(paging: Paging, db: Db) -> Page[PolicyOut]:
    """List the policies with the number of the version in force."""
    return await db.read(policies.list_all, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write")],
    responses=problems(policies.PolicyExists),
)
async def create_policy(body: PolicyIn, db: Db) -> PolicyOut:
    """Open a policy that has no version in force yet."""
    return await db.write(policies.create, body)


@router.get("/{key}", dependencies=[needs("policies:read", "self")], responses=problems(NotFound, policies.NotInForce))
async def get_policy(
    key: Slug,
    db: Db,
    at: Annotated[Moment | None, Query(description="What is, was or will be in force then.")] = None,
) -> InForceOut:
    """Read the version in force: sections, rules and the hashes that acknowledgements are bound to."""
    return await db.read(policies.in_force, key, at)
