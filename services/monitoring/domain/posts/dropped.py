"""How many posts were not kept: counts are all that remains of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from services.monitoring.domain.posts.relevance import Dropped
from services.monitoring.schemas.sources import DroppedOut, DroppedPostsOut
from services.monitoring.tables import DroppedPosts
from shared.db import Session, insert

MOST = 1000


def count(session: Session, dropped: Sequence[Dropped], source: str | None) -> None:
    """Add to the counts."""
    if not dropped:
        return
    hour = session.now.replace(minute=0, second=0, microsecond=0)
    counted = Counter((one.answer.network or "", one.why) for one in dropped)
    rows = [
        {"hour": hour, "source": source or "", "network": network, "reason": why, "posts": posts}
        for (network, why), posts in sorted(counted.items())
    ]
    statement = insert(session, DroppedPosts.__table__)  # type: ignore[attr-defined]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["hour", "source", "network", "reason"],
            set_={"posts": DroppedPosts.posts + statement.excluded.posts},
        ),
        rows,
    )


def counts(session: Session, since: datetime | None) -> DroppedPostsOut:
    """Return the counts since a time, or of a week, the newest hour first."""
    start = (since or session.now - timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    statement = select(DroppedPosts).where(col(DroppedPosts.hour) >= start)
    order = (col(DroppedPosts.hour).desc(), DroppedPosts.source, DroppedPosts.network, DroppedPosts.reason)
    rows = session.execute(statement.order_by(*order).limit(MOST)).scalars()
    return DroppedPostsOut(
        items=[DroppedOut.model_validate({**row.model_dump(), "source": row.source or None}) for row in rows]
    )
