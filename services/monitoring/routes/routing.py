"""/v1/routing-…: what waits for somebody, what nobody has who could take it, and what is asked of those who do."""

from services.monitoring.domain.routing import queue, requirements
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.requirements import RequirementsIn, RequirementsOut
from services.monitoring.schemas.routing import GapsOut, WaitingOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import Stale, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["load"])


@router.get("/routing-queue", dependencies=[needs("conversations:read")])
async def list_routing_queue(paging: Paging, db: Db) -> Page[WaitingOut]:
    """List the conversations that are with nobody, the oldest first, each with what is missing at this moment."""
    return await db.read(queue.listed, paging)


@router.get("/routing-gaps", dependencies=[needs("conversations:read", "team:read")])
async def list_routing_gaps(db: Db) -> GapsOut:
    """Say which certificates, languages and topics nobody has for what waits: whom to train or to win over next."""
    return await db.read(queue.gaps)


@router.get("/routing-requirements", dependencies=[needs("conversations:read", "certificates:read")])
async def get_routing_requirements(db: Db) -> RequirementsOut:
    """Return which certification conversations ask for, by network and kind."""
    return await db.read(requirements.read)


@router.put("/routing-requirements", dependencies=[needs("conversations:write"), FOR_ALL], responses=problems(Stale))
async def set_routing_requirements(body: RequirementsIn, db: Db, if_match: IfMatch) -> RequirementsOut:
    """State anew which certification conversations ask for; whoever lacks one gives back what they have within seconds."""
    return await db.write(requirements.put, body, if_match)
