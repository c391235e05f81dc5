"""/v1/guidance-templates: words that coaches begin with when a rule has matched."""

from fastapi import status

from services.monitoring.domain.coaching import templates
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.guidance import TemplateIn, TemplateOut
from services.monitoring.schemas.names import Id, Language
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/guidance-templates", tags=["guidance"])


@router.get("", dependencies=[needs("monitoring:read")])
async def list_guidance_templates(
    paging: Paging, db: Db, policy: Slug | None = None, rule: Slug | None = None, language: Language | None = None
) -> Page[TemplateOut]:
    """List templates, the oldest first."""
    return await db.read(templates.listed, paging, policy, rule, language)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[needs("monitoring:write"), FOR_ALL])
async def create_guidance_template(body: TemplateIn, db: Db) -> TemplateOut:
    """Write a template."""
    return await db.write(templates.create, body)


@router.get("/{template_id}", dependencies=[needs("monitoring:read")], responses=problems(NotFound))
async def get_guidance_template(template_id: Id, db: Db) -> TemplateOut:
    """Return a template."""
    return await db.read(templates.read, template_id)


@router.put("/{template_id}", dependencies=[needs("monitoring:write"), FOR_ALL], responses=problems(NotFound, Stale))
async def replace_guidance_template(template_id: Id, body: TemplateIn, db: Db, if_match: IfMatch) -> TemplateOut:
    """Put other words in the place of a template's; guidance that was given keeps its own."""
    return await db.write(templates.replace, template_id, body, if_match)


@router.delete(
    "/{template_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("monitoring:write"), FOR_ALL],
    responses=problems(NotFound, Stale),
)
async def remove_guidance_template(template_id: Id, db: Db, if_match: IfMatch) -> None:
    """Take a template away."""
    await db.write(templates.remove, template_id, if_match)
