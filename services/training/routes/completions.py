"""/v1/completions: what was learnt elsewhere."""

from fastapi import APIRouter, status

from services.training.domain import completions
from services.training.schemas.enrolments import CompletionIn, CompletionOut
from shared.auth import needs
from shared.problems import NotFound, problems
from shared.requests import Db

router = APIRouter(prefix="/v1/completions", tags=["training"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound, completions.NotACompletion),
)
async def create_completion(body: CompletionIn, db: Db) -> CompletionOut:
    """Record that a person completed a course elsewhere; the same person, course, time and source count once."""
    return await db.write(completions.add, body)
