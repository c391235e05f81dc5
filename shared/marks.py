"""Small facts that a service keeps about itself by name: how far it has read, what it has loaded."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, select

from shared.db import Session
from shared.statements import Prebuilt, upsert_into
from shared.tables import marks

READ = Prebuilt(select(marks.c.value).where(marks.c.name == bindparam("name")))
WRITE = upsert_into(marks, key="name", value="value")


def read_mark(session: Session, name: str) -> str | None:
    """Return a mark's value, or None when it was never set."""
    found = READ.first(session, name=name)
    return found[0] if found else None


def write_mark(session: Session, name: str, value: str) -> None:
    """Set a mark."""
    write_marks(session, {name: value})


def write_marks(session: Session, values: Mapping[str, str]) -> None:
    """Set several marks."""
    WRITE.run(session, *({"name": name, "value": value} for name, value in values.items()))


def remove_marks(session: Session, prefix: str) -> None:
    """Remove all marks whose names begin with `prefix`."""
    session.execute(delete(marks).where(marks.c.name.startswith(prefix, autoescape=True)))
