"""/notices and /notice-preferences: what somebody should know, and how they want to be told."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.gateway.connectors.notices import Notices
from services.gateway.domain.notices import bell, preferences
from services.gateway.domain.webhooks.addresses import AddressRefused
from services.gateway.rights import SELF
from services.gateway.schemas.notices import NoticeOut, NoticePreferencesIn, NoticePreferencesOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch, etag
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Text

router = Router(tags=["notices"])

NoticeId = Annotated[Text, Path(max_length=36)]
Number = Annotated[EmployeeNumber, Path()]
Unread = Annotated[bool, Query(description="Only what is neither read nor dealt with.")]


async def find_worker(request: Request) -> Notices:
    """Return what sends notices, which knows under which terms."""
    worker: Notices = request.app.state.notices
    return worker


Sending = Annotated[Notices, Depends(find_worker)]


@router.get("/v1/notices", dependencies=[needs(SELF)])
async def list_notices(db: Db, paging: Paging, caller: Caller, unread: Unread = False) -> Page[NoticeOut]:
    """List what the caller should know, the newest first: one's own notices, nobody else's."""
    return await db.read(lambda session: bell.find_page(session, caller, paging, unread=unread))


@router.post("/v1/notices/{notice_id}/reading", dependencies=[needs(SELF)], responses=problems(NotFound))
async def read_notice(notice_id: NoticeId, db: Db, caller: Caller) -> NoticeOut:
    """Note that the caller has read a notice; what is not sent yet is not sent any more."""
    return await db.write(bell.read, notice_id, caller)


@router.get("/v1/notice-preferences", dependencies=[needs(SELF)], responses=problems(NotFound))
async def get_own_notice_preferences(db: Db, caller: Caller, response: Response) -> NoticePreferencesOut:
    """Show how the caller is told: by what, when, and what not."""
    return tagged(await db.read(preferences.get_own, caller), response)


@router.put("/v1/notice-preferences", dependencies=[needs(SELF)], responses=problems(NotFound, Stale, AddressRefused))
async def set_own_notice_preferences(
    body: NoticePreferencesIn, db: Db, caller: Caller, sending: Sending, if_match: IfMatch, response: Response
) -> NoticePreferencesOut:
    """Choose how to be told. The address of a chat is never shown; left out, it stays, and `null` removes it."""
    return tagged(await db.write(preferences.set_own, body, caller, sending.terms, if_match), response)


@router.get(
    "/v1/notice-preferences/{employee_number}", dependencies=[needs("admin:read")], responses=problems(NotFound)
)
async def get_notice_preferences(
    employee_number: Number, db: Db, caller: Caller, response: Response
) -> NoticePreferencesOut:
    """Show how somebody is told."""
    return tagged(await db.read(preferences.get, employee_number, caller), response)


@router.put(
    "/v1/notice-preferences/{employee_number}",
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, Stale, AddressRefused),
)
async def set_notice_preferences(
    employee_number: Number,
    body: NoticePreferencesIn,
    db: Db,
    caller: Caller,
    sending: Sending,
    if_match: IfMatch,
    response: Response,
) -> NoticePreferencesOut:
    """Choose for somebody how they are told, such as the chat in which they are."""
    kept = await db.write(preferences.set_for, employee_number, body, caller, sending.terms, if_match)
    return tagged(kept, response)


def tagged(shown: NoticePreferencesOut, response: Response) -> NoticePreferencesOut:
    """Return preferences with the ETag of their revision."""
    response.headers["ETag"] = etag(shown.revision)
    return shown
