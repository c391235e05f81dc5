"""/v1/availability: what somebody takes on, and when."""

from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.domain.routing import availability
from services.monitoring.schemas.availability import AvailabilityIn, AvailabilityOut, PresenceIn, PresenceOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/availability", tags=["load"])


@router.get(
    "/{employee_number}",
    dependencies=[needs("conversations:read", "self")],
    responses=problems(NotFound, UnknownPerson, FiguresSwitchedOff),
)
async def get_availability(employee_number: EmployeeNumber, db: Db, caller: Caller) -> AvailabilityOut:
    """Return what somebody takes on, and what they have open."""
    return await db.read(availability.read, employee_number, caller)


@router.put(
    "/{employee_number}",
    dependencies=[needs("conversations:write", "self")],
    responses=problems(NotFound, UnknownPerson, Stale),
)
async def set_availability(
    employee_number: EmployeeNumber, body: AvailabilityIn, db: Db, caller: Caller, if_match: IfMatch
) -> AvailabilityOut:
    """State what somebody takes on; coming online brings what waits, going away gives back what is open."""
    return await db.write(availability.put, employee_number, body, caller, if_match)


@router.post(
    "/{employee_number}/presence",
    dependencies=[needs("conversations:write", "self")],
    responses=problems(NotFound, UnknownPerson),
)
async def confirm_presence(employee_number: EmployeeNumber, body: PresenceIn, db: Db, caller: Caller) -> PresenceOut:
    """Confirm that somebody is there, for a while: a portal that is open calls this every few minutes.

    Whoever states `online` in their availability counts as there until they change it, and needs no confirmation.
    """
    return await db.write(availability.confirm, employee_number, body, caller)
