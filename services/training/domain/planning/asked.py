"""What rules and paths ask of people: read for some people at once, then reckoned without the database."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlmodel import col, select

from services.training.domain.certification import cutoffs, decisions, terms
from services.training.domain.certification.requirements import Facts
from services.training.schemas.assigning import Step
from services.training.tables import (
    Certification,
    Completion,
    Course,
    Enrolment,
    EnrolmentRule,
    LearningPath,
    PathMember,
    Person,
    RuleMatch,
    State,
)
from shared.db import Session

Keyed = TypeVar("Keyed", Course, EnrolmentRule, LearningPath, Certification)


class Ask(NamedTuple):
    """A course that is asked of a person; `lacking` if they have to do it, within `days` of `since` if that is said."""

    course: str
    lacking: bool
    rule: str | None
    since: datetime
    days: int | None

    @property
    def due_at(self) -> datetime | None:
        """Return by when it is due."""
        return self.since + timedelta(days=self.days) if self.days else None

    def due_for_new(self, now: datetime) -> datetime | None:
        """Return by when it is due for somebody who is put on it now: who comes late to it has as many days."""
        return self.due_at if self.due_at is None or self.due_at > now else now + timedelta(days=self.days or 0)


@dataclass(slots=True)
class Known:
    """All that decides what some people are put on; matches and memberships are by rule, or path, and person."""

    now: datetime
    people: Mapping[str, Person]
    rules: Mapping[str, EnrolmentRule]
    paths: Mapping[str, LearningPath]
    tiers: Mapping[str, Certification]
    courses: Mapping[str, Course]
    matches: dict[tuple[str, str], RuleMatch]
    memberships: dict[tuple[str, str], PathMember]
    completed: Mapping[str, set[str]]
    enrolled: dict[tuple[str, str], Enrolment]
    facts: Mapping[str, Facts]

    def asks(self, person: str) -> list[Ask]:
        """Return all that is asked of a person by those rules and paths that have them."""
        found: list[Ask] = []
        for (rule, whom), match in self.matches.items():
            if whom == person and match.ended_at is None:
                found += self.of_rule(self.rules[rule], person, match.matched_at)
        for (path, whom), membership in self.memberships.items():
            if whom == person and membership.ended_at is None:
                found += self.of_path(self.paths[path], person, membership)
        return found

    def of_rule(self, rule: EnrolmentRule, person: str, since: datetime) -> Iterator[Ask]:
        """Yield what a rule asks of a person whom it has found; what a path asks, its membership does."""
        if rule.course is not None:
            lacking = rule.course not in self.completed.get(person, ())
            yield Ask(rule.course, lacking, rule.key, since, rule.due_days)
        if rule.certification is not None:
            for course in self.courses_of_tier(rule.certification):
                yield Ask(course, self.lacks(person, rule.certification, course), rule.key, since, rule.due_days)

    def of_path(self, path: LearningPath, person: str, membership: PathMember) -> Iterator[Ask]:
        """Yield what a path asks: nothing optional, and where it has an order, nothing that is not its turn."""
        completed = self.completed.get(person, ())
        turn = True
        for step in steps_of(path):
            if not step.optional:
                done = step.course in completed
                yield Ask(step.course, turn and not done, membership.rule, membership.started_at, step.due_days)
                turn = turn and (done or not path.in_order)

    def courses_of(self, rule: EnrolmentRule) -> list[str]:
        """Return the courses that a rule puts people on."""
        if rule.path is not None:
            return [step.course for step in steps_of(self.paths[rule.path])]
        return [rule.course] if rule.course is not None else self.courses_of_tier(rule.certification or "")

    def courses_of_tier(self, key: str) -> list[str]:
        """Return the courses of a tier, after those of the tiers that it asks for."""
        return list(dict.fromkeys(course for tier in self.closure(key) for course in tier.courses))

    def closure(self, key: str) -> list[Certification]:
        """Return a tier after those that it asks for."""
        found: dict[str, Certification] = {}
        waiting = [key]
        while waiting:
            tier = self.tiers.get(waiting.pop())
            if tier is not None and tier.key not in found:
                found[tier.key] = tier
                waiting += tier.certifications
        return list(reversed(found.values()))

    def lacks(self, person: str, key: str, course: str) -> bool:
        """Say whether a person has yet to do a course for a tier, or one below, that they never held.

        Who holds it, or did, is reminded of its renewal by the certificate.
        """
        facts = self.facts.get(person)
        if facts is None:
            return False
        for tier in self.closure(key):
            held = facts.certificates.get(tier.key)
            if course not in tier.courses or (held is not None and held.state != State.REVOKED):
                continue
            done = facts.completed(tier, course)
            if done is None or terms.first_expiry(tier, done) <= self.now:
                return True
        return False


def steps_of(path: LearningPath) -> list[Step]:
    """Return the steps of a path."""
    return [Step.model_validate(step) for step in path.steps]


def gather(session: Session, people: list[str]) -> Known:
    """Read all that decides what some people are put on, of those who left as well."""
    matches = session.exec(select(RuleMatch).where(col(RuleMatch.person).in_(people))).all()
    memberships = session.exec(select(PathMember).where(col(PathMember.person).in_(people))).all()
    completed: dict[str, set[str]] = defaultdict(set)
    learnt = select(Completion.person, Completion.course).where(
        col(Completion.person).in_(people), col(Completion.course).is_not(None)
    )
    for person, course in session.exec(learnt):
        completed[person].add(str(course))
    enrolled = select(Enrolment).where(col(Enrolment.person).in_(people), col(Enrolment.completed_at).is_(None))
    rules = by_key(session.exec(select(EnrolmentRule).order_by(EnrolmentRule.key)).all())
    tiers = by_key(session.exec(select(Certification)).all())
    earning = any(rule.certification is not None for rule in rules.values())
    return Known(
        now=session.now,
        people={row.id: row for row in session.exec(select(Person).where(col(Person.id).in_(people)))},
        rules=rules,
        paths=by_key(session.exec(select(LearningPath)).all()),
        tiers=tiers,
        courses=by_key(session.exec(select(Course)).all()),
        matches={(row.rule, row.person): row for row in matches},
        memberships={(row.path, row.person): row for row in memberships},
        completed=completed,
        enrolled={(row.person, row.course): row for row in session.exec(enrolled)},
        facts=decisions.gather(session, people, cutoffs.in_force(session, tiers.values())) if earning else {},
    )


def by_key(rows: Sequence[Keyed]) -> dict[str, Keyed]:
    """Return rows by their keys."""
    return {row.key: row for row in rows}
