"""Personal data: what is kept of a person, who looked at it, and how it is erased."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from shared.schemas import Body, EmployeeNumber, Paragraph, Resource


class DataExportOut(Resource):
    """All that is kept of a person, by service and by what it is; each entry as it is kept."""

    id: str
    employee_number: str
    generated_at: datetime
    services: dict[str, dict[str, list[dict[str, Any]]]] = Field(
        examples=[{"training": {"person": [{"name": "Ana Sá"}]}, "monitoring": {"accounts": []}}]
    )


class ErasureIn(Body):
    """Why a person is erased, and their employee number once more: there is no way back.

    Of the reason only a hash is kept, as evidence.
    """

    reason: Paragraph
    employee_number: EmployeeNumber


class ErasureOut(Resource):
    """How far an erasure is: since when each service holds nothing of the person any more."""

    id: str
    erased_at: datetime
    finished: dict[str, datetime]
    completed_at: datetime | None
    revision: int


class ReaderOut(Resource):
    """Who looked: a colleague, or a system with a key."""

    kind: Literal["person", "key"]
    id: str
    name: str | None
    employee_number: str | None = None


class LookOut(Resource):
    """That somebody looked at this person's record on a day, how often, and at what.

    With `list` they went through a list in which the person may have been; `query` says by what it was narrowed.
    """

    day: str
    reader: ReaderOut
    what: str = Field(examples=["get_person"])
    list: bool
    query: str | None
    first_at: datetime
    last_at: datetime
    times: int


class RetentionOut(Resource):
    """For how many days one service keeps one kind of data; empty: until the person is erased."""

    service: str
    kind: str
    days: float | None
