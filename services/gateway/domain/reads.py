"""What keys were answered from memory: told to the owner of the records, which keeps account of who looked at whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared.context import Principal
from shared.db import Session
from shared.events.gateway import RecordsReadV1
from shared.ids import new_id
from shared.outbox import tell


@dataclass
class Counted:
    """How often one key was answered: about each person by the bytes of their id, and through lists."""

    people: dict[bytes, int] = field(default_factory=dict)
    lists: int = 0


def tell_reads(session: Session, counted: Mapping[tuple[Principal, str], Counted]) -> None:
    """Tell what was read, by key and by what they asked."""
    tell(
        session,
        *(
            RecordsReadV1(
                id=new_id(),
                reader=reader.id,
                what=what,
                at=session.now,
                people={str(UUID(bytes=person)): times for person, times in reads.people.items()},
                lists=reads.lists,
                departments=sorted(reader.departments) if reader.departments is not None else None,
            )
            for (reader, what), reads in counted.items()
        ),
    )
