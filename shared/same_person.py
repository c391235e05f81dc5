"""Two entries that are one person: what a service keeps of the one becomes the other's.

A row that the other has already, by a unique key, is dropped: it would say the same twice.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, MetaData, Table, and_, delete, select, update
from sqlalchemy.exc import IntegrityError

from shared.db import Session


def move(
    session: Session,
    metadata: MetaData,
    old: str,
    new: str,
    *,
    columns: Sequence[str] = ("person",),
    but: Collection[str] = (),
) -> None:
    """Give all rows that name person `old` in one of `columns` to `new`, but for those of some tables."""
    session.flush()
    for table in metadata.sorted_tables:
        for column in columns:
            if column in table.c and table.name not in but:
                move_rows(session, table, table.c[column], old, new)
    session.expire_all()


def move_rows(session: Session, table: Table, column: Column[str], old: str, new: str) -> None:
    """Give the rows of one table over: at once if that goes well, else one by one."""
    try:
        with session.begin_nested():
            session.execute(update(table).where(column == old).values({column.name: new}))
    except IntegrityError:
        keys = list(table.primary_key)
        for key in session.execute(select(*keys).where(column == old)).all():
            same = and_(*(one == value for one, value in zip(keys, key, strict=True)))
            try:
                with session.begin_nested():
                    session.execute(update(table).where(same).values({column.name: new}))
            except IntegrityError:
                session.execute(delete(table).where(same))
