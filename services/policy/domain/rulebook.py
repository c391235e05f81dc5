"""The rules that count at this moment: those of the versions in force, and those of an emergency; compiled once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import bindparam
from sqlmodel import col, func, select, union_all

from services.policy.schemas.emergency import EmergencyRuleLine
from services.policy.tables import EmergencyRule, Policy, State, Version
from shared.db import Session
from shared.rules import Mode, PlacedRule, Rule, RuleSet
from shared.statements import Prebuilt
from shared.tables import UtcDateTime

T = TypeVar("T")


class Book(NamedTuple):
    """Compiled rules, and what an answer says about them; both maps go by policy and rule.

    `disclosures` has the tag that would have satisfied a disclosure rule, `emergencies` the emergency behind a rule.
    """

    rules: RuleSet
    disclosures: dict[tuple[str, str], str]
    emergencies: dict[tuple[str, str], str]


class OutdatedError(Exception):
    """The rules in force have changed: whoever asked is to call `Rulebook.refresh`, and ask again."""


class Database(Protocol):
    """What can run a unit that reads."""

    async def read(self, fn: Callable[[Session], T], /) -> T:
        """Run it."""


class Rulebook:
    """The book of what is in force, compiled anew when that changes.

    A published version and a confirmed emergency rule never change, so their ids say whether the compiled book still
    holds: after a publication, an end, a restart, or a change by another process. Whoever first sees a change has the
    new book compiled in a thread and waits for it; all others are answered by the one before until then, so that a
    swap holds up nobody else.
    """

    def __init__(self) -> None:
        self._kept: tuple[tuple[str, ...], Book] | None = None
        self._refreshing = False

    def current(self, session: Session) -> Book:
        """Return the rules in force in this session's view; raises OutdatedError."""
        ids = ids_in_force(session)
        if self._kept is None or (self._kept[0] != ids and not self._refreshing):
            raise OutdatedError
        return self._kept[1]

    async def refresh(self, db: Database) -> None:
        """Compile what is in force."""
        self._refreshing = True
        try:
            written = await db.read(written_rules)
            self._kept = (written.ids, await asyncio.to_thread(written.compiled))
        finally:
            self._refreshing = False


rulebook = Rulebook()
IN_FORCE = Prebuilt(
    union_all(
        select(col(Version.id)).where(col(Version.state) == State.PUBLISHED.value),
        select(col(EmergencyRule.id)).where(
            col(EmergencyRule.state) == "in_force",
            col(EmergencyRule.ends_at) > bindparam("now", type_=UtcDateTime()),
        ),
    )
)


def ids_in_force(session: Session) -> tuple[str, ...]:
    """Return the ids of the versions and emergency rules in force, in one order."""
    return tuple(sorted(row[0] for row in IN_FORCE.rows(session, now=session.now)))


class WrittenRule(NamedTuple):
    """A rule as it is written, where it stands, and the emergency that it is of, if it is."""

    policy: str
    version: int
    section: str
    yaml: str
    emergency: str | None = None


class WrittenRules(NamedTuple):
    """All rules in force as they are written; `ids` as in `ids_in_force`."""

    ids: tuple[str, ...]
    rules: list[WrittenRule]

    def compiled(self) -> Book:
        """Read and compile them, which takes some milliseconds for each hundred; rules on trial say nothing here."""
        read = [
            (written, rule) for written in self.rules if (rule := Rule.from_yaml(written.yaml)).mode is not Mode.SHADOW
        ]
        placed = [PlacedRule(rule, each.policy, each.version, each.section) for each, rule in read]
        tags = {(each.policy, rule.id): tag for each, rule in read if (tag := disclosure_of(rule))}
        emergencies = {(each.policy, rule.id): each.emergency for each, rule in read if each.emergency}
        return Book(RuleSet.compile(placed), tags, emergencies)


def written_rules(session: Session) -> WrittenRules:
    """Return the rules of all versions and emergencies in force."""
    ids = ids_in_force(session)
    versions = select(Policy.key, Version.number, Version.content).join(
        Version, col(Version.policy_id) == col(Policy.id)
    )
    rules = [
        WrittenRule(key, number, rule["section"], rule["yaml"])
        for key, number, content in session.exec(versions.where(col(Version.id).in_(ids)))
        for rule in content["rules"]
    ]
    emergencies = session.exec(select(EmergencyRule).where(col(EmergencyRule.id).in_(ids)))
    rules += [WrittenRule(row.policy, row.version, row.section, row.yaml, row.id) for row in emergencies]
    return WrittenRules(ids, rules)


def emergencies_at(session: Session, policy: str, at: datetime) -> list[EmergencyRuleLine]:
    """Return the emergency rules of a policy that count at a time, or did."""
    rows = select(EmergencyRule).where(
        EmergencyRule.policy == policy,
        col(EmergencyRule.started_at) <= at,
        func.coalesce(EmergencyRule.ended_at, EmergencyRule.ends_at) > at,
    )
    found = []
    for row in session.exec(rows.order_by(EmergencyRule.id)):
        rule = Rule.from_yaml(row.yaml)
        said = {"rule": rule.id, "severity": rule.severity, "message": rule.message, "suggestion": rule.suggestion}
        found.append(EmergencyRuleLine.model_validate({**row.model_dump(), **said}))
    return found


def disclosure_of(rule: Rule) -> str | None:
    """Return the tag that would have satisfied a disclosure rule, None for other rules."""
    waiting: list[object] = [rule.detect.model_dump()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            disclosure = part.get("disclosure")
            if isinstance(disclosure, dict) and disclosure.get("tags"):
                return str(disclosure["tags"][0])
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
    return None
