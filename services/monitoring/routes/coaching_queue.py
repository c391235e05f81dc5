"""/v1/coaching-queue: what waits for a coach, and what they take on next."""

from typing import Annotated

from fastapi import Query

from services.monitoring.domain.coaching import queue
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.findings import FindingOut, Languages, NextIn, QueueOut, Severity
from services.monitoring.schemas.names import Topic
from shared.areas import Router
from shared.auth import Caller, needs
from shared.pages import Paging
from shared.problems import problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/coaching-queue", tags=["findings"])


@router.get("", dependencies=[needs("monitoring:read")], responses=problems(UnknownPerson))
async def list_coaching_queue(
    paging: Paging,
    db: Db,
    caller: Caller,
    topic: Topic | None = None,
    severity: Severity | None = None,
    languages: Annotated[Languages | None, Query(description="Theirs unless named; `*` for all.")] = None,
    employee_number: EmployeeNumber | None = None,
) -> QueueOut:
    """List what a coach could take on: the gravest first, of those the oldest, in the languages that they read."""
    wanted = queue.Wanted(topic, severity, tuple(languages) if languages else None)
    return await db.read(queue.waiting, paging, caller, wanted, employee_number)


@router.post(
    "/claims",
    dependencies=[needs("monitoring:write")],
    responses=problems(UnknownPerson, queue.NothingWaiting, queue.EnoughInHand),
)
async def claim_next_finding(body: NextIn, db: Db, caller: Caller) -> FindingOut:
    """Take on what comes next."""
    return await db.write(queue.claim_next, body, caller)
