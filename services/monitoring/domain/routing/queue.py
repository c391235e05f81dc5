"""What is with nobody, and what nobody has who could take it: nothing waits without a list that shows it."""

from sqlalchemy import func, select
from sqlmodel import col

from services.monitoring.domain.routing import asking, assignments, pauses, requirements, staff
from services.monitoring.schemas.routing import GapOut, GapsOut, Lack, WaitingOut
from services.monitoring.tables import Conversation
from shared.db import Session
from shared.pages import Page, PageQuery, page

LACKS: dict[str, Lack] = {
    "certification": "certification",
    "language": "language",
    "topic": "topic",
    "presence": "presence",
    "room": "room",
    "pause": "pause",
}


class Lacking:
    """Says what is missing at this moment, asking once for all conversations that ask for the same."""

    def __init__(self, session: Session) -> None:
        self._team = staff.members(session)
        self._required = requirements.in_force(session)
        self._standing = pauses.active(session)
        self._known: dict[tuple[str, str | None, str | None], str] = {}

    def of(self, network: str, kind: str, language: str | None, topic: str | None) -> str:
        """Return what nobody has who could take such a conversation, or `pause`."""
        if pauses.covering(self._standing, network, language, topic):
            return "pause"
        wanted = (self._required.of(network, kind), language, topic)
        if wanted not in self._known:
            self._known[wanted] = staff.missing(self._team, *wanted)
        return self._known[wanted]

    def needs(self, conversation: Conversation) -> list[str]:
        """Return the skills that a conversation asks for."""
        return sorted(asking.needs(conversation, self._required))


def listed(session: Session, paging: PageQuery) -> Page[WaitingOut]:
    """List what is with nobody, the oldest first."""
    lacking = Lacking(session)

    def shown(one: Conversation) -> WaitingOut:
        missing = lacking.of(one.network, one.kind, one.language, one.topic)
        return WaitingOut.model_validate({**one.model_dump(), "needs": lacking.needs(one), "missing": missing})

    waiting = select(Conversation).where(col(Conversation.state).in_(assignments.QUEUED))
    return page(session, waiting, paging, key=Conversation.id, to=shown)


def gaps(session: Session) -> GapsOut:
    """Count what is with nobody by what is missing."""
    lacking = Lacking(session)
    pools = session.execute(
        select(*assignments.POOL, func.count(), func.min(col(Conversation.queued_at)))
        .where(col(Conversation.state).in_(assignments.QUEUED))
        .group_by(*assignments.POOL)
    ).all()
    found: dict[str, GapOut] = {}
    for network, kind, language, topic, number, oldest in pools:
        missing = lacking.of(network, kind, language, topic)
        gap = found.get(missing)
        if gap is None:
            lack = LACKS.get(missing.partition(":")[0], "somebody else")
            found[missing] = GapOut(
                lack=lack, missing=missing, conversations=number, oldest_queued_at=oldest, networks=[network]
            )
            continue
        gap.conversations += number
        gap.oldest_queued_at = min(gap.oldest_queued_at, oldest)
        gap.networks = sorted({*gap.networks, network})
    items = sorted(found.values(), key=lambda gap: (-gap.conversations, gap.missing))
    return GapsOut(items=items, waiting=sum(gap.conversations for gap in items))
