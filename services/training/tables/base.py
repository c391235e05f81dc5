"""What all tables of the training service have in common."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel
from sqlmodel._compat import SQLModelConfig

metadata = MetaData()


class Table(SQLModel):
    """What all tables of this service have in common: its own metadata."""

    metadata = metadata
    # Rows are checked by the bodies they are made from, so that most need no validator, which takes time at the start.
    model_config = SQLModelConfig(defer_build=True)
