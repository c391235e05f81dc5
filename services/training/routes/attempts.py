"""/v1/attempts: one sitting of a quiz."""

from fastapi import APIRouter, Response

from services.training.domain import attempts
from services.training.schemas.enrolments import AnswerIn, AttemptOut, ItemOut, ResultOut
from services.training.schemas.fields import Id
from shared.auth import needs
from shared.conditions import fingerprint
from shared.problems import NotFound, problems
from shared.requests import Db

router = APIRouter(prefix="/v1/attempts", tags=["training"])


@router.get("/{attempt}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_attempt(attempt: Id, response: Response, db: Db) -> AttemptOut:
    """Read a sitting: what was chosen so far, or the result."""
    found = await db.read(attempts.get, attempt)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.put(
    "/{attempt}/answers/{item}",
    dependencies=[needs("training:write", "self")],
    responses=problems(NotFound, attempts.AttemptClosed, attempts.NotAnOption),
)
async def put_answer(attempt: Id, item: Id, body: AnswerIn, db: Db) -> ItemOut:
    """Choose the options for one question, instead of those chosen before."""
    return await db.write(attempts.answer, attempt, item, body)


@router.post("/{attempt}/submission", dependencies=[needs("training:write", "self")], responses=problems(NotFound))
async def submit_attempt(attempt: Id, db: Db) -> ResultOut:
    """Hand in a sitting and have it graded; handed in again it answers the same."""
    return await db.write(attempts.submit, attempt)
