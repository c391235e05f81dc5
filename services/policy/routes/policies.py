"""/v1/policies: open policies and read what is in force."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from services.policy.domain import policies, reviews, versions
from services.policy.schemas.policies import InForceOut, PolicyIn, PolicyOut, Quorum, QuorumOut
from shared.auth import for_all_departments, needs
from shared.conditions import IfMatch
from shared.locales import Locale
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
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
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(policies.PolicyExists),
)
async def create_policy(body: PolicyIn, db: Db) -> PolicyOut:
    """Open a policy that has no version in force yet."""
    return await db.write(policies.create, body)


@router.get("/{key}", dependencies=[needs("policies:read", "self")], responses=problems(NotFound, policies.NotInForce))
async def get_policy(
    key: Slug,
    db: Db,
    response: Response,
    at: Annotated[Moment | None, Query(description="What is, was or will be in force then.")] = None,
    locale: Annotated[
        Locale | None, Query(description="The language wanted; what is not there in it comes as it was written.")
    ] = None,
) -> InForceOut:
    """Read the version in force: sections, rules and the hashes that acknowledgements are bound to.

    Each section tells its `locale`, and by `fallback` that it is not the one asked for; `Content-Language` names all.
    """
    found = await db.read(policies.in_force, key, at, locale)
    response.headers["Content-Language"] = ", ".join(dict.fromkeys(section.locale for section in found.sections))
    return found


@router.get("/{key}/quorum", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_policy_quorum(key: Slug, db: Db) -> QuorumOut:
    """Read who must approve a version of the policy."""
    return await db.read(reviews.show_quorum, key)


@router.put(
    "/{key}/quorum",
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, versions.NeedsAllDepartments, Stale),
)
async def update_policy_quorum(key: Slug, body: Quorum, if_match: IfMatch, db: Db) -> QuorumOut:
    """Say who must approve a version: what is under review, or approved and not published, is judged by it anew."""
    return await db.write(reviews.change_quorum, key, body, if_match)
