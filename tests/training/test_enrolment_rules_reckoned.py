"""Rules written and people moving in any order: who is on what in the end is what a plain reckoning says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlmodel import select

from services.training.domain.learning import completions, enrolments
from services.training.domain.planning import assigning, enrolment_rules
from services.training.domain.provisioning import groups, people
from services.training.domain.teaching import courses
from services.training.schemas.assigning import Occasion, RuleIn, RulePatch
from services.training.schemas.courses import CourseIn
from services.training.schemas.enrolments import CompletionIn, EnrolmentIn
from services.training.schemas.people import PersonIn, PersonPatch
from services.training.tables import Course, CourseVersion, Enrolment, Group, Person
from shared.context import Context
from shared.db import Session
from shared.engines import create_sqlite
from shared.problems import Conflict
from tests.conftest import Templates

START = datetime(2031, 1, 1, tzinfo=UTC)
COURSES = ("a", "b")
PLACES = ("north", "south")
PEOPLE = 2


@dataclass
class Somebody:
    """A person as the reckoning sees them."""

    department: str
    region: str
    active: bool = True
    in_group: bool = False
    done: set[str] = field(default_factory=set)


@dataclass
class Reckoning:
    """Who is on what: by which rule (None: by hand), and whether it is still asked of them."""

    people: dict[int, Somebody] = field(default_factory=dict)
    rules: dict[str, RuleIn] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    found: dict[tuple[str, int], bool] = field(default_factory=dict)
    enrolled: dict[tuple[int, str], tuple[str | None, bool]] = field(default_factory=dict)
    waiting: dict[int, set[str]] = field(default_factory=dict)

    def note(self, person: int, *causes: str) -> None:
        """Note that a person is to be looked at."""
        self.waiting.setdefault(person, set()).update(causes)

    def means(self, rule: RuleIn, one: Somebody) -> bool:
        """Say whether a rule means somebody."""
        said = rule.audience
        kinds = [
            *([one.department in said.departments] if said.departments else []),
            *([one.region in said.regions] if said.regions else []),
            *([one.in_group] if said.groups else []),
        ]
        return one.active and (not kinds or (all(kinds) if said.match == "all" else any(kinds)))

    def written(self, rule: RuleIn) -> None:
        """Note whom a rule means, or found before."""
        for person, one in self.people.items():
            if self.means(rule, one) or (rule.key, person) in self.found:
                self.note(person, f"made {rule.key}")

    def look(self) -> None:
        """Look at all who wait."""
        for person, causes in self.waiting.items():
            let_go = [
                rule for key, rule in self.rules.items() if key not in self.resting and self.meet(rule, person, causes)
            ]
            held = [
                rule
                for (key, whom), there in self.found.items()
                if whom == person and there
                for rule in [self.rules[key]]
            ]
            one = self.people[person]
            for rule in sorted(held, key=lambda each: each.key):
                by, asked = self.enrolled.get((person, str(rule.course)), (None, False))
                if one.active and rule.course not in one.done and not asked:
                    self.enrolled[person, str(rule.course)] = (rule.key, True)
            for rule in let_go:
                by, _ = self.enrolled.get((person, str(rule.course)), (None, False))
                if rule.otherwise == "unenrol" and by and all(other.course != rule.course for other in held):
                    self.enrolled[person, str(rule.course)] = (by, False)
        self.waiting = {}

    def meet(self, rule: RuleIn, person: int, causes: set[str]) -> bool:
        """Let a rule find a person, or let go of them; tell whether it let go."""
        occasions = {"made" if cause == f"made {rule.key}" else cause for cause in causes}
        there = self.found.get((rule.key, person), False)
        means = self.means(rule, self.people[person])
        if means and not there and occasions & set(rule.applies):
            self.found[rule.key, person] = True
        if there and not means:
            self.found[rule.key, person] = False
        return there and not means


class Told:
    """Tells the service, and the reckoning, what happens; all in one transaction that is given up in the end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = START
        self.reckoning = Reckoning()
        self.group = ""
        self.do(self.found)

    def do(self, fn: Callable[[Session], Any]) -> Any:
        """Run one unit."""
        self.now += timedelta(minutes=1)
        session = Session(self.connection, self.now, Context())
        result = fn(session)
        session.finish()
        return result

    def found(self, session: Session) -> None:
        """Make the courses and the group."""
        for key in COURSES:
            courses.create(session, CourseIn(key=key, title=key))
            row = CourseVersion(course=key, number=1, modules=[], created_at=self.now, published_at=self.now)
            session.add(row)
            session.exec(select(Course).where(Course.key == key)).one().version = 1
        self.group = groups.create(session, "Crew", None, []).id

    def move(self, person: int, department: str, region: str) -> None:
        """Let somebody join, or move."""
        one = self.reckoning.people.get(person)
        number = f"E-{person}"
        if one is None:
            made = PersonIn(
                employee_number=number, name="P", email=f"{number}@x.example", department=department, region=region
            )
            self.do(lambda session: people.create(session, made))
            self.reckoning.people[person] = Somebody(department, region)
            self.reckoning.note(person, "joins")
            return
        self.do(lambda session: people.change(session, number, PersonPatch(department=department, region=region), None))
        if (one.department, one.region) != (department, region):
            one.department, one.region = department, region
            self.reckoning.note(person, "moves")

    def come_or_go(self, person: int) -> None:
        """Let somebody leave, or come back."""
        one = self.reckoning.people[person]
        one.active = not one.active
        self.do(lambda session: people.change(session, f"E-{person}", PersonPatch(active=one.active), None))
        self.reckoning.note(person, "moves", *(["joins"] if one.active else []))

    def regroup(self, person: int) -> None:
        """Let somebody come into the group, or leave it."""
        one = self.reckoning.people[person]
        one.in_group = not one.in_group
        act = groups.put_in if one.in_group else groups.take_out

        def unit(session: Session) -> None:
            act(session, session.get_one(Group, self.group), [self.person(session, person)])

        self.do(unit)
        self.reckoning.note(person, "moves")

    def learn(self, person: int, course: str) -> None:
        """Let somebody complete a course elsewhere."""
        self.reckoning.people[person].done.add(course)
        body = CompletionIn(employee_number=f"E-{person}", course=course, completed_at=self.now, source="lms")
        self.do(lambda session: completions.add(session, body))
        self.reckoning.note(person, "go on")

    def enrol(self, person: int, course: str) -> None:
        """Put somebody on a course by hand."""
        body = EnrolmentIn(employee_number=f"E-{person}", course=course)
        asked = self.reckoning.enrolled.get((person, course), (None, False))[1]
        if asked:
            with pytest.raises(Conflict):
                self.do(lambda session: enrolments.create(session, body))
            return
        self.do(lambda session: enrolments.create(session, body))
        self.reckoning.enrolled[person, course] = (None, True)

    def write(self, rule: RuleIn) -> None:
        """Write a rule, or write it anew."""
        key = rule.key
        if key in self.reckoning.rules:
            rule = rule.model_copy(update={"course": self.reckoning.rules[key].course})
            patch = RulePatch(audience=rule.audience, applies=rule.applies, otherwise=rule.otherwise)
            self.do(lambda session: enrolment_rules.change(session, key, patch, None))
        else:
            self.do(lambda session: enrolment_rules.create(session, rule))
        self.reckoning.rules[key] = rule
        self.reckoning.written(rule)

    def rest(self, key: str) -> None:
        """Let a rule rest, or go on."""
        self.reckoning.resting ^= {key}
        patch = RulePatch(enabled=key not in self.reckoning.resting)
        self.do(lambda session: enrolment_rules.change(session, key, patch, None))
        self.reckoning.written(self.reckoning.rules[key])

    def look(self) -> None:
        """Decide for all who wait, and compare."""
        self.do(assigning.work_off)
        self.reckoning.look()
        assert self.do(self.as_kept) == self.reckoning.enrolled

    def as_kept(self, session: Session) -> dict[tuple[int, str], tuple[str | None, bool]]:
        """Return who is on what in the service; each person and course has one enrolment at most."""
        rows = session.exec(select(Enrolment, Person.employee_number).join(Person, Person.id == Enrolment.person)).all()  # type: ignore[arg-type]
        found = {(int(number[2:]), row.course): (row.rule, row.withdrawn_at is None) for row, number in rows}
        assert len(found) == len(rows)
        return found

    def person(self, session: Session, person: int) -> str:
        """Return a person's id."""
        return session.exec(select(Person.id).where(Person.employee_number == f"E-{person}")).one()


