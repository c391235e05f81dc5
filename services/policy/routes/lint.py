"""/v1/policies/{key}/versions/{number}/lint: what in a version is likely to reach too far, or is missing."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query

from services.policy.domain import lint
from services.policy.schemas.lint import LintOut
from shared.areas import Router
from shared.auth import needs
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/policies/{key}/versions/{number}/lint", tags=["policies"])
Place = Annotated[str, Query(pattern=r"^[A-Z]{2}$")]


@router.get("", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def lint_policy_version(
    key: Slug,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    db: Db,
    jurisdiction: Annotated[
        list[Place] | None,
        Query(
            max_length=50, description="Only what holds there, for example `US` or `DE`; all places if none is named."
        ),
    ] = None,
    as_of: Annotated[date | None, Query(description="As the law stood on this day; today if none is named.")] = None,
) -> LintOut:
    """Lint a version: overbroad clauses with source and narrower wording, what is missing, what is hard to read.

    It knows words and not intentions, and is no legal advice.
    """
    return await db.read(lint.lint, key, number, frozenset(jurisdiction) if jurisdiction else None, as_of)
