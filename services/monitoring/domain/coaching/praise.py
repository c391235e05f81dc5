"""Praise is asked for: whoever has only corrected for a while is shown posts with nothing to correct."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col

from services.monitoring.domain.people import Actor
from services.monitoring.schemas.findings import PraiseWantedOut
from services.monitoring.settings import terms
from services.monitoring.tables import Finding, Guidance, Post
from shared.context import Principal
from shared.db import Session

WINDOW = timedelta(days=90)
POSTS = 3


def wanted(session: Session, actor: Actor, caller: Principal) -> PraiseWantedOut | None:
    """Return that praise is wanted of a coach, with posts of others to look at; None while they praise as they correct."""
    corrections = since_praise(session, actor, session.now - WINDOW)
    if corrections < terms().praise_after:
        return None
    found = select(col(Finding.post)).where(col(Finding.post) == col(Post.id))
    guided = select(col(Guidance.id)).where(col(Guidance.post) == col(Post.id))
    good = select(col(Post.id)).where(
        col(Post.kind) == "staff",
        col(Post.person).is_not(None),
        col(Post.person) != (actor.person or ""),
        col(Post.deleted_at).is_(None),
        col(Post.posted_at) > session.now - WINDOW,
        ~found.exists(),
        ~guided.exists(),
    )
    if caller.departments is not None:
        good = good.where(col(Post.department).in_(caller.departments))
    posts = list(session.execute(good.order_by(col(Post.id).desc()).limit(POSTS)).scalars())
    return PraiseWantedOut(corrections=corrections, posts=posts)


def since_praise(session: Session, actor: Actor, since: datetime) -> int:
    """Count what a coach corrected since they last praised, after an instant at most."""
    mine = (col(Guidance.coach) == actor.id, col(Guidance.given_at) > since)
    praised = select(func.max(Guidance.given_at)).where(*mine, col(Guidance.kind) == "praise").scalar_subquery()
    corrected = select(func.count()).where(*mine, col(Guidance.kind) == "correction")
    after = func.coalesce(praised, since)
    return int(session.execute(corrected.where(col(Guidance.given_at) > after)).scalar_one())
