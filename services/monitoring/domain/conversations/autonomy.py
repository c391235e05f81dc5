"""How much somebody may say to customers by themself."""

from typing import Literal

from services.monitoring.domain import people
from services.monitoring.settings import terms
from services.monitoring.tables import Person
from shared.db import Session

Level = Literal["draft_only", "sampled", "trusted"]


def level(session: Session, person: str, network: str) -> Level:
    """Return how far somebody is trusted on a network: by their certification, the same on each."""
    del network
    wanted = terms().trusted_certification
    if wanted is None:
        return "trusted"
    held = people.certifications(session, [person], session.now).get(person, frozenset())
    return "trusted" if wanted in held else "draft_only"


def may_answer(session: Session, person: Person) -> bool:
    """Tell whether somebody works here and is certified to answer customers at this moment."""
    held = people.certifications(session, [person.id], session.now).get(person.id, frozenset())
    return person.active and terms().certification in held
