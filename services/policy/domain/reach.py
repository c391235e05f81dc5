"""Whom the task team has to reach: people, their accounts and the brand's, conversations with customers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Literal

from sqlalchemy import String, cast, delete, func, select
from sqlmodel import col

from services.policy.domain.holes import Hole, Reach
from services.policy.domain.languages import primary
from services.policy.tables import Account, Conversation, Person
from shared.db import Session, insert
from shared.events.monitoring import AccountRegisteredV1, ConversationOpenedV1

Kind = Literal["people", "accounts", "conversations"]
KINDS: tuple[Kind, ...] = ("people", "accounts", "conversations")
Place = tuple[str | None, str | None, str | None]
"""Department, region and network, as far as they are known."""
KEPT = timedelta(days=90)
"""How long a conversation counts: the team is to reach those who ask now."""


@dataclass(frozen=True, slots=True)
class Group:
    """Alike people, accounts or conversations; None, or no language, is what does not matter or is not known."""

    kind: Kind
    department: str | None
    region: str | None
    network: str | None
    languages: frozenset[str]
    count: int


@dataclass(frozen=True, slots=True)
class Need:
    """A group, and the members of the team who reach it."""

    group: Group
    persons: frozenset[str]


def keep_account(session: Session, event: AccountRegisteredV1) -> None:
    """Keep on which network somebody, or the brand, is."""
    values = {"network": event.network, "person": event.person}
    statement = insert(session, Account.__table__).values(id=event.id, **values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def forget_account(session: Session, account: str) -> None:
    """Forget an account that is registered no more."""
    session.execute(delete(Account).where(col(Account.id) == account))


def count_conversation(session: Session, event: ConversationOpenedV1) -> None:
    """Count a conversation on its day, once, however often it is told of."""
    statement = insert(session, Conversation.__table__).values(  # type: ignore[attr-defined]
        id=event.id, day=event.opened_at.date(), network=event.network, language=event.language or ""
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["id"]))


def forget_old_counts(session: Session) -> None:
    """Remove the counts of days that count no more."""
    session.execute(delete(Conversation).where(col(Conversation.day) < (session.now - KEPT).date()))


def groups(session: Session) -> list[Group]:
    """Return all who are to be reached, grouped by the database."""
    staff, account, talk = Person.__table__.c, Account.__table__.c, Conversation.__table__.c  # type: ignore[attr-defined]
    kinds = (staff.department, staff.region, cast(staff.languages, String))
    employed = select(*kinds, func.count()).where(staff.active.is_(True)).group_by(*kinds)
    found = [
        Group("people", department, region, None, languages_in(languages), count)
        for department, region, languages, count in session.execute(employed)
    ]
    owned = select(*kinds, account.network, func.count()).where(account.person == staff.id, staff.active.is_(True))
    found += [
        Group("accounts", department, region, network, languages_in(languages), count)
        for department, region, languages, network, count in session.execute(owned.group_by(*kinds, account.network))
    ]
    brand = select(account.network, func.count()).where(account.person.is_(None)).group_by(account.network)
    found += [Group("accounts", None, None, network, frozenset(), count) for network, count in session.execute(brand)]
    recent = select(talk.network, talk.language, func.count())
    recent = recent.where(talk.day >= (session.now - KEPT).date()).group_by(talk.network, talk.language)
    for network, language, count in session.execute(recent):
        languages = frozenset({primary(language)} if language else ())
        found.append(Group("conversations", None, None, network, languages, count))
    return found


@lru_cache(maxsize=4096)
def languages_in(stored: str) -> frozenset[str]:
    """Read languages as the database keeps them."""
    return frozenset(primary(each) for each in json.loads(stored))


def needs(groups: Iterable[Group], reaches: Sequence[Reach], persons: Sequence[str]) -> list[Need]:
    """Return for each group who reaches it: `persons[n]` covers `reaches[n]`."""
    places: dict[Place, dict[str | None, frozenset[str]]] = {}
    found = []
    for group in groups:
        place = (group.department, group.region, group.network)
        there = places.get(place)
        if there is None:
            there = places[place] = by_language(reaches, persons, place)
        spoken = [None, *group.languages] if group.languages else there
        found.append(Need(group, frozenset().union(*(there.get(each, frozenset()) for each in spoken))))
    return found


def by_language(reaches: Sequence[Reach], persons: Sequence[str], place: Place) -> dict[str | None, frozenset[str]]:
    """Return who stands for a place, by the language of their seat; None is any."""
    there: dict[str | None, set[str]] = {}
    for reach, person in zip(reaches, persons, strict=True):
        if meets(reach, place):
            there.setdefault(reach[3], set()).add(person)
    return {language: frozenset(members) for language, members in there.items()}


def meets(reach: Reach, place: Place) -> bool:
    """Tell whether a seat stands for a department, region and network, as far as they are known."""
    return not any(place[at] and reach[at] and place[at] != reach[at] for at in (0, 1, 2))


class Unreached:
    """The groups that nobody reaches, by where they are, so that many holes can be asked about."""

    def __init__(self, left: Iterable[Group]) -> None:
        self._by_place: dict[Place, list[Group]] = {}
        for group in left:
            self._by_place.setdefault((group.department, group.region, group.network), []).append(group)

    def within(self, hole: Hole) -> dict[Kind, int]:
        """Return how many of each kind are within a hole."""
        counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        departments, regions, networks, languages = (None if part is None else frozenset(part) for part in hole)
        for (department, region, network), members in self._by_place.items():
            if inside(department, departments) and inside(region, regions) and inside(network, networks):
                for group in members:
                    if languages is None or not group.languages or group.languages & languages:
                        counts[group.kind] += group.count
        return counts


def inside(value: str | None, part: frozenset[str] | None) -> bool:
    """Tell whether a value, where it is known, is within one dimension of a hole."""
    return part is None or value is None or value in part
