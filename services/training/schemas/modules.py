"""The modules of a course version, as authors write them and as they are kept."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.pacing import Minutes, ModuleBase, Pacing
from services.training.schemas.quizzes import Quiz
from services.training.schemas.scenarios import Scenario
from shared.locales import Locale
from shared.schemas import Body, Line, Slug, Text

Markdown = Annotated[Text, Field(min_length=1, max_length=50_000)]
FileName = Annotated[
    Text,
    Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}(\.[a-z0-9_-]{1,50}){0,3}\.[a-z0-9]{1,5}$",
        max_length=260,
        examples=["knot.png"],
    ),
]
"""The name by which a text refers to a file of its course, as `assets/<name>`."""
Address = Annotated[Text, Field(max_length=2000, pattern=r"^https://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?$")]
"""Somewhere on the web, by https."""


class Captions(Body):
    """Captions of a video in one language: a WebVTT file of the course, or an address."""

    locale: Locale
    file: FileName | None = None
    url: Address | None = None

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse captions that are nowhere, in two places, or in no format for captions."""
        if (self.file is None) == (self.url is None):
            raise ValueError("name either a file or a url")
        if self.file is not None and not self.file.endswith(".vtt"):
            raise ValueError("captions are a .vtt file")
        return self


class Video(Body):
    """A video that is shown elsewhere; without captions, not everybody could follow it."""

    url: Address
    title: Line
    captions: Annotated[list[Captions], Field(min_length=1, max_length=30)]
    transcript: Annotated[Text, Field(max_length=50_000)] | None = None


class Lesson(ModuleBase):
    """Something to read, and to watch."""

    kind: Literal["lesson"]
    markdown: Markdown
    video: Video | None = None


class PolicyReading(ModuleBase):
    """Sections of a policy, read as they are in force on the day."""

    kind: Literal["policy_reading"]
    markdown: Annotated[Text, Field(max_length=10_000)] = ""
    policy: Slug
    sections: Annotated[list[Annotated[Text, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=50)]


class PracticalTask(ModuleBase):
    """Something to do at work, which a coach looks at."""

    kind: Literal["practical_task"]
    markdown: Markdown
    accepts: Annotated[list[Literal["text", "link"]], Field(min_length=1, max_length=2)] = Field(
        default=["text", "link"]
    )
    criteria: Annotated[list[Line], Field(max_length=20)] = Field(default=[])
    """What the coach looks at; the learner sees it, too."""


class LiveModule(ModuleBase):
    """Something to attend; its dates are live sessions of their own."""

    kind: Literal["live_session"]
    markdown: Markdown


class QuizModule(Pacing, Quiz):
    """A quiz, paced as other modules are."""


Module = Annotated[
    Lesson | QuizModule | Scenario | PolicyReading | PracticalTask | LiveModule, Field(discriminator="kind")
]
AnyModule = Lesson | QuizModule | Scenario | PolicyReading | PracticalTask | LiveModule


__all__ = [
    "Address",
    "AnyModule",
    "Captions",
    "FileName",
    "Lesson",
    "LiveModule",
    "Markdown",
    "Minutes",
    "Module",
    "PolicyReading",
    "PracticalTask",
    "Quiz",
    "QuizModule",
    "Scenario",
    "Video",
]
