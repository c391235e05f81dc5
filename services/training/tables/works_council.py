"""Who wanted works-council mode for a legal entity, or no longer, and who agreed."""

from datetime import datetime

from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class WorksCouncilChange(Table, table=True):
    """A change of the mode that one person proposed; it holds once another confirmed it, and not if one was proposed since."""

    __tablename__ = "works_council_changes"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    legal_entity: str = Field(max_length=200, index=True)
    on: bool
    reason: str = Field(max_length=2000)
    proposer: str = Field(max_length=36, index=True)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    confirmer: str | None = Field(default=None, max_length=36, index=True)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
