"""/v1/attempts: one sitting of a quiz."""

from fastapi import Response, status

from services.training.domain.access import LearningForAnother, OwnMatter
from services.training.domain.learning import answers, attempts, enrolments, sittings
from services.training.domain.teaching import questions
from services.training.schemas.attempts import (
    AnswerIn,
    AttemptIn,
    AttemptOut,
    ExtraAttemptsIn,
    ExtraAttemptsOut,
    ItemOut,
    ResultOut,
)
from services.training.schemas.fields import Id
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(tags=["training"])


@router.post(
    "/v1/enrolments/{enrolment}/attempts",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound,
        LearningForAnother,
        enrolments.CourseDone,
        enrolments.ModuleLocked,
        attempts.NoQuizLeft,
        attempts.AttemptOpen,
        attempts.NoAttemptLeft,
        attempts.CoolingDown,
        questions.NotEnoughQuestions,
    ),
)
async def create_attempt(enrolment: Id, body: AttemptIn, db: Db) -> AttemptOut:
    """Draw a sitting of a quiz; only one can be open at a time.

    From the second sitting on the questions are others, as long as there are any. Where time is limited, `deadline`
    says until when, the person's `time_factor` included.
    """
    return await db.write(attempts.start, enrolment, body)


@router.post(
    "/v1/enrolments/{enrolment}/extra-attempts",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, OwnMatter),
)
async def grant_attempts(enrolment: Id, body: ExtraAttemptsIn, db: Db) -> ExtraAttemptsOut:
    """Let somebody sit a quiz more often than it allows."""
    return await db.write(sittings.grant, enrolment, body)


@router.get("/v1/attempts/{attempt}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_attempt(attempt: Id, response: Response, db: Db) -> AttemptOut:
    """Read a sitting: what was answered so far, or the result and, where the quiz's review lets them, the solutions."""
    found = await db.read(attempts.get, attempt)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.put(
    "/v1/attempts/{attempt}/answers/{item}",
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound,
        LearningForAnother,
        sittings.AttemptClosed,
        sittings.TimeIsUp,
        answers.NewerAnswer,
        answers.NotAnOption,
    ),
)
async def put_answer(attempt: Id, item: Id, body: AnswerIn, db: Db) -> ItemOut:
    """Answer one question, instead of what was answered before.

    Save as often as you like: the same again changes nothing. With a `revision` that counts up, an answer that comes
    late never undoes a newer one; it is refused, and the problem names the `revision` that counts.
    """
    return await db.write(answers.save, attempt, item, body)


@router.post(
    "/v1/attempts/{attempt}/submission",
    dependencies=[needs("training:write", "self")],
    responses=problems(NotFound, LearningForAnother),
)
async def submit_attempt(attempt: Id, db: Db) -> ResultOut:
    """Hand in a sitting and have it graded; handed in again it answers the same.

    One whose time has run out is graded, by itself too, by what was saved in time.
    """
    return await db.write(attempts.submit, attempt)
