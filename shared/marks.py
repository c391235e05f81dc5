"""Small facts that a service keeps about itself by name: how far it has read, what it has loaded."""

from sqlalchemy import delete, select

from shared.db import Session, insert
from shared.tables import marks


def read_mark(session: Session, name: str) -> str | None:
    """Return a mark's value, or None when it was never set."""
    return session.execute(select(marks.c.value).where(marks.c.name == name)).scalar_one_or_none()


def write_mark(session: Session, name: str, value: str) -> None:
    """Set a mark."""
    statement = insert(session, marks).values(name=name, value=value)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value}))


def remove_marks(session: Session, prefix: str) -> None:
    """Remove all marks whose names begin with `prefix`."""
    session.execute(delete(marks).where(marks.c.name.startswith(prefix, autoescape=True)))
