"""/v1/load/simulations: what would happen to customers and colleagues if something were different."""

from fastapi import Response, status

from services.monitoring.domain.people import UnknownPerson
from services.monitoring.domain.simulations import simulations
from services.monitoring.schemas.names import Id
from services.monitoring.schemas.simulations import SimulationIn, SimulationOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/load/simulations", tags=["load"])


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[needs("conversations:write")],
    responses=problems(UnknownPerson, simulations.OneAtATime, simulations.SimulatorBusy),
)
async def request_simulation(body: SimulationIn, db: Db, caller: Caller, response: Response) -> SimulationOut:
    """Ask what would happen if somebody were certified, or gone, or all worked other hours.

    Customers come as they did in the last days, or as you make them up; the router's own decisions share them out,
    once to the colleagues there are and once to those there would be. It runs in the background, one for each caller.
    """
    asked = await db.write(simulations.request, body, caller)
    response.headers["Location"] = f"/v1/load/simulations/{asked.id}"
    return asked


@router.get(
    "/{simulation_id}",
    dependencies=[needs("conversations:read", "monitoring:read")],
    responses=problems(NotFound),
)
async def get_simulation(simulation_id: Id, db: Db, caller: Caller) -> SimulationOut:
    """Return a simulation: how it stands, and what came of it before and after what is different."""
    return await db.read(simulations.read, simulation_id, caller)
