"""The question bank, and sittings of quizzes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class BankQuestion(Table, table=True):
    """A question of a course's bank: its newest version's number, and what draws look at; retired ones are not drawn."""

    __tablename__ = "bank_questions"
    __table_args__ = (UniqueConstraint("course", "key"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    course: str = Field(max_length=64)
    key: str = Field(max_length=64)
    kind: str = Field(max_length=20)
    difficulty: str = Field(max_length=20)
    version: int = 1
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class BankQuestionVersion(Table, table=True):
    """One version of a question (`schemas.Question`) with its right answers; kept for the sittings that drew it."""

    __tablename__ = "bank_question_versions"
    __table_args__ = (UniqueConstraint("question", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    question: str = Field(max_length=36)
    number: int
    content: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class BankQuestionTag(Table, table=True):
    """A tag of the newest version of a question."""

    __tablename__ = "bank_question_tags"

    question: str = Field(primary_key=True, max_length=36)
    tag: str = Field(primary_key=True, max_length=64)


class RuleInForce(Table, table=True):
    """A copy of a rule of a policy's newest version, for questions that ask which rule a post breaks."""

    __tablename__ = "rules_in_force"

    policy: str = Field(primary_key=True, max_length=64)
    rule: str = Field(primary_key=True, max_length=64)
    version: int
    section: str = Field(max_length=200)
    place: int
    yaml: str = Field(sa_type=Text)


class Attempt(Table, table=True):
    """One sitting of a quiz: the questions drawn (`schemas.DrawnItem`) and, once submitted, the result.

    `version` is that of the course. `time_limit` are the minutes that the quiz gives, `deadline` includes the person's `time_factor`, and until
    `closes_at` late answers are taken, too. All three are empty where time is not limited.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "attempts_open",
            "enrolment",
            "module",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index(
            "attempts_closing",
            "closes_at",
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    enrolment: str = Field(max_length=36, index=True)
    module: str = Field(max_length=64)
    version: int
    items: list[dict[str, Any]] = Field(sa_type=JSON)
    started_at: datetime = Field(sa_type=UtcDateTime)
    time_limit: int | None = None
    time_factor: float = 1.0
    deadline: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    passed: bool | None = None
    result: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class Answer(Table, table=True):
    """What a person answered to one drawn question (`schemas.Given`), with the revision that its writer gave it."""

    __tablename__ = "answers"

    attempt: str = Field(primary_key=True, max_length=36)
    item: str = Field(primary_key=True, max_length=36)
    given: dict[str, Any] = Field(sa_type=JSON)
    revision: int = 1


class GradedAnswer(Table, table=True):
    """What became of one drawn question, for looking at how good the question is.

    `version` is that of the bank's question, or of the course for a question of the quiz itself (`bank` is false).
    `given` is the answer by the places of its parts in that version, empty when there was none; `earned` the share of
    the points; and `first` says that it was the person's first sitting of this quiz.
    """

    __tablename__ = "graded_answers"
    __table_args__ = (Index("graded_answers_question", "course", "question"),)

    attempt: str = Field(primary_key=True, max_length=36)
    item: str = Field(primary_key=True, max_length=36)
    course: str = Field(max_length=64)
    module: str = Field(max_length=64)
    question: str = Field(max_length=64)
    version: int
    bank: bool
    first: bool
    given: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    earned: float
    points: int
    graded_at: datetime = Field(sa_type=UtcDateTime)


class ExtraAttempts(Table, table=True):
    """Sittings that somebody granted beyond a quiz's limit."""

    __tablename__ = "extra_attempts"

    enrolment: str = Field(primary_key=True, max_length=36)
    module: str = Field(primary_key=True, max_length=64)
    count: int


class Accommodation(Table, table=True):
    """How much more time a person has in each timed quiz. Why, is not kept."""

    __tablename__ = "accommodations"

    person: str = Field(primary_key=True, max_length=36)
    time_factor: float
    revision: int = 1
    changed_at: datetime = Field(sa_type=UtcDateTime)
