"""/v1/scenario-runs: one way through a scenario."""

from fastapi import Response, status

from services.training.domain import access
from services.training.domain.learning import scenarios
from services.training.routes.courses import InLocale
from services.training.schemas.fields import Id
from services.training.schemas.learning import ChoiceIn, RunOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import fingerprint
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/scenario-runs", tags=["training"])


@router.get("/{run}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_scenario_run(run: Id, response: Response, db: Db, locale: InLocale = None) -> RunOut:
    """Read a run: the way so far, and the post that waits for a reply."""
    found = await db.read(scenarios.get, run, locale)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.post(
    "/{run}/choices",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(
        NotFound, access.LearningForAnother, scenarios.RunOver, scenarios.ElsewhereInTheRun, scenarios.NotAReply
    ),
)
async def create_scenario_choice(run: Id, body: ChoiceIn, db: Db, locale: InLocale = None) -> RunOut:
    """Choose a reply, and see what the customer writes then."""
    return await db.write(scenarios.choose, run, body, locale)
