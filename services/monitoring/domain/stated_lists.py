"""Lists that are always stated whole, each kept as the one row of its table."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from services.monitoring.tables import Refreshers, RoutingRequirements
from shared.conditions import expect
from shared.db import Session

List = TypeVar("List", Refreshers, RoutingRequirements)


def state(session: Session, table: type[List], items: Sequence[BaseModel], stated: int | None) -> List:
    """Keep a list as it is stated now; the same again is no revision. Raises Stale."""
    row = session.get(table, 1, with_for_update=True)
    expect(row.revision if row else 0, stated)
    said: list[dict[str, Any]] = [one.model_dump() for one in items]
    if row is None:
        row = table(id=1, items=said)
        session.add(row)
    elif row.items != said:
        row.items = said
        row.revision += 1
    session.flush()
    return row
