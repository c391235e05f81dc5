"""/v1/service-promises: within which time customers are answered, and how that went."""

from typing import Annotated

from fastapi import Query, status

from services.monitoring.domain.conversations import promises, promises_kept
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.conversations import ConversationKind
from services.monitoring.schemas.promises import PromisesKeptOut, ServicePromiseIn, ServicePromiseOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["conversations"])


@router.get("/service-promises", dependencies=[needs("conversations:read")])
async def list_service_promises(db: Db) -> Page[ServicePromiseOut]:
    """List what is promised for each kind of conversation."""
    return await db.read(promises.listed)


@router.get("/service-promises/{kind}", dependencies=[needs("conversations:read")], responses=problems(NotFound))
async def get_service_promise(kind: ConversationKind, db: Db) -> ServicePromiseOut:
    """Return what is promised for a kind of conversation."""
    return await db.read(promises.read, kind)


@router.put("/service-promises/{kind}", dependencies=[needs("conversations:write"), FOR_ALL], responses=problems(Stale))
async def set_service_promise(
    kind: ConversationKind, body: ServicePromiseIn, db: Db, if_match: IfMatch
) -> ServicePromiseOut:
    """State what is promised for a kind; `other` holds for every kind of which nothing is said."""
    return await db.write(promises.put, kind, body, if_match)


@router.delete(
    "/service-promises/{kind}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("conversations:write"), FOR_ALL],
    responses=problems(NotFound, Stale),
)
async def remove_service_promise(kind: ConversationKind, db: Db, if_match: IfMatch) -> None:
    """Promise nothing any more for a kind; what customers wait for stays promised."""
    await db.write(promises.withdraw, kind, if_match)


@router.get("/service-figures", dependencies=[needs("conversations:read", "monitoring:read")])
async def list_service_figures(
    db: Db, days: Annotated[int, Query(ge=1, le=366, description="How far back.")] = 30
) -> PromisesKeptOut:
    """Count the promises that were kept, broken, and that customers still wait for."""
    return await db.read(promises_kept.figures, days)
