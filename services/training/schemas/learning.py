"""Bodies of what a learner does in a module: reading, runs of scenarios, practical tasks."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.enrolments import ModuleProgress
from services.training.schemas.modules import Address
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Text

Number = Annotated[int, Field(ge=1, le=1_000_000)]
ShortId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class CaptionsOut(Resource):
    """Captions of a video, wherever they are."""

    locale: str
    url: str


class VideoOut(Resource):
    """A video that is shown elsewhere, with its captions."""

    url: str
    title: str
    captions: list[CaptionsOut]
    transcript: str | None = None


class SectionShown(Resource):
    """A section of a policy as it is in force."""

    id: str
    heading: str
    html: str
    hash: str


class ReadingShown(Resource):
    """The sections of a policy reading; `missing` are those that the version in force does not have any more."""

    policy: str
    version: int
    sections: list[SectionShown]
    missing: list[str] = Field(default=[])


class ModuleView(ModuleProgress):
    """A module of an enrolment with what it teaches; nothing of that while it is locked.

    `html` is sanitised: the text of a lesson, the brief of a task, what a learner knows before a scenario begins.
    """

    html: str | None = None
    video: VideoOut | None = None
    reading: ReadingShown | None = None
    accepts: list[str] | None = None
    criteria: list[str] | None = None


class ReadingIn(Body):
    """The version of the policy that was read, where the reader wants to be told that another one came meanwhile."""

    version: Number | None = None


class ChoiceIn(Body):
    """The reply that is chosen; `node` is where the learner believes to be, so that nothing is chosen twice."""

    node: ShortId
    reply: ShortId


class ReplyShown(Resource):
    """A reply that may be chosen."""

    id: str
    text: str


class NodeShown(Resource):
    """Where a run is: a post with the replies to choose from, or an ending with what it teaches."""

    id: str
    author: str | None
    post: str
    replies: list[ReplyShown]
    ending: Literal["good", "poor"] | None


class ChoiceShown(Resource):
    """What was chosen on the way, and what can be learnt from it."""

    post: str
    author: str | None
    reply: str
    feedback: str | None
    chosen_at: datetime


class RunOut(Resource):
    """One way through a scenario; the learner sees where they have been and where they are, and nothing ahead."""

    id: str
    enrolment: str
    module: str
    title: str
    locale: str
    fallback: bool = False
    started_at: datetime
    finished_at: datetime | None
    path: list[ChoiceShown]
    node: NodeShown
    ending: Literal["good", "poor"] | None
    score: float | None
    """A share of the best that can be reached, once the run is over."""
    passed: bool | None


class SubmissionIn(Body):
    """What is handed in for a practical task: words, a link, or both, as the task accepts."""

    text: Annotated[Text, Field(min_length=1, max_length=20_000)] | None = None
    link: Address | None = None

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse to hand in nothing."""
        if self.text is None and self.link is None:
            raise ValueError("hand in a text, a link, or both")
        return self


class ReviewIn(Body):
    """What a coach decides on something handed in, with words for the person."""

    decision: Literal["accept", "return"]
    words: Paragraph
    employee_number: EmployeeNumber | None = None
    """The coach, where a key acts for one."""


class SubmissionOut(Resource):
    """Something handed in for a practical task, and what a coach said of it."""

    id: str
    enrolment: str
    employee_number: str
    course: str
    module: str
    text: str | None
    link: str | None
    state: Literal["submitted", "accepted", "returned"]
    words: str | None
    reviewed_by: str | None
    """The coach's employee number."""
    submitted_at: datetime
    reviewed_at: datetime | None
    revision: int


class VersionChangeIn(Body):
    """The version to move to: the one in force, which is checked where it is named."""

    version: Number | None = None
