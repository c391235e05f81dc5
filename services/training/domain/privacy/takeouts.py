"""Taking one's data along: who may have all that is kept of a person, and that they had it."""

from datetime import datetime

from services.training.domain import access
from services.training.tables import Person
from shared.db import Session
from shared.evidence import record
from shared.problems import Forbidden


def begin(session: Session, employee_number: str) -> Person:
    """Return whose data is asked for; raises NotFound, or Forbidden for whoever may read people but not all of them."""
    person = access.get_person(session, employee_number, "people:read")
    caller = session.context.caller
    if caller is not None and caller.person != person.id and not caller.has("admin:read"):
        raise Forbidden("All that is kept of somebody else needs the scope admin:read beside people:read.")
    return person


def note(session: Session, person: str) -> datetime:
    """Enter as evidence that a person's data was handed out; return when."""
    record(session, "person.data_exported", f"person/{person}", person=person)
    return session.now
