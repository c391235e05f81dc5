"""What every table of the gateway belongs to."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

metadata = MetaData()


class Row(SQLModel):
    """A row of the gateway's database."""

    metadata = metadata
