"""What a unit of work is done for: the request or event, who asks, and the trace it belongs to."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from shared.events.base import Envelope

EVERYONE = "*"
"""Stands among those looked at for all whom the reader can reach."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a machine with a key, or a person who signed in.

    `scopes` are `<area>:<read|write>`, or `self` for one's own things; `departments` limits a key to some of them.
    """

    id: str
    person: str | None = None
    employee_number: str | None = None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    departments: frozenset[str] | None = None

    @property
    def signed_in(self) -> bool:
        """Tell whether this is somebody who signed in, and so acts for nobody else, known as a person or not."""
        return self.person is not None or "self" in self.scopes

    def has(self, scope: str) -> bool:
        """Tell whether this principal carries a scope."""
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class Context:
    """The facts that evidence, events and logs of one unit of work share.

    `looked_at` gathers whose records were read: ids of people, or EVERYONE where a list was gone through.
    """

    request_id: str | None = None
    traceparent: str | None = None
    caller: Principal | None = None
    event: Envelope | None = None
    looked_at: set[str] = field(default_factory=set, compare=False)

    @property
    def cause(self) -> str | None:
        """The id of the event being handled, if one is."""
        return self.event.id if self.event else None


current: ContextVar[Context] = ContextVar("shareload_context", default=Context())  # noqa: B039  it is frozen