person_of = st.integers(0, PEOPLE - 1)
course = st.sampled_from(["a", "a", "a", "b"])
audience = st.fixed_dictionaries(
    {"match": st.sampled_from(["all", "any"])},
    optional={
        "departments": st.just(["north"]),
        "regions": st.just(["south"]),
        "groups": st.just(["Crew"]),
    },
)
rule = st.builds(
    lambda key, said, course, applies, otherwise: RuleIn.model_validate(
        {
            "key": key,
            "title": key,
            "audience": said,
            "course": course,
            "applies": sorted(applies),
            "otherwise": otherwise,
        }
    ),
    st.sampled_from(["r1", "r2"]),
    audience,
    course,
    st.just(set(Occasion)) | st.just(set(Occasion)) | st.sets(st.sampled_from(list(Occasion)), min_size=1),
    st.sampled_from(["keep", "unenrol", "unenrol"]),
)
deed = st.one_of(
    st.tuples(st.just("move"), person_of, st.sampled_from(PLACES), st.sampled_from(PLACES)),
    st.tuples(st.just("move"), person_of, st.sampled_from(PLACES), st.sampled_from(PLACES)),
    st.tuples(st.just("come_or_go"), person_of),
    st.tuples(st.just("regroup"), person_of),
    st.tuples(st.just("learn"), person_of, course),
    st.tuples(st.just("enrol"), person_of, course),
    st.tuples(st.just("write"), rule),
    st.tuples(st.just("rest"), st.sampled_from(["r1", "r2"])),
)
steps = st.lists(st.tuples(deed, st.booleans() | st.just(value=True)), min_size=6, max_size=25)


@pytest.fixture
def engine(tmp_path: Path, templates: Templates) -> Iterator[Engine]:
    """An empty database, in which nothing is ever kept."""
    made = create_sqlite(templates.copy("sqlite", "training", tmp_path), "BEGIN IMMEDIATE")
    yield made
    made.dispose()


@given(st.sets(st.tuples(person_of, course)), st.lists(rule, min_size=2, max_size=4), steps)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rules_and_changes_in_any_order_end_as_reckoned(
    engine: Engine, by_hand: set[tuple[int, str]], rules: list[RuleIn], happened: list[tuple[Any, bool]]
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        told = Told(connection)
        for person in range(PEOPLE):
            told.move(person, "north", "south")
        for one in sorted(by_hand):
            told.enrol(*one)
        for written in rules:
            told.write(written)
        told.look()
        for (name, *said), look in happened:
            if name != "rest" or said[0] in told.reckoning.rules:
                getattr(told, name)(*said)
            if look:
                told.look()
        told.look()
        told.look()
        transaction.rollback()
