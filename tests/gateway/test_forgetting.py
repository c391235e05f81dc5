"""What is old goes in pieces, so that nobody waits for a long deletion; what is not old stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from services.gateway.domain import event_log as log
from services.gateway.tables import event_log
from shared import idempotency
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.tables import idempotency_keys

PIECE = 5000


def key(number: int) -> dict[str, Any]:
    """Return what is kept of one request with an Idempotency-Key."""
    return {"key": f"k{number}", "request_hash": "h"}


def event(number: int) -> dict[str, Any]:
    """Return one event of the public log."""
    return {"position": number, "event_id": f"e{number}", "type": "t.v1", "subject": "s", "body": b"{}"}


@pytest.mark.parametrize(
    ("table", "row", "at", "forget"),
    [
        (idempotency_keys, key, "created_at", idempotency.forget_old),
        (event_log, event, "at", log.forget_old),
    ],
    ids=["idempotency keys", "event log"],
)
async def test_what_is_old_is_forgotten_in_pieces(
    open_database: Callable[[str], Database], clock: ShiftedClock, table: Table, row: Any, at: str, forget: Any
) -> None:
    db = open_database("gateway")

    def add(session: Session, first: int, count: int) -> None:
        session.execute(table.insert(), [{**row(n), at: session.now} for n in range(first, first + count)])

    def count(session: Session) -> int:
        found: int = session.execute(select(func.count()).select_from(table)).scalar_one()
        return found

    await db.write(add, 1, PIECE + 3)
    clock.advance(timedelta(days=31))
    await db.write(add, PIECE + 4, 2)

    left = []
    for _ in range(3):
        await db.write(forget)
        left.append(await db.read(count))
    assert left == [5, 2, 2]
