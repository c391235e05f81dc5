"""What a connector is: one class in one file of this room, named in `registry.py`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from services.monitoring.schemas.posts import Item
from services.monitoring.schemas.sources import SourceConfig
from shared.db import Database

IpNetwork = IPv4Network | IPv6Network
if TYPE_CHECKING:  # loaded for the first source that fetches, and not at the start
    import httpx

C_contra = TypeVar("C_contra", bound=SourceConfig, contravariant=True)


class SourceTrouble(Exception):  # noqa: N818  what the operator reads, as a sentence
    """A source cannot be read; the sentence says why, in words for whoever set it up.

    `retry_after` is how many seconds the other side asked to be left alone, if it did.
    """

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read, and the cursor from which reading goes on once it is kept; both are stored in one transaction.

    Items are what the place says: who wrote them is compared with the accounts that are registered, and a post that is
    neither by one of them nor about the brand is dropped before anything is stored. A post whose text changed is sent
    again with its new text; one that was deleted is a `DeletionIn`. `notice` is what whoever looks after the source
    should know although reading goes on.
    """

    items: Sequence[Item]
    cursor: str | None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connector reads with: a client that reaches no private address, and the folder of all folders.

    `allowed` are the private networks that are reached all the same, for what opens connections without the client.
    `db` is for what cannot tell our business from everybody's without looking: most connectors need not know.
    """

    client: "httpx.AsyncClient"
    db: Database
    folders: Path | None = None
    allowed: Sequence[IpNetwork] = ()


class Connector(Protocol[C_contra]):
    """Reads one kind of source.

    `streaming` says whether it is kept open (its `items` end only when the other side ends them) or run once per
    interval. Both methods raise `SourceTrouble`; whatever else they raise counts as a fault of ours, and neither stops
    another source.
    """

    kind: ClassVar[str]
    streaming: ClassVar[bool]

    async def test(self, config: C_contra, around: Surroundings) -> str:
        """Try to read, keep nothing, and return a sentence that says what was found."""
        ...

    def items(self, config: C_contra, cursor: str | None, around: Surroundings) -> AsyncIterator[Batch]:
        """Read on from a cursor of ours (None: from the beginning, which the connector decides)."""
        ...
