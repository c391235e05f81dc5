"""Which course refreshes which section."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.schemas import Body, Resource, Slug, Text


class RefresherIn(Body):
    """The course for people, or departments, of whom findings in a section repeat themselves."""

    policy: Slug
    section: Annotated[Text, Field(min_length=1, max_length=200, examples=["speak-as-yourself"])]
    course: Annotated[Slug, Field(examples=["speaking-up"])]


class RefreshersIn(Body):
    """All refreshers; of a section that is not named, nothing is proposed."""

    items: Annotated[list[RefresherIn], Field(max_length=500)]

    @model_validator(mode="after")
    def each_once(self) -> Self:
        """Refuse two courses for the same section."""
        sections = [(one.policy, one.section) for one in self.items]
        if len(set(sections)) < len(sections):
            raise ValueError("two items are for the same section")
        return self


class RefresherOut(Resource):
    """The course for a section."""

    policy: str
    section: str
    course: str


class RefreshersOut(Resource):
    """All refreshers, and of how many findings within how many days they are proposed for a person, or a department."""

    items: list[RefresherOut]
    person_findings: int
    department_findings: int
    days: int
    revision: int
