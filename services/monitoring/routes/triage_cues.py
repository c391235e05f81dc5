"""/v1/triage-cues and /v1/triage-trials: the words by which customers' posts are sorted, and what they make of a text."""

from fastapi import status

from services.monitoring.domain.triage import cues
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.triage import (
    CueLanguage,
    TriageCuesIn,
    TriageCuesOut,
    TriageLanguage,
    TrialIn,
    TrialOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page
from shared.problems import Stale, problems
from shared.requests import Db

router = Router(prefix="/v1", tags=["triage"])


@router.get("/triage-cues", dependencies=[needs("monitoring:read")])
async def list_triage_cues(db: Db) -> Page[TriageLanguage]:
    """List the languages that have cues of triage."""
    return await db.read(cues.listed)


@router.get("/triage-cues/{language}", dependencies=[needs("monitoring:read")], responses=problems(cues.NoCues))
async def get_triage_cues(language: CueLanguage, db: Db) -> TriageCuesOut:
    """Read the words by which posts in a language are sorted into questions, complaints, praise, spam and crises."""
    return await db.read(cues.read, language)


@router.put(
    "/triage-cues/{language}",
    dependencies=[needs("monitoring:write"), FOR_ALL],
    responses=problems(Stale, cues.EmptyCue),
)
async def replace_triage_cues(language: CueLanguage, body: TriageCuesIn, if_match: IfMatch, db: Db) -> TriageCuesOut:
    """Replace the cues of a language, or begin one; posts that came before stay as they were sorted."""
    return await db.write(cues.put, language, body, if_match)


@router.delete(
    "/triage-cues/{language}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("monitoring:write"), FOR_ALL],
    responses=problems(cues.NoCues, Stale),
)
async def reset_triage_cues(language: CueLanguage, if_match: IfMatch, db: Db) -> None:
    """Go back to the cues that come with Shareload."""
    await db.write(cues.reset, language, if_match)


@router.post(
    "/triage-trials",
    dependencies=[needs("monitoring:read")],
    responses=problems(cues.EmptyCue),
)
async def try_triage(body: TrialIn, db: Db) -> TrialOut:
    """Say what would be made of a text, by the cues in use or by some that are being written; nothing is kept."""
    return await db.read(cues.attempt, body)
