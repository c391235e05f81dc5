"""When a module may be begun and should be done: what all kinds of modules have in common."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.schemas import Body, Line, Moment, Slug

Minutes = Annotated[int, Field(ge=1, le=600)]
Days = Annotated[int, Field(ge=0, le=3650)]


class Opening(Body):
    """When a module opens; where several are given, all have to have come."""

    after_days: Days | None = None
    """Days after the enrolment."""
    at: Moment | None = None
    """On a date."""
    after_previous_days: Days | None = None
    """Days after the module before it was done; 0 opens it as soon as that one is."""

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse an opening that says nothing."""
        if not self.model_fields_set:
            raise ValueError("say after_days, at or after_previous_days")
        return self


class Pacing(Body):
    """The estimated time of a module, what has to be done before it, when it opens and when it is due."""

    minutes: Minutes | None = None
    requires: Annotated[list[Slug], Field(max_length=20)] = Field(default=[])
    opens: Opening | None = None
    due_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days after the enrolment by which it should be done."""


class ModuleBase(Pacing):
    """What every module has: its key within the course and its title."""

    key: Slug
    title: Line
