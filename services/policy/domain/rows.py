"""Writing a row of which there may be only one."""

from sqlmodel import SQLModel, inspect

from shared.db import Session, insert


def add_once(session: Session, row: SQLModel) -> bool:
    """Insert a row and tell whether it is new: False where its unique key is there already.

    Another transaction that is inserting the same key is waited for. Asks for RETURNING, because psycopg gives no row
    count for such an insert.
    """
    table = inspect(type(row)).local_table
    statement = insert(session, table).values(row.model_dump()).on_conflict_do_nothing()
    return session.execute(statement.returning(*table.primary_key)).first() is not None
