"""Bodies of /courses, and the shape in which the modules of a version are kept."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.schemas import Body, Line, Paragraph, Resource, Slug, Text

Markdown = Annotated[Text, Field(min_length=1, max_length=50_000)]
Minutes = Annotated[int, Field(ge=1, le=600)]


class Lesson(Body):
    """Something to read."""

    kind: Literal["lesson"]
    key: Slug
    title: Line
    minutes: Minutes | None = None
    markdown: Markdown


class Option(Body):
    """One possible answer; `feedback` is shown to whoever chose it, after the sitting."""

    text: Annotated[Text, Field(min_length=1, max_length=1000)]
    correct: bool = False
    feedback: Annotated[Text, Field(max_length=2000)] | None = None


class Question(Body):
    """A question of a quiz's bank."""

    key: Slug
    kind: Literal["single", "multiple", "true_false"]
    text: Paragraph
    options: Annotated[list[Option], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def check_right_answers(self) -> Self:
        """Refuse a question that nobody could answer, or that has too many right answers for its kind."""
        right = sum(option.correct for option in self.options)
        if right == 0:
            raise ValueError("at least one option must be correct")
        if self.kind != "multiple" and right > 1:
            raise ValueError(f"a {self.kind} question has exactly one correct option")
        if self.kind == "true_false" and len(self.options) != 2:
            raise ValueError("a true_false question has two options")
        return self


class Quiz(Body):
    """A bank of questions, of which each sitting gets `draw` at random; `pass_mark` is a share of 1."""

    kind: Literal["quiz"]
    key: Slug
    title: Line
    draw: Annotated[int, Field(ge=1, le=100)]
    pass_mark: Annotated[float, Field(gt=0, le=1)]
    questions: Annotated[list[Question], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def check_bank(self) -> Self:
        """Refuse a bank that is smaller than a draw, or in which two questions share a key."""
        if self.draw > len(self.questions):
            raise ValueError(f"draws {self.draw} questions, but the bank has {len(self.questions)}")
        if len({question.key for question in self.questions}) < len(self.questions):
            raise ValueError("two questions share a key")
        return self


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
