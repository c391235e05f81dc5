"""Works-council mode: of whose people nothing is shown that measures one person.

Training decides which legal entities are in the mode, by two people together, and tells it; every service keeps a
small copy and asks here. What is hidden is figures, not records: how much somebody carries, was found to do or
answered, not whether they hold a certificate. `docs/privacy.md` lists what each service leaves out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from shared.db import Session
from shared.events.base import Event
from shared.events.training import PersonChangedV1, PersonErasedV1, PersonMergedV1, WorksCouncilModeChangedV1
from shared.inbox import Handlers
from shared.statements import Prebuilt, upsert_into
from shared.tables import legal_entities, works_council_modes

EVERYWHERE = "*"
"""Stands for all legal entities of which nothing of their own was decided, and for people of none."""
PERSONS = frozenset({"person", "coach", "assignee", "proposer", "asker", "approver", "approvers", "decided_by"})
"""Fields of events that name somebody by their id, or several."""
LEADS = frozenset({"author", "network_id", "certificate", "department"})
"""Fields that lead to `person`: the account, what is openly theirs, and where there may be few."""
WHY = "why"
"""A field that says why somebody got a conversation, and others did not: what each of them carries."""
MEASURING = (
    "monitoring.account.",
    "monitoring.autonomy.",
    "monitoring.conversation.",
    "monitoring.digest.",
    "monitoring.digest.",
    "monitoring.finding.",
    "monitoring.guidance.",
    "monitoring.post.",
    "monitoring.refresher.",
    "monitoring.refresher.",
    "monitoring.reply.",
    "monitoring.suspension.",
    "policy.approval.",
    "policy.question.",
    "gateway.notice.",
    "training.refresher.",
    "training.refresher.",
)
"""Events which, counted by person, are figures of that person."""
SUSPENSION = "training.suspension."
"""Events of a measure that HR must know of; of which finding it came would say whose that is."""
KEEP_ENTITY = upsert_into(legal_entities, key="person", value="legal_entity")
KEEP_MODE = upsert_into(works_council_modes, key="legal_entity", value="on")
DROP_ENTITY = Prebuilt(delete(legal_entities).where(legal_entities.c.person == bindparam("person")))
MODES = Prebuilt(select(works_council_modes.c.legal_entity, works_council_modes.c.on))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Whose figures are hidden: everybody's or nobody's, but for these."""

    everybody: bool
    but: frozenset[str]

    def __contains__(self, person: object) -> bool:
        """Tell whether figures of a person are hidden."""
        return (person in self.but) != self.everybody

    def __bool__(self) -> bool:
        """Tell whether anything is hidden of anybody."""
        return self.everybody or bool(self.but)


NOBODY = Hidden(everybody=False, but=frozenset())


def follow(handlers: Handlers) -> None:
    """Let a service keep the copy that `hidden` reads."""
    handlers.on(PersonChangedV1)(keep_person)
    handlers.on(PersonErasedV1)(forget_person)
    handlers.on(PersonMergedV1)(forget_person)
    handlers.on(WorksCouncilModeChangedV1)(keep_mode)


def keep_person(event: PersonChangedV1, session: Session) -> None:
    """Keep which legal entity somebody works for."""
    keep_people(session, [event])


def keep_people(session: Session, events: Iterable[Event]) -> None:
    """Keep which legal entities people work for, many at once: by those of these events that are about people."""
    changed = [event for event in events if isinstance(event, PersonChangedV1)]
    kept = [{"person": each.id, "legal_entity": each.legal_entity} for each in changed if each.legal_entity is not None]
    if kept:
        KEEP_ENTITY.run(session, *kept)
    dropped = [{"person": each.id} for each in changed if each.legal_entity is None]
    if dropped:
        DROP_ENTITY.run(session, *dropped)


def forget_person(event: PersonErasedV1 | PersonMergedV1, session: Session) -> None:
    """Who is nobody any more works for none."""
    DROP_ENTITY.run(session, {"person": event.id})


def keep_mode(event: WorksCouncilModeChangedV1, session: Session) -> None:
    """Keep whether a legal entity is in works-council mode."""
    KEEP_MODE.run(session, {"legal_entity": event.legal_entity, "on": event.on})


def modes(session: Session) -> dict[str, bool]:
    """Return what was decided, by legal entity."""
    return {entity: bool(on) for entity, on in MODES.rows(session)}


def hidden(session: Session) -> Hidden:
    """Return whose figures are hidden; for most organisations a look at an empty table."""
    decided = modes(session)
    everybody = decided.get(EVERYWHERE, False)
    others = [entity for entity, on in decided.items() if on != everybody and entity != EVERYWHERE]
    if not others:
        return Hidden(everybody, frozenset())
    people = select(legal_entities.c.person).where(legal_entities.c.legal_entity.in_(others))
    return Hidden(everybody, frozenset(session.execute(people).scalars()))


def hides(session: Session, person: str | None) -> bool:
    """Tell whether figures of one person are hidden."""
    decided = modes(session)
    if person is None or not any(decided.values()):
        return False
    entity = session.execute(
        select(legal_entities.c.legal_entity).where(legal_entities.c.person == person)
    ).scalar_one_or_none()
    return decided.get(entity or EVERYWHERE, decided.get(EVERYWHERE, False))


def measures(event_type: str) -> bool:
    """Tell whether events of a type may say something of a person that is hidden in works-council mode."""
    return event_type.startswith((*MEASURING, SUSPENSION))


def without_persons(event_type: str, data: dict[str, Any], hiding: Hidden) -> dict[str, Any]:
    """Return an event's data without whom it is about, where it would measure somebody whose figures are hidden."""
    if not hiding or not measures(event_type):
        return data
    named = {name for name in PERSONS & data.keys() if names_hidden(data[name], hiding)}
    if event_type.startswith(SUSPENSION):
        left_out = {"finding"} if "person" in named else set()
    else:
        left_out = named | {WHY} | (LEADS if "person" in named else set())
    return {name: value for name, value in data.items() if name not in left_out}


def names_hidden(value: str | list[str] | None, hiding: Hidden) -> bool:
    """Tell whether a field of an event names somebody whose figures are hidden, be it among others."""
    people = value if isinstance(value, list) else [value]
    return any(person is not None and person in hiding for person in people)
