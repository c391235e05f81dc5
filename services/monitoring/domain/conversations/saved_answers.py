"""Saved answers: words to begin with, checked when they are saved and again whenever they are read or sent."""

from typing import Any

from sqlmodel import col, or_, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import checking
from services.monitoring.schemas.wordings import SavedAnswerIn, SavedAnswerOut, Verdict
from services.monitoring.tables import SavedAnswer
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound
from shared.rules import Draft


def save(session: Session, body: SavedAnswerIn, caller: Principal) -> SavedAnswerOut:
    """Save an answer; raises WordingRefused when the rules in force would stop it."""
    refuse(session, body)
    author = people.acting(session, caller, body.employee_number)
    row = SavedAnswer(id=new_id(), person=author.person, changed_at=session.now, **words_of(body))
    session.add(row)
    record(session, "saved_answer.save", f"saved_answer/{row.id}", digest_of(body.text), author.person)
    session.flush()
    return shown(session, row)


def change(
    session: Session, answer_id: str, body: SavedAnswerIn, caller: Principal, stated: int | None
) -> SavedAnswerOut:
    """Write an answer anew."""
    row = get(session, answer_id)
    expect(row.revision, stated)
    refuse(session, body)
    author = people.acting(session, caller, body.employee_number)
    row.sqlmodel_update({**words_of(body), "person": author.person, "changed_at": session.now})
    row.revision += 1
    record(session, "saved_answer.change", f"saved_answer/{row.id}", digest_of(body.text), author.person)
    session.flush()
    return shown(session, row)


def remove(session: Session, answer_id: str, stated: int | None) -> None:
    """Take an answer out; replies that began with it stay as they are."""
    row = get(session, answer_id)
    expect(row.revision, stated)
    session.delete(row)
    record(session, "saved_answer.remove", f"saved_answer/{answer_id}", digest_of(row.text))


def words_of(body: SavedAnswerIn) -> dict[str, Any]:
    """Return what is kept of a body."""
    return body.model_dump(include={"title", "language", "topic", "network", "text"})


def get(session: Session, answer_id: str) -> SavedAnswer:
    """Return a saved answer; raises NotFound."""
    row = session.get(SavedAnswer, answer_id)
    if row is None:
        raise NotFound(f"There is no saved answer {answer_id}.")
    return row


def read(session: Session, answer_id: str) -> SavedAnswerOut:
    """Show one saved answer."""
    return shown(session, get(session, answer_id))


def listed(
    session: Session, paging: PageQuery, language: str | None, topic: str | None, network: str | None
) -> Page[SavedAnswerOut]:
    """List the answers that fit a language, topic and network: those for all topics or networks, too."""
    statement = select(SavedAnswer)
    if language is not None:
        statement = statement.where(col(SavedAnswer.language) == language)
    if topic is not None:
        statement = statement.where(or_(col(SavedAnswer.topic) == topic, col(SavedAnswer.topic).is_(None)))
    if network is not None:
        statement = statement.where(or_(col(SavedAnswer.network) == network, col(SavedAnswer.network).is_(None)))
    return page(session, statement, paging, key=SavedAnswer.id, to=lambda row: shown(session, row))


def shown(session: Session, row: SavedAnswer) -> SavedAnswerOut:
    """Show an answer, with what the rules in force say of it."""
    number = people.numbers(session, {row.person}).get(row.person) if row.person else None
    return SavedAnswerOut.model_validate({**row.model_dump(), "person": number, "verdict": verdict_on(session, row)})


def verdict_on(session: Session, row: SavedAnswer | SavedAnswerIn) -> Verdict:
    """Return what the rules in force say of an answer, whoever sends it."""
    return checking.judge(session, draft_of(session, row))[1]


def refuse(session: Session, body: SavedAnswerIn) -> None:
    """Raise WordingRefused when the rules in force would stop an answer."""
    matches, verdict = checking.judge(session, draft_of(session, body))
    if verdict in {"block", "hold"}:
        raise checking.WordingRefused(extra={"reasons": checking.reasons(matches)})


def draft_of(session: Session, row: SavedAnswer | SavedAnswerIn) -> Draft:
    """Return an answer as the rules look at it."""
    return Draft(row.text, network=row.network or "", kind="reply", staff=True, language=row.language, now=session.now)
