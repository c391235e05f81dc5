"""Kinds of fields that several bodies of this service have."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.schemas import Body, Text

Id = Annotated[Text, Field(min_length=1, max_length=36)]
"""An id in a path; one that is not ours is not found."""


class Patch(Body):
    """A body of which only the fields that were sent change something; null is refused but where it means `none`."""

    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def refuse_null(self) -> Self:
        """Refuse null for what cannot be empty."""
        empty = [name for name in self.model_fields_set - self.nullable if getattr(self, name) is None]
        if empty:
            raise ValueError(f"{', '.join(sorted(empty))} cannot be null")
        return self
