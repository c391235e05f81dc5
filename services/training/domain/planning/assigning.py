"""What people are put on by rules and paths: decided in the background, once for each person and rule.

A person whom a rule means, on an occasion on which it applies, is found by it once. As long as they are found, and on
paths, they are put on what they lack. When a rule means them no more, it lets go of them; what it put them on stays
theirs, or is withdrawn if it says so and nothing else asks for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial

from sqlmodel import col, select

from services.training.domain.learning import enrolments
from services.training.domain.planning import asked, enrolment_rules, occasions
from services.training.domain.planning.asked import Ask, Known
from services.training.schemas.assigning import Occasion, Otherwise
from services.training.tables import Enrolment, EnrolmentRule, PathMember, Person, RuleMatch
from shared.db import Session
from shared.evidence import record
from shared.set_aside import do_each

CHUNK = 200
SWEEP = "assigning"


def work_off(session: Session) -> None:
    """Decide for the next of those who wait for it."""
    do_each(session, SWEEP, occasions.waiting(session, SWEEP, CHUNK), partial(decide_waiting, session))


def decide_waiting(session: Session, people: Collection[str]) -> None:
    """Decide for some who wait."""
    rows = occasions.of(session, people)
    causes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        causes[row.person].add(row.cause)
    if causes:
        decide(session, causes)
        occasions.over(session, rows)


def decide(session: Session, causes: Mapping[str, Collection[str]]) -> None:
    """Put people on what rules and paths ask of them, and let go of those who are meant no more."""
    known = asked.gather(session, sorted(causes))
    if not known.rules and not known.memberships:
        return
    let_go: dict[str, list[EnrolmentRule]] = defaultdict(list)
    for rule in known.rules.values():
        if rule.enabled:
            for person in match(session, rule, known, causes):
                let_go[person].append(rule)
    for person, row in known.people.items():
        rules = [rule for rule in let_go[person] if rule.otherwise == Otherwise.UNENROL]
        take_off_paths(session, person, rules, known)
        asks = known.asks(person)
        if row.active:
            put_on(session, row, asks, known)
        courses = {course for rule in rules for course in known.courses_of(rule)}
        withdraw(session, person, courses - {ask.course for ask in asks}, known)


def match(session: Session, rule: EnrolmentRule, known: Known, causes: Mapping[str, Collection[str]]) -> list[str]:
    """Let a rule find whom it means on an occasion on which it applies; return of whom it lets go."""
    meant = select(Person.id).where(col(Person.id).in_(known.people), enrolment_rules.members(session, rule))
    means = set(session.exec(meant))
    let_go: list[str] = []
    for person in known.people:
        row = known.matches.get((rule.key, person))
        found = row is not None and row.ended_at is None
        if person in means and not found and applies(rule, causes[person]):
            find(session, rule, person, known)
        elif row is not None and found and person not in means:
            row.ended_at = session.now
            session.add(row)
            record(session, "enrolment_rule.ended", f"enrolment_rule/{rule.key}", person=person)
            let_go.append(person)
    return let_go


def applies(rule: EnrolmentRule, causes: Iterable[str]) -> bool:
    """Say whether a rule looks at somebody of whom these are the reasons to."""
    made = occasions.rule(rule.key)
    return any((Occasion.MADE if cause == made else cause) in rule.applies for cause in causes)


def find(session: Session, rule: EnrolmentRule, person: str, known: Known) -> None:
    """Note that a rule found a person; one for a path puts them on it."""
    row = known.matches.get((rule.key, person)) or RuleMatch(rule=rule.key, person=person, matched_at=session.now)
    row.matched_at, row.ended_at = session.now, None
    known.matches[rule.key, person] = row
    session.add(row)
    record(session, "enrolment_rule.matched", f"enrolment_rule/{rule.key}", person=person)
    if rule.path is not None:
        begin(session, rule.path, person, rule.key, known.memberships)


def begin(
    session: Session, path: str, person: str, rule: str | None, memberships: dict[tuple[str, str], PathMember]
) -> PathMember:
    """Put a person on a path, or back on one that they were taken off; who is on it stays as they are."""
    row = memberships.get((path, person))
    if row is not None and row.ended_at is None:
        return row
    row = row or PathMember(path=path, person=person, started_at=session.now)
    row.rule, row.started_at, row.ended_at = rule, session.now, None
    memberships[path, person] = row
    session.add(row)
    record(session, "learning_path.begun", f"learning_path/{path}", person=person)
    return row


def take_off_paths(session: Session, person: str, rules: Iterable[EnrolmentRule], known: Known) -> None:
    """Take a person off the paths on which rules had put them that let go of them, unless another rule has them there."""
    for rule in rules:
        row = known.memberships.get((rule.path or "", person))
        others = [
            match
            for (key, whom), match in known.matches.items()
            if whom == person and match.ended_at is None and known.rules[key].path == rule.path
        ]
        if row is not None and row.rule is not None and row.ended_at is None and not others:
            row.ended_at = session.now
            session.add(row)
            record(session, "learning_path.ended", f"learning_path/{rule.path}", person=person)


def put_on(session: Session, person: Person, asks: Iterable[Ask], known: Known) -> None:
    """Put a person on what they lack; of several who ask for a course, the earliest date counts."""
    for ask in asks:
        course = known.courses.get(ask.course)
        if not ask.lacking or course is None or course.version == 0:
            continue
        row = known.enrolled.get((person.id, ask.course))
        if row is None or row.withdrawn_at is not None:
            row = enrolments.enrol(session, person, course, ask.due_for_new(session.now), ask.rule)
            if row is not None:
                known.enrolled[person.id, ask.course] = row
        elif sooner(ask, row, session.now):
            locked = enrolments.open_one(session, person.id, ask.course)
            if locked is not None and ask.due_at is not None:
                enrolments.ask_sooner(session, locked, ask.due_at)


def sooner(ask: Ask, row: Enrolment, now: datetime) -> bool:
    """Say whether something is asked earlier than an enrolment is due, at a moment that is still to come."""
    return ask.due_at is not None and now < ask.due_at and (row.due_at is None or ask.due_at < row.due_at)


def withdraw(session: Session, person: str, courses: Iterable[str], known: Known) -> None:
    """Withdraw what rules had put a person on."""
    for course in sorted(courses):
        if (person, course) in known.enrolled:
            row = enrolments.open_one(session, person, course)
            if row is not None and row.rule is not None and row.withdrawn_at is None:
                enrolments.withdraw(session, row)
