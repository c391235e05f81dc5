"""People who were erased after a backup was taken are erased again when it has been restored."""

from collections.abc import Sequence

from services.training.domain.access import NAMELESS
from services.training.domain.privacy import erasures
from services.training.domain.provisioning import people
from services.training.schemas.privacy import ErasureIn
from services.training.tables import Person, Source
from shared.db import Session

REASON = "Erased before the backup was restored."


def erase_again(session: Session, ids: Sequence[str]) -> int:
    """Erase those of these people who are there, after letting them leave; return how many there were.

    Raises ImportUnderWay, as an erasure does.
    """
    erased = 0
    for each in ids:
        person = session.get(Person, each)
        # Who was merged into another goes with that one.
        if person is None or person.name == NAMELESS or person.merged_into is not None:
            continue
        let_leave(session, person)
        body = ErasureIn(reason=REASON, employee_number=person.employee_number)
        erasures.erase(session, person.employee_number, body)
        erased += 1
    return erased


def let_leave(session: Session, person: Person) -> None:
    """Let a person leave, in the name of whichever source may say so of them."""
    for source in Source:
        if person.active:
            people.alter(session, person, source, {"active": False})
