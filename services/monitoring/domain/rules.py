"""The rules in force: a copy of what the policy service told, compiled once and shared by all units of work."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select

from services.monitoring.tables import EmergencyRule, PolicyInForce, PolicyRule
from shared.db import Database, Session, insert
from shared.events.policy import EmergencyRuleEndedV1, EmergencyRuleStartedV1, VersionInForceV1
from shared.rules import PlacedRule, Rule, RuleSet

KEPT = 8
RulesEvent = VersionInForceV1 | EmergencyRuleStartedV1 | EmergencyRuleEndedV1


class Compiled:
    """Rule sets by the stamp of what they were compiled from, so that every replica notices a change by itself.

    Where somebody compiles beside the units of work (`beside`), a unit never does it itself: it is told that the set
    is missing, and they are woken. Where nobody does, the unit that asks first compiles.
    """

    def __init__(self) -> None:
        self._sets: dict[str, RuleSet] = {}
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []

    def get(self, session: Session, stamp: str) -> RuleSet | None:
        """Return the rule set of a stamp, None while somebody else is to compile it."""
        ready = self._sets.get(stamp)
        if ready is None and self._wakers:
            for wake in self._wakers:
                wake()
            return None
        return ready or self.add(copied(session))

    def has(self, stamp: str) -> bool:
        """Say whether a set is ready; wakes nobody."""
        return stamp in self._sets

    def latest(self) -> RuleSet | None:
        """Return the set that was made last."""
        return next(reversed(self._sets.values()), None)

    def add(self, rules: "CopiedRules") -> RuleSet:
        """Compile rules, unless that is done."""
        with self._lock:
            stamp = rules.stamp
            made = self._sets.get(stamp) or RuleSet.compile(rules.placed())
            others = [(each, other) for each, other in self._sets.items() if each != stamp]
            self._sets = dict([*others[1 - KEPT :], (stamp, made)])
            return made

    def beside(self, wake: Callable[[], None]) -> None:
        """From now on, somebody compiles what is missing when they are woken."""
        self._wakers.append(wake)

    def no_longer(self, wake: Callable[[], None]) -> None:
        """They do no longer."""
        self._wakers.remove(wake)


compiled = Compiled()


class CopiedRule(NamedTuple):
    """A rule as it is written, and where it stands."""

    policy: str
    version: int
    section: str
    yaml: str

    def placed(self) -> PlacedRule:
        """Read it."""
        return PlacedRule(rule=read_rule(self.yaml), policy=self.policy, version=self.version, section=self.section)


class CopiedRules(NamedTuple):
    """The rules that count: of each policy under its stamp, and each emergency's under its id."""

    stamps: dict[str, str]
    policies: dict[str, list[CopiedRule]]
    emergencies: dict[str, CopiedRule]

    @property
    def stamp(self) -> str:
        """What names exactly these rules; `stamp_in_force` asks for nothing else."""
        return joined([*self.stamps.values(), *self.emergencies])

    def placed(self) -> list[PlacedRule]:
        """Read all."""
        written = [rule for rules in self.policies.values() for rule in rules]
        return [rule.placed() for rule in (*written, *self.emergencies.values())]

    def apply(self, events: Sequence[RulesEvent]) -> None:
        """Change them as these events will."""
        for told in events:
            match told:
                case VersionInForceV1():
                    self.stamps[told.policy] = stamp_of(told)
                    self.policies[told.policy] = [
                        CopiedRule(told.policy, told.version, rule.section, rule.yaml) for rule in told.rules
                    ]
                case EmergencyRuleStartedV1():
                    self.emergencies[told.id] = CopiedRule(told.policy, told.version, told.section, told.yaml)
                case EmergencyRuleEndedV1():
                    self.emergencies.pop(told.id, None)


def in_force(session: Session) -> RuleSet | None:
    """Return the compiled rules of all policies and emergencies in force, as this transaction sees them.

    None while they are being compiled: what must be judged by them waits (`judging.defer`).
    """
    return compiled.get(session, stamp_in_force(session))


def at_hand(session: Session) -> RuleSet:
    """Return the rules in force or, while they are being compiled, those before, for who wants an answer at once."""
    return in_force(session) or compiled.latest() or compiled.add(copied(session))


