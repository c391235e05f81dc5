"""Bodies of a course's question bank."""

from dataclasses import dataclass
from datetime import datetime

from services.training.schemas.quizzes import Difficulty, Question
from shared.schemas import Resource


class BankQuestionOut(Resource):
    """A question of a course's bank in one version, with its right answers, for authors."""

    id: str
    course: str
    version: int
    retired_at: datetime | None
    revision: int
    question: Question


@dataclass(frozen=True, slots=True)
class QuestionQuery:
    """Which questions are asked for."""

    tag: str | None = None
    difficulty: Difficulty | None = None
    kind: str | None = None
    retired: bool | None = None
