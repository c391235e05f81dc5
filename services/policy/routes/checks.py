"""/v1/checks: ask whether something may be posted."""

from typing import Annotated

from fastapi import Path, Query, Request

from services.policy.domain import checks, people, receipts
from services.policy.domain.rulebook import OutdatedError, rulebook
from services.policy.schemas.checks import CheckOut, ChecksIn, ChecksOut, KeptCheckOut
from shared.areas import Router
from shared.auth import needs
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Text

router = Router(prefix="/v1/checks", tags=["checks"])


@router.post("", dependencies=[needs("policies:read", "self")], responses=problems(people.UnknownPerson))
async def check_draft(body: ChecksIn, request: Request, db: Db) -> CheckOut | ChecksOut:
    """Check one draft, or several, against the rules in force; nothing is stored, logged or told unless `keep` asks."""
    run = db.write if body.kept else db.read
    while True:
        try:
            return await run(checks.check, body, request.app.state.sealer)
        except OutdatedError:
            await rulebook.refresh(db)


@router.get("/{check_id}", dependencies=[needs("policies:read", "self")], responses=problems(NotFound))
async def get_check(
    check_id: Annotated[Text, Path(max_length=36)],
    db: Db,
    employee_number: Annotated[EmployeeNumber | None, Query(description="For whom a key asks.")] = None,
) -> KeptCheckOut:
    """Read a check that was kept, as its author or as somebody who is asked to approve it."""
    return await db.read(receipts.show, check_id, employee_number)
