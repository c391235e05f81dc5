"""With whom a question is: the member who fits it best and has room, then the next, then a lead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select

from services.policy.domain import charter
from services.policy.domain.languages import primary
from services.policy.tables import Person, Question, Seat
from shared.db import Session
from shared.events.policy import QuestionEscalatedV1, QuestionReassignedV1, QuestionTold
from shared.evidence import record
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

E = TypeVar("E", bound=QuestionTold)

ROOM = 5
"""With so many open questions, a member is asked only when nobody else can be."""
AT_ONCE = 100
WITH_NOBODY, LATE = "questions with nobody", "late questions"


@dataclass(frozen=True, slots=True)
class Option:
    """A member who could be asked, by one of their seats."""

    person: str
    seat: str
    speaks: bool
    fit: int
    load: int

    @property
    def rank(self) -> tuple[bool, bool, int, int, str]:
        """Sort key: who can read it, then who has room, then who knows most of it, then who has least to do."""
        return not self.speaks, self.load >= ROOM, -self.fit, self.load, self.seat


def told(kind: type[E], question: Question, **more: object) -> E:
    """Return the event that tells a question as it is after a change."""
    return kind(**question.model_dump(include=set(QuestionTold.model_fields)), **more)


def route(session: Session, question: Question, *roles: str) -> bool:
    """Give a question to the best member it was not with before, of one of these roles if any; False if there is none."""
    options = [each for each in options_for(session, question, roles) if each.person not in question.tried]
    if not options:
        return False
    best = min(options, key=lambda each: each.rank)
    question.assignee, question.seat = best.person, best.seat
    question.due_at = session.now + timedelta(hours=charter.terms(session).answer_hours)
    return True


def options_for(session: Session, question: Question, roles: Collection[str]) -> list[Option]:
    """Return the members who could be asked; nobody is asked their own question, or while their seat lapses."""
    rows = select(Seat, Person).join(Person, col(Person.id) == col(Seat.person))
    rows = rows.where(col(Person.active).is_(True), col(Seat.lapsing_since).is_(None), Person.id != question.asker)
    if roles:
        rows = rows.where(col(Seat.role).in_(roles))
    open_now = select(Question.assignee, func.count()).where(Question.state == "open").group_by(col(Question.assignee))
    loads: dict[str | None, int] = dict(session.exec(open_now).all())
    asker = session.get(Person, question.asker)
    return [
        Option(
            person=person.id,
            seat=seat.key,
            speaks=speaks(question.language, seat, person),
            fit=fit(question, seat, asker),
            load=loads.get(person.id, 0),
        )
        for seat, person in session.exec(rows)
    ]


def speaks(language: str | None, seat: Seat, person: Person) -> bool:
    """Tell whether a member reads the language of a question, where it is known."""
    if language is None:
        return True
    return primary(language) in {primary(each) for each in [*person.languages, *filter(None, [seat.language])]}


def fit(question: Question, seat: Seat, asker: Person | None) -> int:
    """Return how much a seat has to do with a question: its very section or topic, its policy, the asker's place."""
    close = {question.topic, f"{question.policy}/{question.section}"} - {None}
    points = 8 if close & set(seat.topics) else 4 if question.policy in seat.topics else 0
    if asker is not None:
        points += 2 * (seat.department == asker.department) + (seat.region == asker.region)
    return points


def move(session: Session, seat: str, giver: str | None, taker: str) -> None:
    """Let the open questions of a seat go along to its next holder, but for their own."""
    rows = select(Question.id).where(Question.state == "open", Question.seat == seat, Question.asker != taker)
    same = col(Question.assignee).is_(None) if giver is None else Question.assignee == giver
    for question_id in session.exec(rows.where(same).order_by(Question.id)).all():
        question = lock(session, question_id)
        if question.state == "open" and question.assignee == giver:
            question.assignee = taker
            question.due_at = session.now + timedelta(hours=charter.terms(session).answer_hours)
            noted(session, question, QuestionReassignedV1, "reassigned")


def lock(session: Session, question_id: str) -> Question:
    """Return a question for a change, as it is now."""
    statement = select(Question).where(Question.id == question_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def noted(session: Session, question: Question, kind: type[QuestionTold], change: str) -> None:
    """Enter a change of a question into evidence and tell it."""
    question.revision += 1
    record(session, f"team.question.{change}", f"questions/{question.id}", person=question.asker)
    tell(session, told(kind, question))
    session.flush()


def keep_moving(session: Session) -> None:
    """Find somebody for questions whose member left the team, and escalate those that nobody answered in time."""
    sitting = select(Seat.person).where(col(Seat.person).is_not(None))
    lost = or_(col(Question.assignee).is_(None), col(Question.assignee).not_in(sitting))
    do_each(session, WITH_NOBODY, open_ones(session, WITH_NOBODY, lost), partial(find_others, session))
    late = col(Question.due_at) <= session.now
    do_each(session, LATE, open_ones(session, LATE, late), partial(escalate_all, session))


def open_ones(session: Session, sweep: str, which: ColumnElement[bool]) -> list[str]:
    """Return the next open questions for a sweep."""
    found = select(Question.id).where(Question.state == "open", which, at_hand(session, sweep, col(Question.id)))
    return list(session.exec(found.order_by(Question.id).limit(AT_ONCE)))


def find_others(session: Session, questions: Collection[str]) -> None:
    """Give questions without a member to one each."""
    for question_id in questions:
        find_another(session, lock(session, question_id))


def escalate_all(session: Session, questions: Collection[str]) -> None:
    """Escalate questions that nobody answered in time."""
    for question_id in questions:
        escalate(session, lock(session, question_id))


def find_another(session: Session, question: Question) -> None:
    """Give a question without a member to one, if there is any; else it waits, until its time is over."""
    before, question.assignee = question.assignee, None
    if question.state == "open" and (route(session, question) or before is not None):
        noted(session, question, QuestionReassignedV1, "reassigned")


def escalate(session: Session, question: Question) -> None:
    """Give a late question to the next member, the time after that to a lead; then it is all leads' to answer."""
    if question.state != "open" or question.due_at is None or question.due_at > session.now:
        return
    second = bool(question.tried)
    question.tried = [*question.tried, *filter(None, [question.assignee])]
    if not (route(session, question, "lead") if second else route(session, question)):
        question.state, question.assignee, question.due_at = "escalated", None, None
    noted(session, question, QuestionEscalatedV1, "escalated")