async def compile_in_force(db: Database) -> None:
    """Compile the rules in force in a thread, unless that is done; reads no more than their stamps then."""
    if not await db.read(is_ready):
        await asyncio.to_thread(compiled.add, await db.read(copied))


async def compile_next(events: Sequence[RulesEvent], db: Database) -> None:
    """Compile, in a thread, the rules that will be in force when these events are handled."""
    rules = await db.read(copied)
    rules.apply(events)
    await asyncio.to_thread(compiled.add, rules)


def is_ready(session: Session) -> bool:
    """Say whether the rules in force are compiled here."""
    return compiled.has(stamp_in_force(session))


def stamp_in_force(session: Session) -> str:
    """Return what names the rules in force."""
    stamps = [*session.execute(select(PolicyInForce.stamp)).scalars()]
    return joined([*stamps, *session.execute(select(EmergencyRule.id).where(*counting(session))).scalars()])


def joined(stamps: Iterable[str]) -> str:
    """Return one stamp for several; a database's order of words is not Python's."""
    return hashlib.sha256("".join(sorted(stamps)).encode()).hexdigest()


@lru_cache(maxsize=20_000)
def read_rule(yaml: str) -> Rule:
    """Read a rule's block; reading YAML costs more than compiling, so each text is read once."""
    return Rule.from_yaml(yaml)


def copied(session: Session) -> CopiedRules:
    """Read the copied rules."""
    stamps = {row.policy: row.stamp for row in session.execute(select(PolicyInForce)).scalars()}
    rules = CopiedRules(stamps, {}, {})
    written = select(PolicyRule.policy, PolicyRule.version, PolicyRule.section, PolicyRule.yaml)
    for row in session.execute(written.order_by(PolicyRule.policy, PolicyRule.rule)):
        rules.policies.setdefault(row[0], []).append(CopiedRule(*row))
    emergencies = select(EmergencyRule).where(*counting(session)).order_by(EmergencyRule.id)
    for one in session.execute(emergencies).scalars():
        rules.emergencies[one.id] = CopiedRule(one.policy, one.version, one.section, one.yaml)
    return rules


def counting(session: Session) -> list[ColumnElement[bool]]:
    """Return the condition that an emergency rule's time is not up."""
    return [col(EmergencyRule.ends_at) > session.now]


def keep_emergency(session: Session, told: EmergencyRuleStartedV1) -> None:
    """Take up a rule that cannot wait for a new version."""
    read_rule(told.yaml)
    row = told.model_dump(include={"id", "policy", "version", "section", "rule", "yaml", "ends_at"})
    statement = insert(session, EmergencyRule.__table__)  # type: ignore[attr-defined]
    session.execute(statement.values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def end_emergency(session: Session, rule_id: str) -> None:
    """Drop a rule whose emergency is over."""
    session.execute(delete(EmergencyRule).where(col(EmergencyRule.id) == rule_id))


def keep(session: Session, told: VersionInForceV1) -> None:
    """Replace the copied rules of a policy by those of the version that came into force."""
    for rule in told.rules:
        read_rule(rule.yaml)  # a rule that cannot be read is a dead letter, and the rules before it stay in force
    session.execute(delete(PolicyRule).where(col(PolicyRule.policy) == told.policy))
    rows = [
        {"policy": told.policy, "rule": rule.id, "version": told.version, "section": rule.section, "yaml": rule.yaml}
        for rule in told.rules
    ]
    if rows:
        session.execute(insert(session, PolicyRule.__table__), rows)  # type: ignore[attr-defined]
    headings = {section.id: section.heading[:500] for section in told.sections}
    row = {"policy": told.policy, "version": told.version, "stamp": stamp_of(told), "headings": headings}
    statement = insert(session, PolicyInForce.__table__)  # type: ignore[attr-defined]
    session.execute(statement.values(row).on_conflict_do_update(index_elements=["policy"], set_=row))


def stamp_of(told: VersionInForceV1) -> str:
    """Return a hash that differs for every set of rules in its places."""
    digest = hashlib.sha256(f"{told.policy}\n{told.version}\n".encode())
    for rule in told.rules:
        digest.update(f"{rule.id}\n{rule.section}\n{rule.yaml}\x00".encode())
    return digest.hexdigest()
