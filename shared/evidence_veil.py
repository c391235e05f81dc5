"""Works-council mode in the list of who did what: nobody counts there what a person answered, was found to do or praised.

The log itself stays whole, and so does what it proves. Left out of the list is who, where an action is one of those
that measure people, and such entries where a filter names somebody whose figures are hidden.
"""

from sqlalchemy import ColumnElement, func, not_, or_

from shared.tables import evidence_entries
from shared.works_council import Hidden

MEASURING = (
    "account.",
    "autonomy.",
    "availability.",
    "conversation.",
    "digest.",
    "finding.",
    "guidance.",
    "notice.",
    "policy.approval.",
    "policy.check.",
    "post.",
    "refresher.",
    "reply.",
    "saved_answer.",
    "static_content.",
    "team.question.",
)
"""Beginnings of actions which, counted by person, are figures of that person."""
OF_PERSONS = frozenset({"availability", "notice-preferences", "person"})
"""Kinds of subjects that are named by the id of a person."""
PERSON = "person:"
WITHHELD = "withheld"


def measures(action: str) -> bool:
    """Tell whether entries for an action, counted by person, are figures of that person."""
    return action.startswith(MEASURING)


def is_hidden(hiding: Hidden, actor: str | None) -> bool:
    """Tell whether an actor is a person whose figures are hidden, and no key, event or service."""
    return actor is not None and actor.startswith(PERSON) and actor.removeprefix(PERSON) in hiding


def names_without(hiding: Hidden, names: dict[str, str | None]) -> dict[str, str | None]:
    """Return the actor and the person of an entry, without those whose figures are hidden."""
    actor, person = names.get("actor"), names.get("person")
    return {
        "actor": None if is_hidden(hiding, actor) else actor,
        "person": None if person is not None and person in hiding else person,
    }


def subject_without(hiding: Hidden, subject: str) -> str:
    """Return a subject, without whom it names if their figures are hidden."""
    kind, _, key = subject.partition("/")
    return f"{kind}/{WITHHELD}" if kind in OF_PERSONS and key in hiding else subject


def asks_for_hidden(hiding: Hidden, actor: str | None, person: str | None, subject: str | None) -> bool:
    """Tell whether one of these filters is somebody whose figures are hidden."""
    named = is_hidden(hiding, actor) or (person is not None and person in hiding)
    return named or (subject is not None and subject_without(hiding, subject) != subject)


def none_that_measures() -> ColumnElement[bool]:
    """Return the condition that an entry is not one of those that measure people."""
    body = evidence_entries.c.body
    starts = [f'{{"action":"{action}' for action in MEASURING]
    return not_(or_(*(func.substr(body, 1, len(start)) == start for start in starts)))
