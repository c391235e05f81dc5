"""May this be posted? A draft against the rules in force; nothing of it is kept."""

from threading import Lock

from sqlmodel import col, select

from services.policy.domain import people
from services.policy.schemas.checks import CheckIn, CheckOut, ChecksIn, ChecksOut, ReasonOut, SpanOut
from services.policy.schemas.policies import Content
from services.policy.tables import Person, Policy, Seat, State, Version
from shared.db import Session
from shared.rules import Draft, Match, PlacedRule, Rule, RuleSet

VERDICTS = ("clear", "advise", "hold", "block")


class Rulebook:
    """The rules in force, compiled once for each change of the versions in force.

    A published version never changes, so the ids of those in force say whether the compiled set still holds: after a
    publication, a restart, or a publication by another process. It is read and compiled in a reader's thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: tuple[tuple[str, ...], RuleSet] = ((), RuleSet.compile([]))

    def current(self, session: Session) -> RuleSet:
        """Return the rules of all versions in force in this session's view."""
        ids = tuple(session.exec(select(Version.id).where(Version.state == State.PUBLISHED).order_by(col(Version.id))))
        kept = self._kept
        if kept[0] == ids:
            return kept[1]
        with self._lock:
            if self._kept[0] != ids:
                self._kept = (ids, RuleSet.compile(placed_rules(session, ids)))
            return self._kept[1]


rulebook = Rulebook()


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


def check(session: Session, body: ChecksIn) -> CheckOut | ChecksOut:
    """Answer one draft, or several in their order; raises UnknownPerson for an author who is named but not known."""
    rules = rulebook.current(session)
    if body.items is not None:
        return ChecksOut(items=[check_one(session, rules, item) for item in body.items])
    return check_one(session, rules, body)


def check_one(session: Session, rules: RuleSet, draft: CheckIn) -> CheckOut:
    """Answer one draft; without a known author it counts as written by staff."""
    author = people.acting(session, draft.employee_number)
    matches = rules.run(
        Draft(
            text=draft.text,
            network=draft.network,
            kind=draft.kind,
            staff=True if author else None,
            department=author.department if author else None,
            links=draft.links,
        )
    )
    reasons = [reason(match) for match in matches]
    verdict = max((each.severity for each in reasons), key=VERDICTS.index, default="clear")
    return CheckOut(
        verdict=verdict,
        reasons=reasons,
        disclosure=next((tag for match in matches if (tag := disclosure_of(match.rule.rule))), None),
        approvers=approvers(session, author) if verdict == "hold" else [],
    )


def reason(match: Match) -> ReasonOut:
    """Show a match with the place of its rule."""
    rule = match.rule.rule
    return ReasonOut(
        rule=rule.id,
        severity=rule.severity,
        policy=match.rule.policy,
        version=match.rule.version,
        section=match.rule.section,
        span=SpanOut(start=match.span.start, end=match.span.end),
        message=rule.message,
        suggestion=rule.suggestion,
    )


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


def approvers(session: Session, author: Person | None) -> list[str]:
    """Return the employee numbers of the team's leads and reviewers, without the author's own."""
    numbers = select(Person.employee_number).join(Seat, col(Seat.person) == col(Person.id))
    numbers = numbers.where(col(Seat.role).in_(["lead", "reviewer"]), col(Person.active).is_(True)).distinct()
    found = session.exec(numbers.order_by(col(Person.employee_number)))
    return [number for number in found if author is None or number != author.employee_number]
