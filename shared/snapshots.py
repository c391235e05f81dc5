"""The state that a service tells, page by page, for consumers that are new or that the stream no longer serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from shared.events.base import Event

if TYPE_CHECKING:
    from shared.db import Session

Pages = Callable[["Session", str | None, int], Sequence[Event]]
P = TypeVar("P", bound=Callable[["Session", str | None, int], Sequence[Event]])


@dataclass(frozen=True)
class Source:
    """One kind of state: the event types that re-tell it and the function that reads a page of it."""

    name: str
    types: frozenset[str]
    read: Pages


@dataclass
class Snapshots:
    """What one service can re-tell, in the order of registration: parents before what refers to them."""

    sources: list[Source] = field(default_factory=list)

    def of(self, *types: type[Event]) -> Callable[[P], P]:
        """Register `(session, after, limit) -> events`: at most `limit` aggregates with an id > `after`, in id order."""

        def register(read: P) -> P:
            self.sources.append(Source(read.__name__, frozenset(cls.type for cls in types), read))
            return read

        return register
