"""Entries of an evidence log with all that proves them, to be taken along and verified by somebody else."""

from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from shared.db import Session
from shared.evidence import proof
from shared.schemas import Text
from shared.tables import evidence_entries

AT_ONCE = 200


class ProvedQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(extra="forbid")

    entries: list[Annotated[Text, Field(max_length=36)]] = Field(max_length=AT_ONCE)


class ProvedEntry(BaseModel):
    """An entry with the path to the root of its head.

    With `salt` a reader sees that it commits to `person`; both are empty where the person was erased.
    """

    entry: str
    body: str
    salt: str
    person: str | None
    place: int
    path: list[str]
    head: int


class ProvedEntries(BaseModel):
    """Proved entries; those without a head are left out."""

    items: list[ProvedEntry]


def read_proved(session: Session, service: str, query: ProvedQuery) -> ProvedEntries:
    """Return entries with their proofs."""
    sealed = evidence_entries.c.id.in_(query.entries), evidence_entries.c.head.is_not(None)
    rows = session.execute(select(evidence_entries).where(*sealed)).mappings().all()
    return ProvedEntries(
        items=[
            ProvedEntry(
                entry=row["id"],
                body=row["body"],
                salt=row["salt"],
                person=orjson.loads(row["personal"] or "{}").get("person"),
                place=row["place"],
                path=proof(session, service, row["id"]).path,
                head=row["head"],
            )
            for row in rows
        ]
    )
