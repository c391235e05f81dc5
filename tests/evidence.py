"""What a service's evidence log says, for tests that look whether a write left its proof."""

import orjson
from sqlalchemy import select

from shared.db import Database, Session
from shared.tables import evidence_entries


async def evidence_of(db: Database, action: str) -> list[tuple[str, str | None, str | None]]:
    """Return of each entry for an action its subject, the hash of its content and the person it names."""

    def read(session: Session) -> list[tuple[str, str | None, str | None]]:
        rows = session.execute(select(evidence_entries).order_by(evidence_entries.c.id)).mappings()
        entries = [(orjson.loads(row["body"]), orjson.loads(row["personal"])) for row in rows]
        return [
            (body["subject"], body["content_hash"], personal["person"])
            for body, personal in entries
            if body["action"] == action
        ]

    return await db.read(read)
