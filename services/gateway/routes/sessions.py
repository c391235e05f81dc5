"""/sessions: where somebody is signed in, and an end to it."""

from typing import Annotated

from fastapi import Path, Request, status

from services.gateway.domain.credentials import Credential
from services.gateway.domain.sign_in import sessions
from services.gateway.rights import SELF
from services.gateway.schemas.sessions import SessionOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Text

router = Router(prefix="/v1/sessions", tags=["sign-in"])

SessionId = Annotated[Text, Path(max_length=36)]


@router.get("", dependencies=[needs(SELF)])
async def list_sessions(request: Request, db: Db, paging: Paging, caller: Caller) -> Page[SessionOut]:
    """List where the caller is signed in: one's own sessions, nobody else's."""
    me: Credential | None = request.scope.get("credential")
    return await db.read(sessions.find_page, caller, me.session_id if me else None, paging)


@router.delete(
    "/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs(SELF)],
    responses=problems(NotFound),
)
async def end_session(session_id: SessionId, request: Request, db: Db, caller: Caller) -> None:
    """Sign out elsewhere: end one of the caller's own sessions at once."""
    await db.write(sessions.end_own, session_id, caller)
    await request.app.state.doors.keyring.load()
