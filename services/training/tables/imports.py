"""Files of people that were sent: what was asked, their rows until they are applied, and what became of each."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, Text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class ImportState(StrEnum):
    """How far an import is; `REFUSED` when all or nothing was asked for and a row is not good."""

    RECEIVING = "receiving"
    PLANNING = "planning"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class RowState(StrEnum):
    """Where a row of an import is: waiting for its manager's row, ready to be applied, or at its end."""

    WAITING = "waiting"
    READY = "ready"
    APPLIED = "applied"
    REJECTED = "rejected"


class PeopleImport(Table, table=True):
    """A file that was sent, and how far it is; `cursor` says how far its phase has come.

    `placed` counts the rows that have their place in the order of application: each after its manager's.
    """

    __tablename__ = "people_imports"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    serial: int = Field(sa_type=BigInteger, unique=True)
    state: str = Field(default=ImportState.RECEIVING, max_length=20, index=True)
    phase: str = Field(default="roots", max_length=20)
    cursor: int = 0
    placed: int = 0
    total: int = 0
    dry_run: bool
    all_or_nothing: bool
    background: bool = False
    requested_by: str | None = Field(default=None, max_length=100)
    caller: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    encoding: str = Field(max_length=40)
    delimiter: str = Field(max_length=1)
    columns: list[str | None] = Field(sa_type=JSON)
    """The attribute of each column of the file, None for those that say nothing to us."""
    ignored_columns: list[str] = Field(sa_type=JSON)
    detail: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PeopleImportPiece(Table, table=True):
    """A piece of a large file as it came, until all rows of the file are read."""

    __tablename__ = "people_import_pieces"

    serial: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class PeopleImportRow(Table, table=True):
    """A row of a file; `data` is emptied once it is applied.

    `moves` says that the row gives somebody who is known another manager: only then a circle can close.
    """

    __tablename__ = "people_import_rows"
    __table_args__ = (
        Index("people_import_rows_employee", "serial", "employee_number"),
        Index("people_import_rows_user_name", "serial", "user_name"),
        Index("people_import_rows_manager", "serial", "state", "manager"),
        Index("people_import_rows_place", "serial", "place"),
    )

    serial: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True)
    state: str = Field(max_length=10)
    place: int | None = None
    employee_number: str | None = Field(default=None, max_length=64)
    user_name: str | None = Field(default=None, max_length=200)
    manager: str | None = Field(default=None, max_length=64)
    moves: bool = False
    data: str | None = Field(default=None, sa_type=Text)
    outcome: str = Field(max_length=10)
    detail: str | None = Field(default=None, sa_type=Text)


class ColumnMapping(Table, table=True):
    """Which column of somebody's files is which attribute, kept under a name."""

    __tablename__ = "column_mappings"

    name: str = Field(primary_key=True, max_length=64)
    columns: dict[str, str] = Field(sa_type=JSON)
    encoding: str | None = Field(default=None, max_length=40)
    delimiter: str | None = Field(default=None, max_length=1)
    revision: int = 1
