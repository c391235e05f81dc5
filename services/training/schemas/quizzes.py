"""The questions of a quiz, as authors write them and as they are kept."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.schemas import Body, Line, Paragraph, Slug, Text


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
