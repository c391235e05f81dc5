"""Bodies of a person's accommodation."""

from typing import Annotated

from pydantic import Field

from shared.schemas import Body, Resource


class AccommodationIn(Body):
    """How many times as long a person has in each timed quiz; 1 is no more than others."""

    time_factor: Annotated[float, Field(ge=1, le=3, allow_inf_nan=False, examples=[1.5])]


class AccommodationOut(Resource):
    """How many times as long a person has in each timed quiz."""

    employee_number: str
    time_factor: float
    revision: int
