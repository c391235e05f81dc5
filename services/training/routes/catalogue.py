"""/v1/catalogue: which courses people may take of their own will."""

from services.training.domain.planning import offers
from services.training.routes.courses import InLocale
from services.training.schemas.assigning import CatalogueItem, OfferIn, OfferOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Slug

router = Router(prefix="/v1/catalogue", tags=["training"])


@router.get("", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def list_catalogue(
    paging: Paging, db: Db, employee_number: EmployeeNumber | None = None, locale: InLocale = None
) -> Page[CatalogueItem]:
    """List the courses that a person may take of their own will: whoever signed in, or whom a machine names."""
    return await db.read(offers.find, paging, employee_number, locale)


@router.get("/{course}", dependencies=[needs("training:read")], responses=problems(NotFound))
async def get_offer(course: Slug, db: Db) -> OfferOut:
    """Read to whom a course is offered: everyone, unless something else was said."""
    return await db.read(offers.get, course)


@router.put("/{course}", dependencies=[needs("training:write")], responses=problems(NotFound, Stale))
async def put_offer(course: Slug, body: OfferIn, if_match: IfMatch, db: Db) -> OfferOut:
    """Say to whom a course is offered; who is on it already stays."""
    return await db.write(offers.put, course, body, if_match)
