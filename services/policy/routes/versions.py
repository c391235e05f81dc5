"""/v1/policies/{key}/versions: from a draft to what is in force."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from services.policy.domain import diffs, reviews, sources, versions
from services.policy.schemas.diffs import DiffOut
from services.policy.schemas.policies import (
    ApprovalIn,
    PublicationIn,
    RecallIn,
    ReviewIn,
    VersionIn,
    VersionLine,
    VersionOut,
    WithdrawalIn,
)
from shared.auth import for_all_departments, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/policies/{key}/versions", tags=["policies"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def list_policy_versions(key: Slug, paging: Paging, db: Db) -> Page[VersionLine]:
    """List the versions, the newest first; drafts only for those who work on policies."""
    return await db.read(versions.list_all, key, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(NotFound, sources.InvalidSource),
)
async def create_policy_version(key: Slug, body: VersionIn, db: Db) -> VersionOut:
    """Write a version, as a draft; rules that fail their own examples are named in `problems`."""
    content = await asyncio.to_thread(sources.parse, body.source)
    return await db.write(versions.create, key, body, content)


@router.get("/{number}", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_policy_version(key: Slug, number: Number, db: Db) -> VersionOut:
    """Read a version with its source, sections, rules and approvals."""
    return await db.read(versions.show, key, number)


@router.put(
    "/{number}",
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(NotFound, versions.NotADraft, Stale, sources.InvalidSource),
)
async def update_policy_version(key: Slug, number: Number, body: VersionIn, if_match: IfMatch, db: Db) -> VersionOut:
    """Write a draft anew, which clears what reviewers said of it.

    Where somebody else was faster than `If-Match`, the problem carries both texts: `stored` and `sent`.
    """
    content = await asyncio.to_thread(sources.parse, body.source)
    return await db.write(versions.edit, key, number, body, content, if_match)


@router.post(
    "/{number}/review",
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(NotFound, versions.NotADraft, Stale),
)
async def request_policy_review(key: Slug, number: Number, body: ReviewIn, if_match: IfMatch, db: Db) -> VersionOut:  # noqa: ARG001  the empty body is checked
    """Ask for review; from here on the source is fixed."""
    return await db.write(reviews.submit, key, number, if_match)


@router.post(
    "/{number}/recall",
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(NotFound, reviews.NotInReview, Stale),
)
async def recall_policy_version(key: Slug, number: Number, body: RecallIn, if_match: IfMatch, db: Db) -> VersionOut:  # noqa: ARG001  the empty body is checked
    """Take a version back from review, to edit it; approvals given so far no longer count."""
    return await db.write(reviews.recall, key, number, if_match)


@router.post(
    "/{number}/approvals",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("policies:write", "self")],
    responses=problems(
        NotFound, versions.NotAReviewer, reviews.NotInReview, reviews.OwnVersion, reviews.AlreadyDecided, Stale
    ),
)
async def approve_policy_version(key: Slug, number: Number, body: ApprovalIn, if_match: IfMatch, db: Db) -> VersionOut:
    """Approve a version, or send it back; nobody approves what they wrote."""
    return await db.write(reviews.decide, key, number, body, if_match)


@router.post(
    "/{number}/publication",
    dependencies=[needs("policies:write")],
    responses=problems(
        NotFound,
        versions.NotApproved,
        versions.AlreadyPublished,
        versions.FailingExamples,
        versions.NeedsAllDepartments,
        Stale,
    ),
)
async def publish_policy_version(
    key: Slug, number: Number, body: PublicationIn, if_match: IfMatch, db: Db
) -> VersionOut:
    """Bring an approved version into force, now or at a later time, and tell the other services."""
    return await db.write(versions.publish, key, number, body.effective_at, if_match)


@router.post(
    "/{number}/withdrawal",
    dependencies=[needs("policies:write")],
    responses=problems(
        NotFound, versions.AlreadyPublished, versions.AlreadyWithdrawn, versions.NeedsAllDepartments, Stale
    ),
)
async def withdraw_policy_version(
    key: Slug, number: Number, body: WithdrawalIn, if_match: IfMatch, db: Db
) -> VersionOut:
    """Give up a version before it is in force."""
    return await db.write(versions.withdraw, key, number, body.reason, if_match)


@router.get("/{number}/diff", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def compare_policy_versions(
    key: Slug,
    number: Number,
    db: Db,
    against: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="The version in force unless another is named.")
    ] = None,
) -> DiffOut:
    """Compare a version with another, section by section and word by word, and its rules.

    `material` suggests from what changed whether people should accept the version anew; a person decides.
    """
    return await db.read(diffs.compare, key, number, against)
