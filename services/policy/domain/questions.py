"""Questions to the task team: asked by anyone, answered by the member they are with, rated by the asker."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import charter, faq, people, question_routing, seats
from services.policy.schemas.questions import (
    AnswerIn,
    FaqOut,
    QuestionFaqIn,
    QuestionIn,
    QuestionOut,
    RatingIn,
    ReassignmentIn,
)
from services.policy.tables import Question, Seat
from shared import pages, works_council
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import QuestionAnsweredV1, QuestionAskedV1, QuestionRatedV1, QuestionReassignedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, Forbidden, NotFound


class AlreadyAnswered(Conflict):
    """The question has been answered."""


class NotAnswered(Conflict):
    """The question has not been answered yet."""


class NotAMember(Conflict):
    """Only a member of the task team can be asked."""


class NotWithYou(Forbidden):
    """The question is with another member of the team."""


def ask(session: Session, body: QuestionIn) -> QuestionOut:
    """Put a question to the member of the team who fits it best; raises Invalid for a section not in force."""
    asker = people.needed(session, body.employee_number)
    if body.policy is not None or body.section is not None:
        faq.check_place(session, body.policy, body.section)
    question = Question(
        asker=asker.id,
        state="open",
        created_at=session.now,
        due_at=session.now + timedelta(hours=charter.terms(session).answer_hours),
        **body.model_dump(exclude={"employee_number"}),
    )
    question_routing.route(session, question)
    session.add(question)
    record(session, "team.question.asked", f"questions/{question.id}", digest_of(body.text), asker.id)
    tell(session, question_routing.told(QuestionAskedV1, question))
    session.flush()
    return shown(session, [question])[0]


def leads(session: Session) -> bool:
    """Tell whether the caller sees and answers all questions: a lead, or a key for the team."""
    caller = session.context.caller
    return caller is None or caller.has("team:write") or seats.is_member(session, "lead")


def seen(session: Session) -> SelectOfScalar[Question]:
    """Return the query for the questions that the caller may read: their own and those that are or were with them."""
    questions, caller = select(Question).where(*people.reach(session, col(Question.asker))), session.context.caller
    if caller is None or leads(session) or (not caller.signed_in and caller.has("team:read")):
        return questions
    mine = caller.person or ""
    parts = (Question.asker, Question.assignee, Question.answered_by)
    return questions.where(or_(*(col(part) == mine for part in parts)))


def get(session: Session, question_id: str) -> Question:
    """Return a question that the caller may read, for a change; raises NotFound."""
    statement = seen(session).where(Question.id == question_id).with_for_update()
    question = session.exec(statement.execution_options(populate_existing=True)).first()
    if question is None:
        raise NotFound("There is no such question, or it is someone else's.")
    return question


def get_of_member(session: Session, question_id: str, if_match: int | None) -> Question:
    """Return a question for a change that its member or a lead may make; raises NotFound, Stale or NotWithYou."""
    question, caller = get(session, question_id), session.context.caller
    expect(question.revision, if_match)
    if caller and not leads(session) and caller.person not in {question.assignee, question.answered_by}:
        raise NotWithYou
    return question


def answer(session: Session, question_id: str, body: AnswerIn, if_match: int | None) -> QuestionOut:
    """Answer a question; raises NotFound, NotWithYou, Stale or AlreadyAnswered."""
    question = get_of_member(session, question_id, if_match)
    if question.state == "answered":
        raise AlreadyAnswered
    by = people.acting(session, body.employee_number)
    question.answer, question.answered_at, question.state = body.answer, session.now, "answered"
    question.answered_by, question.due_at = by.id if by else None, None
    question.revision += 1
    record(session, "team.question.answered", f"questions/{question.id}", digest_of(body.answer), question.asker)
    tell(session, question_routing.told(QuestionAnsweredV1, question))
    session.flush()
    return shown(session, [question])[0]


def rate(session: Session, question_id: str, body: RatingIn, if_match: int | None) -> QuestionOut:
    """Say how much an answer helped, as its asker; a later rating takes the place of the first.

    Raises NotFound, Stale or NotAnswered.
    """
    question, caller = get(session, question_id), session.context.caller
    expect(question.revision, if_match)
    if caller and caller.person != question.asker and (caller.signed_in or not caller.has("team:write")):
        raise NotFound("You have not asked such a question.")
    if question.state != "answered":
        raise NotAnswered
    question.rating, question.rating_comment = body.rating, body.comment
    question.revision += 1
    record(session, "team.question.rated", f"questions/{question.id}", digest_of(body), question.asker)
    tell(session, question_routing.told(QuestionRatedV1, question, rating=body.rating))
    session.flush()
    return shown(session, [question])[0]


def reassign(session: Session, question_id: str, body: ReassignmentIn, if_match: int | None) -> QuestionOut:
    """Give a question to another member; raises NotFound, NotWithYou, Stale, AlreadyAnswered or NotAMember."""
    question = get_of_member(session, question_id, if_match)
    if question.state == "answered":
        raise AlreadyAnswered
    member = people.find(session, body.employee_number)
    seat = session.exec(select(Seat.key).where(Seat.person == member.id).order_by(Seat.key)).first()
    if seat is None or member.id == question.asker:
        raise NotAMember
    question.assignee, question.seat, question.state = member.id, seat, "open"
    question.due_at = session.now + timedelta(hours=charter.terms(session).answer_hours)
    question_routing.noted(session, question, QuestionReassignedV1, "reassigned")
    return shown(session, [question])[0]


def turn_into_faq(session: Session, question_id: str, body: QuestionFaqIn, if_match: int | None) -> FaqOut:
    """Let everybody read a question and its answer; raises NotFound, NotWithYou, Stale, NotAnswered or NoSuchSection."""
    question = get_of_member(session, question_id, if_match)
    if question.state != "answered":
        raise NotAnswered
    return faq.add_from_question(session, question, body)


def show(session: Session, question_id: str) -> QuestionOut:
    """Return a question; raises NotFound."""
    question = session.exec(seen(session).where(Question.id == question_id)).first()
    if question is None:
        raise NotFound("There is no such question, or it is someone else's.")
    return shown(session, [question])[0]


def list_all(session: Session, state: str | None, part: str | None, paging: PageQuery) -> Page[QuestionOut]:
    """Return the questions that the caller may read, the oldest first; `part` picks those asked by or with the caller."""
    questions, caller = seen(session), session.context.caller
    if state is not None:
        questions = questions.where(Question.state == state)
    if part is not None:
        side = Question.asker if part == "asker" else Question.assignee
        questions = questions.where(side == (caller.person if caller else None))
    page: Page[Question] = pages.page(session, questions, paging, key=Question.id, to=lambda question: question)
    return Page(items=shown(session, page.items), next_cursor=page.next_cursor)


def shown(session: Session, questions: Sequence[Question]) -> list[QuestionOut]:
    """Show questions with employee numbers, in one query for all of them.

    Who is in works-council mode stays unnamed, but to who asked and to whom it is with: or answers could be counted by
    person.
    """
    parts = {person for each in questions for person in (each.asker, each.assignee, each.answered_by) if person}
    numbers = {person: row.employee_number for person, row in people.by_id(session, parts).items()}
    hiding, caller = works_council.hidden(session), session.context.caller
    open_ones = {person: number for person, number in numbers.items() if person not in hiding}
    found = []
    for each in questions:
        theirs = caller is not None and caller.person is not None and caller.person in {each.asker, each.assignee}
        named = numbers if theirs else open_ones
        found.append(
            QuestionOut(
                **each.model_dump(exclude={"asker", "assignee", "answered_by"}),
                asker=named.get(each.asker),
                assignee=named.get(each.assignee or ""),
                answered_by=named.get(each.answered_by or ""),
            )
        )
    return found
