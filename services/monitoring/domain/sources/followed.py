"""Whom streams are followed for, and through which source replies go out."""

from sqlmodel import col, select

from services.monitoring.domain.sources.runs import Task, task_of
from services.monitoring.tables import Account, Source
from shared.db import Session


def handles(session: Session, network: str) -> list[str]:
    """Return the accounts on a network that somebody registered, each once."""
    rows = select(Account.handle).where(col(Account.network) == network).distinct().order_by(col(Account.handle))
    return list(session.execute(rows).scalars())


def that_sends(session: Session, kind: str) -> Task | None:
    """Return the first source of a kind that has secrets, and so an account to send from; none while it is paused."""
    statement = select(Source).where(
        col(Source.kind) == kind, col(Source.secrets).is_not(None), col(Source.paused_at).is_(None)
    )
    row = session.execute(statement.order_by(col(Source.id)).limit(1)).scalar()
    return task_of(row) if row is not None else None
