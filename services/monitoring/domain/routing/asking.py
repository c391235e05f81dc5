"""What conversations ask for and who could take them, put to the router as it understands it."""

from collections.abc import Sequence
from datetime import timedelta

from services.monitoring.domain.routing import acquaintance, requirements, staff
from services.monitoring.domain.routing.requirements import Requirements
from services.monitoring.domain.routing.routing import Choice, Waiting, route
from services.monitoring.tables import Conversation
from shared.db import Session

HEAD_START = timedelta(hours=1)
"""What each step of urgency counts for in waiting time, so that an urgent one comes first and none waits for ever."""


def needs(conversation: Conversation, required: Requirements) -> frozenset[str]:
    """Return the skills that a conversation asks for."""
    wanted = [f"certification:{required.of(conversation.network, conversation.kind)}"]
    if conversation.language is not None:
        wanted.append(f"language:{conversation.language}")
    if conversation.topic is not None:
        wanted.append(f"topic:{conversation.topic}")
    return frozenset(wanted)


def decide(session: Session, waiting: Sequence[Conversation], members: Sequence[staff.Member]) -> list[Choice]:
    """Ask the router."""
    # Whoever takes all topics has more skills than those who name some, also where only one topic is asked for.
    topics = {one.topic for one in waiting if one.topic is not None}.union(*(member.row.topics for member in members))
    colleagues = [member.colleague(topics, session.now) for member in members]
    now = session.now.isoformat()
    required = requirements.in_force(session)
    conflicts = acquaintance.conflicts(session, waiting, members)
    known = acquaintance.known(session, waiting)
    return route(
        [
            Waiting(
                one.id,
                needs(one, required),
                not_to=frozenset(past["person"] for past in one.given_back if past["until"] > now),
                conflicted=conflicts.get(one.id, frozenset()),
                before=known.get((one.network, one.customer)),
                since=(one.queued_at - max(one.urgency - 1, 0) * HEAD_START).timestamp(),
            )
            for one in waiting
        ],
        colleagues,
        now=session.now.timestamp(),
    )


def fits(member: staff.Member, certification: str, language: str | None, topic: str | None) -> bool:
    """Tell whether somebody has what a conversation asks for."""
    row = member.row
    return (
        certification in member.held
        and (language is None or language in row.languages)
        and (topic is None or not row.topics or topic in row.topics)
    )
