"""/v1/saved-answers: words to begin an answer with."""

from fastapi import Response, status

from services.monitoring.domain.conversations import checking, saved_answers
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.names import Id, Language, Network, Topic
from services.monitoring.schemas.wordings import SavedAnswerIn, SavedAnswerOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/saved-answers", tags=["conversations"])


@router.get("", dependencies=[needs("conversations:read", "self")])
async def list_saved_answers(
    paging: Paging, db: Db, language: Language | None = None, topic: Topic | None = None, network: Network | None = None
) -> Page[SavedAnswerOut]:
    """List saved answers that fit, each with what the rules in force say of it today."""
    return await db.read(saved_answers.listed, paging, language, topic, network)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("conversations:write"), FOR_ALL],
    responses=problems(UnknownPerson, checking.WordingRefused),
)
async def save_answer(body: SavedAnswerIn, db: Db, caller: Caller) -> SavedAnswerOut:
    """Save an answer, if the rules in force would let it out."""
    return await db.write(saved_answers.save, body, caller)


@router.get("/{answer_id}", dependencies=[needs("conversations:read", "self")], responses=problems(NotFound))
async def get_saved_answer(answer_id: Id, db: Db, response: Response) -> SavedAnswerOut:
    """Return one saved answer."""
    found = await db.read(saved_answers.read, answer_id)
    response.headers["ETag"] = revised(found.revision, found)
    return found


@router.put(
    "/{answer_id}",
    dependencies=[needs("conversations:write"), FOR_ALL],
    responses=problems(NotFound, UnknownPerson, Stale, checking.WordingRefused),
)
async def change_saved_answer(
    answer_id: Id, body: SavedAnswerIn, db: Db, caller: Caller, if_match: IfMatch
) -> SavedAnswerOut:
    """Write a saved answer anew."""
    return await db.write(saved_answers.change, answer_id, body, caller, if_match)


@router.delete(
    "/{answer_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("conversations:write"), FOR_ALL],
    responses=problems(NotFound, Stale),
)
async def remove_saved_answer(answer_id: Id, db: Db, if_match: IfMatch) -> None:
    """Take a saved answer out."""
    await db.write(saved_answers.remove, answer_id, if_match)
