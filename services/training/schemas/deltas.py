"""Bodies of /deltas: what changed under a certificate, and that somebody learnt it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from services.training.schemas.attempts import Given, ItemId, ItemOut, ItemResult
from shared.schemas import Body, Resource, Text


class DeltaStatus(StrEnum):
    """How a delta stands: `missed` ones can be done until the certificate ends; `withdrawn` ones are asked no more."""

    DUE = "due"
    MISSED = "missed"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Wording(Resource):
    """A section as a version of its policy has it; for a course, only the version."""

    version: int
    hash: str | None


class DeltaOut(Resource):
    """Something to learn anew: a section of a policy, or the changed `modules` of a course.

    `old` is what the certificate covers, null where the section is new; `diff` leads to what changed, word by word.
    After `due_at` the certificate expires, at `ends_at` it has expired. `questions` have to be answered, too.
    """

    id: str
    employee_number: str
    certificate: str
    certification: str
    policy: str | None
    section: str | None
    heading: str | None
    course: str | None
    modules: list[str] | None
    old: Wording | None
    new: Wording
    diff: str | None
    asked_at: datetime
    due_at: datetime
    ends_at: datetime
    state: DeltaStatus
    done: bool
    done_at: datetime | None
    how: Literal["read", "answered", "accepted", "course"] | None
    questions: int
    tries: int
    revision: int


class DeltaView(DeltaOut):
    """A delta with the text to read, as it was and as it is now, and the questions to answer."""

    old_html: str | None
    html: str | None
    items: list[ItemOut]


class CompletionOfDelta(Body):
    """What was read, by its hash, and the answers to the questions, by the ids of their items."""

    hash: Annotated[Text, Field(min_length=1, max_length=80, examples=["sha256:9f2c"])]
    answers: Annotated[dict[ItemId, Given], Field(max_length=20)] = Field(default={})


class DeltaResult(Resource):
    """Whether it is done; where an answer was wrong, `delta` has the questions to try again."""

    passed: bool
    results: list[ItemResult]
    delta: DeltaView
