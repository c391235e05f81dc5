"""/v1/digests and /v1/department-digests: weeks to look back on."""

from services.monitoring.domain.coaching import digests
from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.schemas.digests import DepartmentDigestsOut, DigestOut, Week
from shared.areas import Router
from shared.auth import Caller, needs
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1", tags=["guidance"])


@router.get(
    "/digests",
    dependencies=[needs("monitoring:read", "self")],
    responses=problems(NotFound, UnknownPerson, FiguresSwitchedOff, digests.WhoseDigest),
)
async def get_digest(
    db: Db, caller: Caller, employee_number: EmployeeNumber | None = None, week: Week | None = None
) -> DigestOut:
    """Return a person's week, the last one that is over unless another is named: to themselves, or to a key for them."""
    return await db.read(digests.read, employee_number, week, caller)


@router.get("/department-digests", dependencies=[needs("monitoring:read")])
async def list_department_digests(db: Db, caller: Caller, week: Week | None = None) -> DepartmentDigestsOut:
    """Return a week by department, the last one that is over unless another is named; small departments are merged."""
    return await db.read(digests.by_department, week, caller)
