"""What every table of the gateway belongs to."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel
from sqlmodel._compat import SQLModelConfig

metadata = MetaData()


class Row(SQLModel):
    """A row of the gateway's database."""

    metadata = metadata
    # Rows are checked by the bodies they are made from, so that most need no validator, which takes time at the start.
    model_config = SQLModelConfig(defer_build=True)
