"""/v1/policies/{key}/versions/{n}/translations: a version in other languages."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.policy.domain import sources, translations
from services.policy.schemas.translations import TranslationIn, TranslationLine, TranslationOut
from shared.auth import for_all_departments, needs
from shared.conditions import IfMatch, revised
from shared.locales import Locale
from shared.pages import Page
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = APIRouter(prefix="/v1/policies/{key}/versions/{number}/translations", tags=["policies"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Language = Annotated[Locale, Path(description="A BCP 47 tag.")]


@router.get("", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def list_policy_translations(key: Slug, number: Number, db: Db) -> Page[TranslationLine]:
    """List the languages of a version, and how far each has come."""
    return await db.read(translations.list_all, key, number)


@router.get("/{locale}", dependencies=[needs("policies:read")], responses=problems(translations.NotTranslated))
async def get_policy_translation(
    key: Slug, number: Number, locale: Language, db: Db, response: Response
) -> TranslationOut:
    """Read where the translation of each section stands: current, out of date since its source changed, or missing."""
    found = await db.read(translations.show, key, number, locale)
    response.headers["ETag"] = revised(found.edition, found)
    return found


@router.put(
    "/{locale}",
    dependencies=[needs("policies:write"), for_all_departments],
    responses=problems(NotFound, translations.NotTranslatable, Stale, sources.InvalidSource),
)
async def update_policy_translation(
    key: Slug, number: Number, locale: Language, body: TranslationIn, if_match: IfMatch, db: Db, response: Response
) -> TranslationOut:
    """Write a version in another language, all of it or some sections; read at once where the version is in force.

    A later version takes over the sections whose source stays the same. Where somebody else was faster than `If-Match`,
    the problem carries both texts: `stored` and `sent`.
    """
    draft = await asyncio.to_thread(translations.parse, body.source)
    found = await db.write(translations.write, key, number, locale, body, draft, if_match)
    response.headers["ETag"] = revised(found.edition, found)
    return found
