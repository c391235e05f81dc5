"""Which certification a conversation asks for, by its network and kind."""

from dataclasses import dataclass, field

from services.monitoring.domain import stated_lists
from services.monitoring.schemas.requirements import RequirementOut, RequirementsIn, RequirementsOut
from services.monitoring.settings import terms
from services.monitoring.tables import Conversation, RoutingRequirements
from shared.db import Session
from shared.evidence import digest_of, record


@dataclass(frozen=True)
class Requirements:
    """The certifications in force: `narrow` ones by network and kind, each of which may be open, and all others'."""

    otherwise: str
    narrow: dict[tuple[str | None, str | None], str] = field(default_factory=dict)

    def of(self, network: str, kind: str | None) -> str:
        """Return the certification that conversations of a network and kind ask for."""
        for scope in ((network, kind), (None, kind), (network, None), (None, None)):
            if scope in self.narrow:
                return self.narrow[scope]
        return self.otherwise

    @property
    def all(self) -> frozenset[str]:
        """Every certification that some conversation asks for."""
        return frozenset([self.otherwise, *self.narrow.values()])


def in_force(session: Session) -> Requirements:
    """Return the requirements in force."""
    row = session.get(RoutingRequirements, 1)
    if row is None:
        return Requirements(terms().certification)
    narrow = {(one["network"], one["kind"]): str(one["certification"]) for one in row.items}
    return Requirements(terms().certification, narrow)


def certification_for(session: Session, conversation: Conversation) -> str:
    """Return the certification without which nobody answers this conversation."""
    return in_force(session).of(conversation.network, conversation.kind)


def read(session: Session) -> RequirementsOut:
    """Show the requirements."""
    return shown(session.get(RoutingRequirements, 1))


def put(session: Session, body: RequirementsIn, stated: int | None) -> RequirementsOut:
    """State all requirements anew; the next sweep takes open conversations from whoever may not have them any more."""
    row = stated_lists.state(session, RoutingRequirements, body.items, stated)
    record(session, "routing_requirements.state", "routing-requirements/all", digest_of(body))
    return shown(row)


def shown(row: RoutingRequirements | None) -> RequirementsOut:
    """Show the row; none is as one that names nothing."""
    items = [RequirementOut.model_validate(one) for one in row.items] if row else []
    return RequirementsOut(items=items, otherwise=terms().certification, revision=row.revision if row else 0)
