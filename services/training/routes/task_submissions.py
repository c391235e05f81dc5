"""/v1/task-submissions: what was handed in for practical tasks, and what coaches say of it."""

from typing import Annotated, Literal

from fastapi import Query

from services.training.domain import access
from services.training.domain.learning import tasks
from services.training.schemas.fields import Id
from services.training.schemas.learning import ReviewIn, SubmissionOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/task-submissions", tags=["training"])


@router.get("", dependencies=[needs("training:read", "self")])
async def list_task_submissions(
    paging: Paging,
    db: Db,
    state: Annotated[
        Literal["submitted", "accepted", "returned"] | None, Query(description="Only in this state.")
    ] = None,
    course: Slug | None = None,
) -> Page[SubmissionOut]:
    """List what was handed in, the oldest first: one's own, or all that a coach may look at."""
    return await db.read(tasks.find, paging, state, course)


@router.get("/{submission}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_task_submission(submission: Id, db: Db) -> SubmissionOut:
    """Read something handed in, with the coach's words."""
    return await db.read(tasks.get, submission)


@router.post(
    "/{submission}/review",
    dependencies=[needs("training:write", "training:read")],
    responses=problems(
        NotFound, tasks.NotACoach, access.OwnMatter, access.DecisionForAnother, tasks.AlreadyReviewed, Stale
    ),
)
async def review_task_submission(submission: Id, body: ReviewIn, if_match: IfMatch, db: Db) -> SubmissionOut:
    """Accept what was handed in, or give it back with words; nobody reviews their own."""
    return await db.write(tasks.review, submission, body, if_match)
