"""A week looked back on: by a person, and by departments."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.schemas import Resource

ISO_WEEK = re.compile(r"^(20\d\d)-W(\d\d)$")


def monday_of(week: str) -> str:
    """Refuse what is no week of the ISO calendar."""
    first_day(week)
    return week


def first_day(week: str) -> date:
    """Return the Monday with which a week begins; raises ValueError."""
    found = ISO_WEEK.match(week)
    if found is None:
        raise ValueError("must be a week as 2026-W47")
    return date.fromisocalendar(int(found[1]), int(found[2]), 1)


def named(monday: date) -> str:
    """Return what a week is called."""
    year, week, _ = (monday + timedelta(days=3)).isocalendar()
    return f"{year}-W{week:02}"


Week = Annotated[str, AfterValidator(monday_of), Field(pattern=ISO_WEEK.pattern, max_length=8, examples=["2026-W47"])]
"""A week of the ISO calendar, from Monday to Sunday."""


class ReviewsOut(Resource):
    """What colleagues thought of a person's replies."""

    good: int
    better: int
    poor: int


class DigestOut(Resource):
    """A person's week: what they were told, what was found, what they answered, and what waits for them now."""

    employee_number: str
    week: str
    since: datetime
    until: datetime
    praise: int
    corrections: int
    findings: int
    answered: int
    minutes: int
    reviews: ReviewsOut
    unread_guidance: list[str]
    """Ids of guidance that waits for an answer now, the oldest first."""


class DepartmentDigestOut(Resource):
    """A department's week, or that of the small ones together (`merged` says how many)."""

    department: str
    people: int
    praise: int
    corrections: int
    findings: int
    answered: int
    merged: int | None = None


class DepartmentDigestsOut(Resource):
    """A week by department; those of few people are merged, and nothing is shown where all together are too few."""

    week: str
    since: datetime
    until: datetime
    items: list[DepartmentDigestOut]
