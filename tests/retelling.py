"""What a service told last of each thing, and what its snapshot tells of it, for tests that compare the two."""

from typing import Any

import orjson
from sqlalchemy import select

from shared.db import Database, Session
from shared.events.base import CATALOGUE
from shared.snapshots import PageRequest, Snapshots, read_page
from shared.tables import outbox

State = dict[tuple[str, str], dict[str, Any]]
"""By subject and type: the data of an event."""


async def told(db: Database, snapshots: Snapshots) -> State:
    """Return what was told last of each thing, by the type that it is told again by."""
    retold_by = {
        name: name if name in source.types else min(source.types)
        for source in snapshots.sources
        for name in source.types | source.stands_for
    }

    def read(session: Session) -> State:
        bodies = session.execute(select(outbox.c.body).order_by(outbox.c.seq)).scalars()
        events = [event for event in map(orjson.loads, bodies) if event["type"] in retold_by]
        return {(event["subject"], retold_by[event["type"]]): event["data"] for event in events}

    return await db.read(read)


async def retold(db: Database, snapshots: Snapshots) -> State:
    """Return what the snapshot of everything tells."""
    request: PageRequest | None = PageRequest(types=sorted(CATALOGUE))
    state: State = {}
    while request is not None:
        page = await db.read(read_page, snapshots, request)
        events = [orjson.loads(body) for body in page.events]
        state |= {(event["subject"], event["type"]): event["data"] for event in events}
        more = page.source is not None
        request = PageRequest(types=request.types, source=page.source or 0, after=page.after) if more else None
    return state
