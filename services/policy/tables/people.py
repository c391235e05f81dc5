"""A copy of what the training service tells about people."""

from sqlmodel import Field

from services.policy.tables.base import Table


class Person(Table, table=True):
    """A copy of what the training service tells about a person, as much of it as is needed here."""

    __tablename__ = "people"

    id: str = Field(primary_key=True, max_length=36)
    employee_number: str = Field(max_length=100, index=True)
    name: str = Field(max_length=200)
    department: str = Field(max_length=200)
    region: str = Field(max_length=200)
    active: bool
