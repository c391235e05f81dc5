"""/v1/guidance: what coaches told people, and what these say to it."""

from fastapi import status

from services.monitoring.domain.coaching import guidance, talks
from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.schemas.guidance import (
    AcknowledgementIn,
    AppealIn,
    GuidanceKind,
    GuidanceOut,
    GuidanceState,
    MessageIn,
    MessageOut,
    PraiseIn,
    ReadingIn,
)
from services.monitoring.schemas.names import Id
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/guidance", tags=["guidance"])

ANSWERING = problems(NotFound, guidance.GuidanceAnswered, Stale)


@router.get("", dependencies=[needs("monitoring:read", "self")], responses=problems(UnknownPerson, FiguresSwitchedOff))
async def list_guidance(
    paging: Paging,
    db: Db,
    caller: Caller,
    employee_number: EmployeeNumber | None = None,
    state: GuidanceState | None = None,
    kind: GuidanceKind | None = None,
) -> Page[GuidanceOut]:
    """List guidance, the newest first; its words are shown to the person and their coach alone."""
    return await db.read(guidance.listed, paging, caller, employee_number, state, kind)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write")],
    responses=problems(NotFound, UnknownPerson, talks.NobodyToPraise, talks.OwnPost),
)
async def give_praise(body: PraiseIn, db: Db, caller: Caller) -> GuidanceOut:
    """Tell the author of a post that something was done well."""
    return await db.write(talks.praise, body, caller)


@router.get("/{guidance_id}", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def get_guidance(guidance_id: Id, db: Db, caller: Caller) -> GuidanceOut:
    """Return one guidance; its words are shown to the person and their coach alone."""
    return await db.read(guidance.read, guidance_id, caller)


@router.post("/{guidance_id}/reading", dependencies=[needs("monitoring:write", "self")], responses=problems(NotFound))
async def note_reading(guidance_id: Id, body: ReadingIn, db: Db, caller: Caller) -> GuidanceOut:
    """Note that the person has opened guidance."""
    del body
    return await db.write(guidance.note_reading, guidance_id, caller)


@router.get("/{guidance_id}/messages", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def list_guidance_messages(guidance_id: Id, paging: Paging, db: Db, caller: Caller) -> Page[MessageOut]:
    """List what the person and their coach said, the first word first; to anybody else there is no such talk."""
    return await db.read(talks.listed, paging, guidance_id, caller)


@router.post(
    "/{guidance_id}/messages",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(NotFound, UnknownPerson, talks.TalkTooLong),
)
async def send_guidance_message(guidance_id: Id, body: MessageIn, db: Db, caller: Caller) -> MessageOut:
    """Say something to the other side."""
    return await db.write(talks.say, guidance_id, body, caller)


@router.post("/{guidance_id}/acknowledgement", dependencies=[needs("monitoring:write", "self")], responses=ANSWERING)
async def acknowledge_guidance(
    guidance_id: Id, body: AcknowledgementIn, db: Db, caller: Caller, if_match: IfMatch
) -> GuidanceOut:
    """Accept guidance; its finding comes to its end."""
    del body
    return await db.write(guidance.acknowledge, guidance_id, caller, if_match)


@router.post(
    "/{guidance_id}/appeal",
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(NotFound, guidance.GuidanceAnswered, guidance.NothingToAppeal, Stale),
)
async def appeal_guidance(guidance_id: Id, body: AppealIn, db: Db, caller: Caller, if_match: IfMatch) -> GuidanceOut:
    """Ask another coach to look again."""
    return await db.write(guidance.appeal, guidance_id, body, caller, if_match)
