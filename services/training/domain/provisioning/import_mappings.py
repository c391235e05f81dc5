"""Which column of somebody's files is which attribute, kept under a name, so that a nightly file needs only the name."""

from sqlmodel import select

from services.training.domain import access
from services.training.schemas.imports import Delimiter, MappingIn, MappingOut
from services.training.tables import ColumnMapping
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound


def put(session: Session, name: str, body: MappingIn, if_match: int | None) -> MappingOut:
    """Keep a mapping under a name; raises Stale, or Forbidden for a key of some departments."""
    access.refuse_limited(session, "A mapping")
    row = session.get(ColumnMapping, name, with_for_update=True)
    expect(row.revision if row is not None else 0, if_match)
    values = body.model_dump(mode="json") | {"delimiter": body.delimiter and body.delimiter.sign}
    if row is None:
        row = ColumnMapping.model_validate({**values, "name": name})
    elif values != row.model_dump(include=set(values)):
        row.sqlmodel_update({**values, "revision": row.revision + 1})
    session.add(row)
    record(session, "people.mapping_kept", f"column-mapping/{name}", content_hash=digest_of(body))
    return shown(row)


def get(session: Session, name: str) -> MappingOut:
    """Return a mapping; raises NotFound."""
    row = session.get(ColumnMapping, name)
    if row is None:
        raise NotFound(f"There is no mapping {name}.")
    return shown(row)


def find(session: Session, paging: PageQuery) -> Page[MappingOut]:
    """List the mappings."""
    return page(session, select(ColumnMapping), paging, key=ColumnMapping.name, to=shown)


def remove(session: Session, name: str) -> None:
    """Forget a mapping; raises NotFound, or Forbidden for a key of some departments."""
    access.refuse_limited(session, "A mapping")
    row = session.get(ColumnMapping, name)
    if row is None:
        raise NotFound(f"There is no mapping {name}.")
    session.delete(row)
    record(session, "people.mapping_removed", f"column-mapping/{name}")


def shown(row: ColumnMapping) -> MappingOut:
    """Return a mapping as clients write it: they name the delimiter of which the table keeps the sign."""
    names = {each.sign: each.value for each in Delimiter}
    kept = MappingOut.model_validate(row)
    return kept.model_copy(update={"delimiter": names.get(kept.delimiter or "", kept.delimiter)})
