"""What all tables of the training service have in common."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

metadata = MetaData()


class Table(SQLModel):
    """What all tables of this service have in common: its own metadata."""

    metadata = metadata
