"""Personal data whose time is over is forgotten by the clock, some at a time, with evidence of how much."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import col, select

from services.training.domain.privacy import looks
from services.training.settings import terms
from services.training.tables import Answer, GradedAnswer, TaskSubmission
from shared.db import Session
from shared.evidence import record

AT_ONCE = 500
IMPORTS = timedelta(days=7)


def kept() -> dict[str, timedelta | None]:
    """Return how long each kind of data is kept; None: until the person is erased."""
    return {
        "people": None,
        "certificates": None,
        "completions": None,
        "answers to quizzes": terms().answers_kept,
        "practical tasks": terms().answers_kept,
        "rows of files of people": IMPORTS,
        "access log": terms().looks_kept,
    }


def forget_old(session: Session) -> None:
    """Forget what is due, a chunk of each kind."""
    for kind, count in (
        ("answers", forget_answers(session)),
        ("tasks", forget_tasks(session)),
        ("looks", looks.forget_old(session, session.now - terms().looks_kept)),
    ):
        if count:
            record(session, "retention.forgotten", f"{kind}/{count}")


def forget_answers(session: Session) -> int:
    """Forget what was answered in sittings that began long ago; how they went stays. Return of how many."""
    begun = col(Answer.attempt) < first_id_of(session.now - terms().answers_kept)
    old = list(session.exec(select(Answer.attempt).where(begun).distinct().limit(AT_ONCE)))
    if old:
        session.execute(delete(Answer).where(col(Answer.attempt).in_(old)))
        session.execute(update(GradedAnswer).where(col(GradedAnswer.attempt).in_(old)).values(given=None))
    return len(old)


def first_id_of(moment: datetime) -> str:
    """Return what no id that was made before a moment comes behind: ours begin with their time (UUIDv7).

    So what is old is found by the primary key, and nobody waits while a table is searched.
    """
    made = f"{int(moment.timestamp() * 1000):012x}"
    return f"{made[:8]}-{made[8:]}"


def forget_tasks(session: Session) -> int:
    """Forget the words of practical tasks that were handed in and reviewed long ago. Return of how many."""
    before = session.now - terms().answers_kept
    words = col(TaskSubmission.text).is_not(None) | col(TaskSubmission.words).is_not(None)
    old_ones = (col(TaskSubmission.id) < first_id_of(before)) & (col(TaskSubmission.reviewed_at) < before)
    old = list(session.exec(select(TaskSubmission.id).where(old_ones, words).limit(AT_ONCE)))
    if old:
        blank = update(TaskSubmission).where(col(TaskSubmission.id).in_(old))
        session.execute(blank.values(text=None, link=None, words=None, revision=TaskSubmission.revision + 1))
    return len(old)
