"""/v1/task-team/questions: ask the team about the policy."""

from typing import Annotated, Literal

from fastapi import Path, Query, status

from services.policy.domain import faq, people, questions
from services.policy.schemas.questions import (
    AnswerIn,
    FaqOut,
    QuestionFaqIn,
    QuestionIn,
    QuestionOut,
    QuestionState,
    RatingIn,
    ReassignmentIn,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/task-team/questions", tags=["task team"])
QuestionId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
reads = [needs("team:read", "self")]
takes_part = [needs("team:write", "self")]


@router.get("", dependencies=reads)
async def list_questions(
    paging: Paging,
    db: Db,
    state: Annotated[QuestionState | None, Query()] = None,
    part: Annotated[
        Literal["asker", "assignee"] | None, Query(description="Only those that you asked, or that are with you.")
    ] = None,
) -> Page[QuestionOut]:
    """List the questions that you asked or that are with you, the oldest first; leads read all."""
    return await db.read(questions.list_all, state, part, paging)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=takes_part, responses=problems(people.UnknownPerson))
async def ask_question(body: QuestionIn, db: Db) -> QuestionOut:
    """Ask the team; the question goes to the member who knows most about it, reads its language and has room."""
    return await db.write(questions.ask, body)


@router.get("/{question}", dependencies=reads, responses=problems(NotFound))
async def get_question(question: QuestionId, db: Db) -> QuestionOut:
    """Read a question and its answer."""
    return await db.read(questions.show, question)


@router.post(
    "/{question}/answer",
    dependencies=takes_part,
    responses=problems(NotFound, questions.NotWithYou, questions.AlreadyAnswered, Stale),
)
async def answer_question(question: QuestionId, body: AnswerIn, if_match: IfMatch, db: Db) -> QuestionOut:
    """Answer a question that is with you, or any as a lead."""
    return await db.write(questions.answer, question, body, if_match)


@router.post("/{question}/rating", dependencies=takes_part, responses=problems(NotFound, questions.NotAnswered, Stale))
async def rate_answer(question: QuestionId, body: RatingIn, if_match: IfMatch, db: Db) -> QuestionOut:
    """Say how much the answer to your question helped."""
    return await db.write(questions.rate, question, body, if_match)


@router.post(
    "/{question}/reassignment",
    dependencies=takes_part,
    responses=problems(NotFound, questions.NotWithYou, questions.AlreadyAnswered, questions.NotAMember, Stale),
)
async def reassign_question(question: QuestionId, body: ReassignmentIn, if_match: IfMatch, db: Db) -> QuestionOut:
    """Give a question to another member of the team."""
    return await db.write(questions.reassign, question, body, if_match)


@router.post(
    "/{question}/faq",
    status_code=status.HTTP_201_CREATED,
    dependencies=takes_part,
    responses=problems(NotFound, questions.NotWithYou, questions.NotAnswered, faq.InFaqAlready, Stale),
)
async def turn_question_into_faq(question: QuestionId, body: QuestionFaqIn, if_match: IfMatch, db: Db) -> FaqOut:
    """Let everybody read a question and its answer beside the section that it is about; it names nobody."""
    return await db.write(questions.turn_into_faq, question, body, if_match)
