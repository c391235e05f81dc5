"""/v1/task-team/nominations: who is put forward, what colleagues say, what is decided, and who waits."""

from typing import Annotated

from fastapi import Path, Query, status

from services.policy.domain import nominations, seats
from services.policy.schemas.nominations import (
    DecisionIn,
    EndorsementIn,
    NominationIn,
    NominationOut,
    NominationState,
    OfferAnswerIn,
    WithdrawalIn,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/task-team", tags=["task team"])
NominationId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
reads = [needs("team:read", "self")]
takes_part = [needs("team:write", "self")]


@router.get("/nominations", dependencies=reads)
async def list_nominations(
    paging: Paging, db: Db, state: Annotated[NominationState | None, Query()] = None
) -> Page[NominationOut]:
    """List nominations, the oldest first: to the team all, to others those they have a part in."""
    return await db.read(nominations.list_all, state, paging)


@router.get("/waiting-list", dependencies=reads)
async def list_waiting_nominations(paging: Paging, db: Db) -> Page[NominationOut]:
    """List who was approved and waits for a seat, in the order in which seats are offered."""
    return await db.read(nominations.waiting_list, paging)


@router.post(
    "/nominations",
    status_code=status.HTTP_201_CREATED,
    dependencies=takes_part,
    responses=problems(NotFound, nominations.AlreadyNominated),
)
async def create_nomination(body: NominationIn, db: Db) -> NominationOut:
    """Put a person, or yourself, forward for the task team."""
    return await db.write(nominations.nominate, body)


@router.get("/nominations/{nomination}", dependencies=reads, responses=problems(NotFound))
async def get_nomination(nomination: NominationId, db: Db) -> NominationOut:
    """Read a nomination with its endorsements."""
    return await db.read(nominations.show, nomination)


@router.post(
    "/nominations/{nomination}/endorsements",
    status_code=status.HTTP_201_CREATED,
    dependencies=takes_part,
    responses=problems(NotFound, nominations.NominationDecided, nominations.OwnNomination, nominations.AlreadyEndorsed),
)
async def endorse_nomination(nomination: NominationId, body: EndorsementIn, db: Db) -> NominationOut:
    """Say why a colleague should be on the team."""
    return await db.write(nominations.endorse, nomination, body)


@router.post(
    "/nominations/{nomination}/decision",
    dependencies=[needs("team:write")],
    responses=problems(
        NotFound,
        nominations.NominationDecided,
        nominations.OwnNomination,
        seats.SeatTaken,
        seats.NotCertified,
        Stale,
    ),
)
async def decide_nomination(nomination: NominationId, body: DecisionIn, if_match: IfMatch, db: Db) -> NominationOut:
    """Appoint the nominee to a seat, let them wait for one, or decline."""
    return await db.write(nominations.decide, nomination, body, if_match)


@router.post(
    "/nominations/{nomination}/answer",
    dependencies=takes_part,
    responses=problems(NotFound, nominations.NotOffered, seats.SeatTaken, seats.NotCertified, Stale),
)
async def answer_nomination_offer(
    nomination: NominationId, body: OfferAnswerIn, if_match: IfMatch, db: Db
) -> NominationOut:
    """Take the seat that is offered to you, or leave it to the next."""
    return await db.write(nominations.answer_offer, nomination, body, if_match)


@router.post(
    "/nominations/{nomination}/withdrawal",
    dependencies=takes_part,
    responses=problems(NotFound, nominations.NominationDecided, Stale),
)
async def withdraw_nomination(
    nomination: NominationId, _body: WithdrawalIn, if_match: IfMatch, db: Db
) -> NominationOut:
    """Say that you do not want to be considered."""
    return await db.write(nominations.withdraw, nomination, if_match)
