"""Bodies of /courses, and the shape in which the modules of a version are kept."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.quizzes import Quiz
from shared.schemas import Body, Line, Resource, Slug, Text

Markdown = Annotated[Text, Field(min_length=1, max_length=50_000)]
Minutes = Annotated[int, Field(ge=1, le=600)]


class Lesson(Body):
    """Something to read."""

    kind: Literal["lesson"]
    key: Slug
    title: Line
    minutes: Minutes | None = None
    markdown: Markdown


Module = Annotated[Lesson | Quiz, Field(discriminator="kind")]


class CourseIn(Body):
    """A new course; `external_courses` are the names under which other systems report it as completed."""

    key: Slug
    title: Line
    summary: Annotated[Text, Field(max_length=5000)] = ""
    external_courses: Annotated[list[Line], Field(max_length=50)] = Field(default=[])


class CourseVersionIn(Body):
    """The modules of a new version, which is in force at once for those who enrol from now on."""

    modules: Annotated[list[Module], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def check_keys(self) -> Self:
        """Refuse two modules that share a key."""
        if len({module.key for module in self.modules}) < len(self.modules):
            raise ValueError("two modules share a key")
        return self


class ModuleOut(Resource):
    """A module without its questions: what a learner sees before the sitting."""

    kind: str
    key: str
    title: str
    minutes: int | None = None
    markdown: str | None = None
    draw: int | None = None
    pass_mark: float | None = None

    @classmethod
    def of(cls, module: Lesson | Quiz) -> Self:
        """Leave out what would give the answers away."""
        return cls.model_validate(module.model_dump(exclude={"questions"}))


class CourseOut(Resource):
    """A course and the modules of the version in force; `version` is 0 while there is none."""

    id: str
    key: str
    title: str
    summary: str
    version: int
    revision: int
    modules: list[ModuleOut] = Field(default=[])


class CourseVersionOut(Resource):
    """A version with all its questions and right answers, for its authors."""

    course: str
    number: int
    created_at: datetime
    modules: list[Module]
