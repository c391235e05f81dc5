"""The rules in force: a copy of what the policy service told, compiled once and shared by all units of work."""

import hashlib
import threading
from functools import lru_cache

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select

from services.monitoring.tables import EmergencyRule, PolicyInForce, PolicyRule
from shared.db import Session, insert
from shared.events.policy import EmergencyRuleStartedV1, VersionInForceV1
from shared.rules import PlacedRule, Rule, RuleSet

KEPT = 8


class Compiled:
    """Rule sets by the stamp of what they were compiled from, so that every replica notices a change by itself."""

    def __init__(self) -> None:
        self._sets: dict[str, RuleSet] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, stamp: str) -> RuleSet:
        """Return the rule set of a stamp; compiles it on first use, in the thread of the unit that asks."""
        ready = self._sets.get(stamp)
        if ready is not None:
            return ready
        with self._lock:
            if stamp not in self._sets:
                while len(self._sets) >= KEPT:
                    self._sets.pop(next(iter(self._sets)))
                self._sets[stamp] = RuleSet.compile(placed_rules(session))
            return self._sets[stamp]


_compiled = Compiled()


def in_force(session: Session) -> RuleSet:
    """Return the compiled rules of all policies and emergencies in force, as this transaction sees them."""
    stamps = [*session.execute(select(PolicyInForce.stamp).order_by(PolicyInForce.policy)).scalars()]
    stamps += session.execute(select(EmergencyRule.id).where(*counting(session)).order_by(EmergencyRule.id)).scalars()
    return _compiled.get(session, hashlib.sha256("".join(stamps).encode()).hexdigest())


@lru_cache(maxsize=20_000)
def read_rule(yaml: str) -> Rule:
    """Read a rule's block; reading YAML costs more than compiling, so each text is read once."""
    return Rule.from_yaml(yaml)


def placed_rules(session: Session) -> list[PlacedRule]:
    """Read the copied rules with the places where they stand."""
    rows: list[PolicyRule | EmergencyRule] = [
        *session.execute(select(PolicyRule).order_by(PolicyRule.policy, PolicyRule.rule)).scalars(),
        *session.execute(select(EmergencyRule).where(*counting(session)).order_by(EmergencyRule.id)).scalars(),
    ]
    return [
        PlacedRule(rule=read_rule(row.yaml), policy=row.policy, version=row.version, section=row.section)
        for row in rows
    ]


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
    row = {"policy": told.policy, "version": told.version, "stamp": stamp_of(told)}
    statement = insert(session, PolicyInForce.__table__)  # type: ignore[attr-defined]
    session.execute(statement.values(row).on_conflict_do_update(index_elements=["policy"], set_=row))


def stamp_of(told: VersionInForceV1) -> str:
    """Return a hash that differs for every set of rules in its places."""
    digest = hashlib.sha256(f"{told.policy}\n{told.version}\n".encode())
    for rule in told.rules:
        digest.update(f"{rule.id}\n{rule.section}\n{rule.yaml}\x00".encode())
    return digest.hexdigest()
