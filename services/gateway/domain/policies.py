"""Which policies are in force, as events tell it, and the owner's answer for each."""

from collections.abc import Mapping

from sqlalchemy import delete, or_, select, update
from sqlmodel import col

from services.gateway.tables import PolicyAnswer, PolicyTranslation
from shared.db import Session, insert
from shared.events.policy import VersionInForceV1


def note_in_force(session: Session, event: VersionInForceV1) -> None:
    """Note that a version came into force; the owner's answer is asked for afterwards."""
    values = {"policy": event.policy, "version": event.version}
    statement = insert(session, PolicyAnswer.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["policy"], set_=values))


def find_answers(session: Session) -> list[PolicyAnswer]:
    """Return all answers that are kept."""
    rows = list(session.execute(select(PolicyAnswer).where(col(PolicyAnswer.body).is_not(None))).scalars())
    session.expunge_all()
    return rows


def find_translations(session: Session) -> list[PolicyTranslation]:
    """Return all answers that are kept in other languages."""
    rows = list(session.execute(select(PolicyTranslation)).scalars())
    session.expunge_all()
    return rows


def find_outdated(session: Session) -> list[str]:
    """Return the policies whose answer is older than the version in force."""
    differs = or_(col(PolicyAnswer.answered).is_(None), col(PolicyAnswer.answered) != PolicyAnswer.version)
    return list(session.execute(select(col(PolicyAnswer.policy)).where(differs)).scalars())


def version_of(session: Session, policy: str) -> int | None:
    """Return the version that events told of last."""
    row = session.get(PolicyAnswer, policy)
    return row.version if row else None


def keep_answer(
    session: Session,
    policy: str,
    version: int | None,
    answer: tuple[str | None, bytes] | None,
    translations: Mapping[str, tuple[str | None, bytes]],
) -> None:
    """Keep the owner's answers, each with its ETag; without one, the owner said that nothing is in force."""
    if version is None:
        return
    etag, body = answer or (None, None)
    values = {"answered": version, "etag": etag, "body": body}
    session.execute(update(PolicyAnswer).where(col(PolicyAnswer.policy) == policy).values(values))
    session.execute(delete(PolicyTranslation).where(col(PolicyTranslation.policy) == policy))
    for locale, (tag, text) in translations.items():
        session.add(PolicyTranslation(policy=policy, locale=locale, etag=tag, body=text))
