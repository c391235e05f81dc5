"""/v1/static-content: profiles and advertisements, which a principal approves before they are used."""

from typing import Annotated

from fastapi import Path, status

from services.monitoring.domain.conversations import checking, static_content
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.names import Id, Network
from services.monitoring.schemas.wordings import (
    StaticContentDetailOut,
    StaticContentIn,
    StaticContentOut,
    StaticDecisionIn,
    StaticKind,
    StaticUseIn,
    StaticVersionIn,
)
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/static-content", tags=["conversations"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
writes = [needs("conversations:write"), FOR_ALL]
CHANGED = (NotFound, UnknownPerson, Stale, checking.WordingRefused)


@router.get("", dependencies=[needs("conversations:read")])
async def list_static_content(
    paging: Paging, db: Db, kind: StaticKind | None = None, network: Network | None = None
) -> Page[StaticContentOut]:
    """List profiles, advertisements and the like."""
    return await db.read(static_content.listed, paging, kind, network)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=writes,
    responses=problems(UnknownPerson, checking.WordingRefused, static_content.AuthorUnknown),
)
async def create_static_content(body: StaticContentIn, db: Db, caller: Caller) -> StaticContentDetailOut:
    """Write the first version of a profile, an advertisement or the like."""
    return await db.write(static_content.create, body, caller)


@router.get("/{content_id}", dependencies=[needs("conversations:read")], responses=problems(NotFound))
async def get_static_content(content_id: Id, db: Db) -> StaticContentDetailOut:
    """Return static content with the record of each version: who wrote it, who decided, when, and on which words."""
    return await db.read(static_content.read, content_id)


@router.post(
    "/{content_id}/versions",
    status_code=status.HTTP_201_CREATED,
    dependencies=writes,
    responses=problems(*CHANGED, static_content.AuthorUnknown),
)
async def write_static_version(
    content_id: Id, body: StaticVersionIn, db: Db, caller: Caller, if_match: IfMatch
) -> StaticContentDetailOut:
    """Write other words for the same place."""
    return await db.write(static_content.write, content_id, body, caller, if_match)


@router.post(
    "/{content_id}/versions/{number}/decision",
    dependencies=writes,
    responses=problems(*CHANGED, static_content.NotAPrincipal, static_content.NotDecidable),
)
async def decide_static_version(
    content_id: Id, number: Number, body: StaticDecisionIn, db: Db, caller: Caller, if_match: IfMatch
) -> StaticContentDetailOut:
    """Approve or reject a version, as a certified principal who did not write it."""
    return await db.write(static_content.decide, content_id, number, body, caller, if_match)


@router.post(
    "/{content_id}/versions/{number}/use",
    dependencies=writes,
    responses=problems(*CHANGED, static_content.VersionNotApproved),
)
async def use_static_version(
    content_id: Id, number: Number, body: StaticUseIn, db: Db, caller: Caller, if_match: IfMatch
) -> StaticContentDetailOut:
    """Say that an approved version stands there from now on."""
    del body
    return await db.write(static_content.use, content_id, number, caller, if_match)


@router.post(
    "/{content_id}/versions/{number}/withdrawal",
    dependencies=writes,
    responses=problems(NotFound, Stale, static_content.VersionNotApproved),
)
async def withdraw_static_version(
    content_id: Id, number: Number, body: StaticUseIn, db: Db, caller: Caller, if_match: IfMatch
) -> StaticContentDetailOut:
    """Say that a version no longer stands there."""
    del body
    return await db.write(static_content.withdraw, content_id, number, caller, if_match)
