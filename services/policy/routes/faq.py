"""/v1/policies/{key}/faq: what people ask about a policy, with the answers."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from services.policy.domain import faq
from services.policy.schemas.questions import FaqChange, FaqIn, FaqOut, SectionId
from shared.auth import for_all_departments, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/policies/{key}/faq", tags=["policies"])
EntryId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
writes = [needs("policies:write"), for_all_departments]


@router.get("", dependencies=[needs("policies:read", "self")], responses=problems(NotFound))
async def list_faq_entries(
    key: Slug, paging: Paging, db: Db, section: Annotated[SectionId | None, Query()] = None
) -> Page[FaqOut]:
    """List the questions and answers beside a policy's sections, the oldest first."""
    return await db.read(faq.list_of, key, section, paging)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=writes, responses=problems(NotFound))
async def create_faq_entry(key: Slug, body: FaqIn, db: Db) -> FaqOut:
    """Write an entry that nobody has asked for yet."""
    return await db.write(faq.add, key, body)


@router.get("/{entry}", dependencies=[needs("policies:read", "self")], responses=problems(NotFound))
async def get_faq_entry(key: Slug, entry: EntryId, db: Db, response: Response) -> FaqOut:
    """Read an entry; its ETag changes with the section that it is about, too."""
    found = await db.read(faq.show, key, entry)
    response.headers["ETag"] = revised(found.revision, found)
    return found


@router.patch("/{entry}", dependencies=writes, responses=problems(NotFound, Stale))
async def change_faq_entry(key: Slug, entry: EntryId, body: FaqChange, if_match: IfMatch, db: Db) -> FaqOut:
    """Change an entry; it fits its section as it is now."""
    return await db.write(faq.change, key, entry, body, if_match)


@router.delete(
    "/{entry}", status_code=status.HTTP_204_NO_CONTENT, dependencies=writes, responses=problems(NotFound, Stale)
)
async def delete_faq_entry(key: Slug, entry: EntryId, if_match: IfMatch, db: Db) -> None:
    """Remove an entry."""
    await db.write(faq.remove, key, entry, if_match)
