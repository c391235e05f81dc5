"""/v1/courses/{key}/questions: the bank from which quizzes draw."""

from typing import Annotated, Literal

from fastapi import Query, status

from services.training.domain.teaching import questions, rules
from services.training.schemas.questions import BankQuestionOut, QuestionQuery
from services.training.schemas.quizzes import Difficulty, Question
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses/{key}/questions", tags=["training"], dependencies=[needs("training:write")])

Kind = Literal["single", "multiple", "true_false", "matching", "ordering", "short_text", "numeric", "rule_break"]


@router.get("", responses=problems(NotFound))
async def list_course_questions(
    key: Slug,
    paging: Paging,
    db: Db,
    tag: Slug | None = None,
    difficulty: Difficulty | None = None,
    kind: Kind | None = None,
    *,
    retired: Annotated[bool | None, Query(description="Only those that are, or are not, retired.")] = None,
) -> Page[BankQuestionOut]:
    """List the questions of a course's bank with their right answers, for authors."""
    return await db.read(questions.find, key, paging, QuestionQuery(tag, difficulty, kind, retired))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFound, questions.QuestionExists, rules.NoSuchRule),
)
async def create_course_question(key: Slug, body: Question, db: Db) -> BankQuestionOut:
    """Add a question to a course's bank; quizzes that draw by its tags or difficulty have it from now on."""
    return await db.write(questions.create, key, body)


@router.get("/{question}", responses=problems(NotFound))
async def get_course_question(key: Slug, question: Slug, db: Db) -> BankQuestionOut:
    """Read a question in its newest version."""
    return await db.read(questions.get, key, question)


@router.put("/{question}", responses=problems(NotFound, Stale, questions.OtherKey, rules.NoSuchRule))
async def replace_course_question(
    key: Slug, question: Slug, body: Question, db: Db, if_match: IfMatch
) -> BankQuestionOut:
    """Write the next version of a question; sittings keep the version that they drew."""
    return await db.write(questions.change, key, question, body, if_match)


@router.get("/{question}/versions", responses=problems(NotFound))
async def list_course_question_versions(key: Slug, question: Slug, paging: Paging, db: Db) -> Page[BankQuestionOut]:
    """List the versions of a question, oldest first."""
    return await db.read(questions.find_versions, key, question, paging)


@router.post("/{question}/retirement", responses=problems(NotFound, Stale))
async def retire_course_question(key: Slug, question: Slug, db: Db, if_match: IfMatch) -> BankQuestionOut:
    """Draw a question no more; sittings that have it keep it."""
    return await db.write(questions.retire, key, question, if_match)


@router.post("/{question}/reinstatement", responses=problems(NotFound, Stale))
async def reinstate_course_question(key: Slug, question: Slug, db: Db, if_match: IfMatch) -> BankQuestionOut:
    """Draw a retired question again."""
    return await db.write(questions.reinstate, key, question, if_match)
