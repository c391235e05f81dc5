"""What can be searched: sections in force and FAQ entries, as they are shown to who finds them."""

from sqlalchemy import Text
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.tables import Position


class SearchDocument(Table, table=True):
    """A text that can be found. Its words stand under the same `place` in the table `fts_search`.

    That table is SQLite's or PostgreSQL's own full-text index; only a migration and `domain/search.py` know it.
    """

    __tablename__ = "search_documents"

    place: int | None = Field(default=None, primary_key=True, sa_type=Position)
    kind: str = Field(max_length=10)
    policy: str = Field(max_length=64, index=True)
    section: str = Field(max_length=64)
    entry: str | None = Field(default=None, max_length=36, index=True)
    version: int | None = None
    locale: str | None = Field(default=None, max_length=35)
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
