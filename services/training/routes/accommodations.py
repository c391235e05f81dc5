"""/v1/people/{employee_number}/accommodation: more time in timed quizzes."""

from services.training.domain.access import OwnMatter
from services.training.domain.learning import accommodations
from services.training.schemas.accommodations import AccommodationIn, AccommodationOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/people/{employee_number}/accommodation", tags=["people"])


@router.get("", dependencies=[needs(*accommodations.RIGHTS, "self")], responses=problems(NotFound))
async def get_accommodation(employee_number: EmployeeNumber, db: Db) -> AccommodationOut:
    """Read how many times as long a person has in timed quizzes: for themself, and for those who may set it."""
    return await db.read(accommodations.get, employee_number)


@router.put("", dependencies=[needs(*accommodations.RIGHTS)], responses=problems(NotFound, OwnMatter, Stale))
async def set_accommodation(
    employee_number: EmployeeNumber, body: AccommodationIn, db: Db, if_match: IfMatch
) -> AccommodationOut:
    """Set how many times as long a person has, also in the sittings they have open; the reason is not asked, nor kept."""
    return await db.write(accommodations.put, employee_number, body, if_match)
