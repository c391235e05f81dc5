"""Bodies of questions to the task team, and of what is looked up beside a policy's sections."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.policy.schemas.task_team import Language, Topic
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Slug, Text

SectionId = Annotated[
    Text,
    Field(min_length=1, max_length=64, description="The id of a section in force.", examples=["speak-as-yourself"]),
]
QuestionState = Literal["open", "escalated", "answered"]


class QuestionIn(Body):
    """What somebody wants to know; a key names who asks."""

    text: Paragraph
    policy: Slug | None = None
    section: SectionId | None = None
    topic: Topic | None = None
    language: Language | None = None
    employee_number: EmployeeNumber | None = None


class AnswerIn(Body):
    """An answer; a key may name who gives it."""

    answer: Paragraph
    employee_number: EmployeeNumber | None = None


class RatingIn(Body):
    """How much an answer helped: 1 not at all, 5 all the way."""

    rating: Annotated[int, Field(ge=1, le=5)]
    comment: Paragraph | None = None


class ReassignmentIn(Body):
    """The member who should answer instead."""

    employee_number: EmployeeNumber


class QuestionFaqIn(Body):
    """What of a question and its answer everybody may read, in words that name nobody; left out, they stay as asked."""

    policy: Slug | None = None
    section: SectionId | None = None
    question: Paragraph | None = None
    answer: Paragraph | None = None


class QuestionOut(Resource):
    """A question, with whom it is until when, and its answer.

    `escalated` is one that nobody answered in time; then it is any lead's to answer.
    """

    id: str
    asker: str | None
    text: str
    policy: str | None
    section: str | None
    topic: str | None
    language: str | None
    state: QuestionState
    assignee: str | None
    due_at: datetime | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    rating: int | None
    rating_comment: str | None
    faq: str | None
    created_at: datetime
    revision: int


class FaqIn(Body):
    """A question that people have, and its answer."""

    section: SectionId
    question: Paragraph
    answer: Paragraph


class FaqChange(Body):
    """What changes of an entry; what is left out stays. Any change says that it fits the section as it is now."""

    section: SectionId | None = None
    question: Paragraph | None = None
    answer: Paragraph | None = None


class FaqOut(Resource):
    """A question and its answer; `outdated` when its section has changed since, or is gone."""

    id: str
    policy: str
    section: str
    question: str
    answer: str
    outdated: bool
    created_at: datetime
    updated_at: datetime
    revision: int
