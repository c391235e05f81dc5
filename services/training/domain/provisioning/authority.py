"""Which source may write which attribute of a person: an HR system before a file, a file before a single request.

A source owns what it wrote. A weaker one may say the same, not something else; a stronger one takes it over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from services.training.tables import Authority, Person, PersonSource, Source
from shared.db import Session
from shared.problems import Conflict, FieldError

ATTRIBUTES = (
    "employee_number",
    "user_name",
    "name",
    "email",
    "department",
    "region",
    "cost_centre",
    "legal_entity",
    "title",
    "locale",
    "manager",
    "languages",
    "active",
)
STRENGTH = tuple(Source)
Order = Mapping[str, tuple[Source, ...]]
"""The sources that may write each attribute, the strongest first; others follow `STRENGTH`."""


class OwnedElsewhere(Conflict):
    """A stronger source owns what this would change."""


@dataclass(slots=True)
class Judged:
    """What a source may change of a person (`changes`), what it may say (`said`), and what another owns (`refused`).

    The owner is None where no source at all may write the attribute.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    refused: dict[str, Source | None] = field(default_factory=dict)

    def refuse(self) -> None:
        """Raise OwnedElsewhere if anything was refused: for those who asked for just that."""
        if self.refused:
            raise OwnedElsewhere(
                errors=[FieldError(pointer=f"/{name}", detail=owned_by(owner)) for name, owner in self.refused.items()]
            )


def owned_by(owner: Source | None) -> str:
    """Say in words who owns an attribute."""
    return f"{owner} owns this" if owner is not None else "no source may write this"


def order(session: Session) -> dict[str, tuple[Source, ...]]:
    """Return what was configured; an attribute that is not in it follows `STRENGTH`."""
    rows = session.exec(select(Authority)).all()
    return {row.attribute: tuple(Source(source) for source in row.sources) for row in rows}


def owner_before(source: Source, name: str, ranks: Order, written: Mapping[Source, frozenset[str]]) -> Source | None:
    """Return who keeps `source` from changing an attribute; `source` itself when nobody does."""
    allowed = ranks.get(name, STRENGTH)
    if source not in allowed:
        return allowed[0] if allowed else None
    stronger = allowed[: allowed.index(source)]
    return next((one for one in stronger if name in written.get(one, ())), source)


def judge(session: Session, person: Person, source: Source, attributes: Mapping[str, Any]) -> Judged:
    """Say which attributes of a person `source` may write; `manager` is the id of a person."""
    written = {Source(row.source): frozenset(row.attributes) for row in sources_of(session, person.id)}
    return weigh(person, source, attributes, order(session), written)


def weigh(
    person: Person,
    source: Source,
    attributes: Mapping[str, Any],
    ranks: Order,
    written: Mapping[Source, frozenset[str]],
) -> Judged:
    """Say the same by what was read before: what is configured, and what each source wrote of the person."""
    judged = Judged()
    for name, value in attributes.items():
        owner = owner_before(source, name, ranks, written)
        differs = getattr(person, name) != value
        if owner is source:
            judged.said.add(name)
            if differs:
                judged.changes[name] = value
        elif differs:
            judged.refused[name] = owner
    return judged


def apply(session: Session, person: Person, source: Source, judged: Judged) -> None:
    """Set what was judged to be the source's to write, and note that it wrote it; the caller holds the person's lock."""
    for name, value in judged.changes.items():
        setattr(person, name, value)
    row = session.get(PersonSource, (person.id, source))
    if row is None:
        row = PersonSource(person=person.id, source=source, attributes=[], seen_at=session.now)
    row.attributes = sorted(judged.said.union(row.attributes))
    row.seen_at = session.now
    session.add(row)


def sources_of(session: Session, person: str) -> list[PersonSource]:
    """Return what each source wrote of a person."""
    return list(
        session.exec(select(PersonSource).where(PersonSource.person == person).order_by(col(PersonSource.source)))
    )
