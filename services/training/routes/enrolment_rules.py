"""/v1/enrolment-rules: who is put on what, by which rule."""

from fastapi import Response, status

from services.training.domain.planning import enrolment_rules
from services.training.schemas.assigning import AudiencePreview, RuleAudience, RuleIn, RuleOut, RulePatch
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import Forbidden, NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/enrolment-rules", tags=["training"])


@router.get("", dependencies=[needs("training:read")])
async def list_enrolment_rules(paging: Paging, db: Db) -> Page[RuleOut]:
    """List the rules, with how many people each has found."""
    return await db.read(enrolment_rules.find, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(Forbidden, enrolment_rules.RuleExists, enrolment_rules.NothingToPutOn),
)
async def create_enrolment_rule(body: RuleIn, db: Db) -> RuleOut:
    """Write a rule; whom it means is put on what it says within seconds, and once."""
    return await db.write(enrolment_rules.create, body)


@router.post("/previews", dependencies=[needs("training:write")], responses=problems(Forbidden))
async def preview_enrolment_rule(body: RuleAudience, db: Db) -> AudiencePreview:
    """Say whom an audience means today; nothing is changed or kept."""
    return await db.read(enrolment_rules.preview, body)


@router.get("/{key}", dependencies=[needs("training:read")], responses=problems(NotFound))
async def get_enrolment_rule(key: Slug, response: Response, db: Db) -> RuleOut:
    """Read a rule."""
    found = await db.read(enrolment_rules.get, key)
    response.headers["ETag"] = revised(found.edition, found)
    return found


@router.patch("/{key}", dependencies=[needs("training:write")], responses=problems(Forbidden, NotFound, Stale))
async def update_enrolment_rule(key: Slug, body: RulePatch, if_match: IfMatch, db: Db) -> RuleOut:
    """Change a rule; whom it does not mean any more it lets go of, as it says."""
    return await db.write(enrolment_rules.change, key, body, if_match)
