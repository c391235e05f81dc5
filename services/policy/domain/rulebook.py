"""The rules that count at this moment: those of the versions in force, and those of an emergency; compiled once."""

from datetime import datetime
from threading import Lock
from typing import NamedTuple

from sqlmodel import col, func, select, union_all

from services.policy.schemas.emergency import EmergencyRuleLine
from services.policy.schemas.policies import Content
from services.policy.tables import EmergencyRule, Policy, State, Version
from shared.db import Session
from shared.rules import PlacedRule, Rule, RuleSet


class Book(NamedTuple):
    """Compiled rules, and what an answer says about them; both maps go by policy and rule.

    `disclosures` has the tag that would have satisfied a disclosure rule, `emergencies` the emergency behind a rule.
    """

    rules: RuleSet
    disclosures: dict[tuple[str, str], str]
    emergencies: dict[tuple[str, str], str]


class Rulebook:
    """The book of what is in force, compiled anew when that changes.

    A published version and a confirmed emergency rule never change, so their ids say whether the compiled book still
    holds: after a publication, an end, a restart, or a change by another process. Whoever first sees a change compiles
    in its own reader's thread; all others are answered by the book before until then, so that a swap holds up nobody.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: tuple[tuple[str, ...], Book] | None = None

    def current(self, session: Session) -> Book:
        """Return the rules in force in this session's view."""
        ids = ids_in_force(session)
        kept = self._kept
        if kept is not None and kept[0] == ids:
            return kept[1]
        if not self._lock.acquire(blocking=kept is None):
            assert kept is not None  # noqa: S101  without a book, the lock is waited for
            return kept[1]
        try:
            if self._kept is None or self._kept[0] != ids:
                self._kept = (ids, compile_book(session, ids))
            return self._kept[1]
        finally:
            self._lock.release()


rulebook = Rulebook()


def ids_in_force(session: Session) -> tuple[str, ...]:
    """Return the ids of the versions and emergency rules in force, in one order."""
    versions = select(Version.id).where(Version.state == State.PUBLISHED)
    emergencies = select(EmergencyRule.id).where(
        EmergencyRule.state == "in_force", col(EmergencyRule.ends_at) > session.now
    )
    return tuple(sorted(session.execute(union_all(versions, emergencies)).scalars()))


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


def compile_book(session: Session, ids: tuple[str, ...]) -> Book:
    """Read and compile the rules of these versions and emergencies."""
    emergencies = {
        (row.policy, row.rule): row for row in session.exec(select(EmergencyRule).where(col(EmergencyRule.id).in_(ids)))
    }
    placed = placed_rules(session, ids) + [
        PlacedRule(rule=Rule.from_yaml(row.yaml), policy=row.policy, version=row.version, section=row.section)
        for row in emergencies.values()
    ]
    tags = {(each.policy, each.rule.id): tag for each in placed if (tag := disclosure_of(each.rule))}
    return Book(RuleSet.compile(placed), tags, {place: row.id for place, row in emergencies.items()})


def placed_rules(session: Session, ids: tuple[str, ...]) -> list[PlacedRule]:
    """Return the rules of these versions with the places where they stand."""
    versions = select(Policy.key, Version.number, Version.content).join(
        Version, col(Version.policy_id) == col(Policy.id)
    )
    return [
        PlacedRule(rule=Rule.from_yaml(rule.yaml), policy=key, version=number, section=rule.section)
        for key, number, content in session.exec(versions.where(col(Version.id).in_(ids)))
        for rule in Content.model_validate(content).rules
    ]


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
