"""Whether databases of several services are of one moment: nobody knows of another what that other does not know itself.

What a service tells is in its outbox with the change, and what it hears is in its inbox with the effect. So it is
enough to compare these, and the versions up to which each has heard of a thing with those that its owner has told.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, select

from shared.tables import aggregate_versions, aggregates_seen, inbox, outbox

CHUNK = 500
MINUTE = 60.0
"""Farther apart than this the clocks of the services' machines are not, or their tokens would not be taken."""


def ahead(connections: Mapping[str, Connection], *, since: float) -> str | None:
    """Return what one service knows before its owner has told it, None if nothing.

    Single events are compared if they were told after `since` (seconds since 1970): those that stand in no outbox any
    more were told long before.
    """
    for knower, connection in connections.items():
        found = event_ahead(knower, connection, connections, since) or version_ahead(knower, connection, connections)
        if found is not None:
            return found
    return None


def event_ahead(knower: str, connection: Connection, owners: Mapping[str, Connection], since: float) -> str | None:
    """Return an event that was handled before it was told."""
    recent = select(inbox.c.event_id, inbox.c.type).where(inbox.c.event_id >= first_id_at(since))
    for rows in portions(connection, recent.order_by(inbox.c.event_id), inbox.c.event_id):
        for owner, events in by_owner((row.type.partition(".")[0], row.event_id) for row in rows).items():
            if owner not in owners:
                continue
            told = set(owners[owner].execute(select(outbox.c.id).where(outbox.c.id.in_(events))).scalars())
            if lacking := sorted(set(events) - told):
                return f"{knower} has handled the event {lacking[0]}, which {owner} has not told yet"
    return None


def version_ahead(knower: str, connection: Connection, owners: Mapping[str, Connection]) -> str | None:
    """Return a thing of which somebody knows a later version than its owner."""
    seen = aggregates_seen.c
    for rows in portions(connection, select(seen.aggregate, seen.version).order_by(seen.aggregate), seen.aggregate):
        heard = {row.aggregate: row.version for row in rows}
        # `/training/person/...` is what the training service tells of as `person/...`.
        named = ((each.split("/", 2)[1], each) for each in heard)
        for owner, things in by_owner(named).items():
            if owner not in owners:
                continue
            prefix = f"/{owner}/"
            names = [each.removeprefix(prefix) for each in things]
            query = select(aggregate_versions).where(aggregate_versions.c.aggregate.in_(names))
            told = {prefix + row.aggregate: row.version for row in owners[owner].execute(query)}
            for each in things:
                if heard[each] > told.get(each, 0):
                    return f"{knower} knows version {heard[each]} of {each}, {owner} has told {told.get(each, 0)}"
    return None


def by_owner(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Gather names by the service whose they are."""
    gathered: dict[str, list[str]] = {}
    for owner, name in pairs:
        gathered.setdefault(owner, []).append(name)
    return gathered


def portions(connection: Connection, query: Select[Any], key: Column[str]) -> Iterator[Sequence[Row[Any]]]:
    """Yield the rows of an ordered query, some at a time."""
    after: str | None = None
    while True:
        some = query if after is None else query.where(key > after)
        rows = connection.execute(some.limit(CHUNK)).all()
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = getattr(rows[-1], key.key)


def first_id_at(seconds: float) -> str:
    """Return the first id (UUIDv7) of an instant."""
    milliseconds = f"{int(seconds * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}"


def a_while_ago() -> float:
    """Return an instant before which all that was told has long been handled, for copies taken from now on."""
    return time.time() - MINUTE
