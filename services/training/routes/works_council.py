"""/works-council-modes: for which legal entities no figure of a single person is shown, changed by two people together."""

from typing import Annotated

from fastapi import Path, status

from services.training.domain.privacy import works_council
from services.training.schemas.fields import Id
from services.training.schemas.works_council import (
    LegalEntity,
    WorksCouncilChangeIn,
    WorksCouncilChangeOut,
    WorksCouncilModeOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/works-council-modes", tags=["privacy"])
Entity = Annotated[LegalEntity, Path()]


@router.get("", dependencies=[needs("admin:read", "people:read", "self")])
async def list_works_council_modes(db: Db) -> Page[WorksCouncilModeOut]:
    """List the legal entities and whether figures of their single people are switched off; all of them on one page."""
    return await db.read(works_council.listed)


@router.post(
    "/{legal_entity:path}/changes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, works_council.TwoPeopleNeeded),
)
async def propose_works_council_change(
    legal_entity: Entity, body: WorksCouncilChangeIn, db: Db
) -> WorksCouncilChangeOut:
    """Propose to switch the mode on or off. Nothing changes until somebody else confirms it, within fourteen days.

    Only for people who signed in: a key is nobody, and one person may have two.
    """
    return await db.write(works_council.propose, legal_entity, body)


@router.post(
    "/{legal_entity:path}/changes/{change}/confirmation",
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, works_council.TwoPeopleNeeded, works_council.ChangeNotOpen),
)
async def confirm_works_council_change(legal_entity: Entity, change: Id, db: Db) -> WorksCouncilChangeOut:
    """Confirm what somebody else proposed; it holds from now on, in all services within seconds."""
    return await db.write(works_council.confirm, legal_entity, change)
