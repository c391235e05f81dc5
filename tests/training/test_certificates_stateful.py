"""Whatever happens to a person's certificates, in whichever order: the invariants hold after every step."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, func
from sqlmodel import col, select

from services.training.domain.certification import certificates, certifications, changes, decisions, expiry, measures
from services.training.domain.certification.standing import is_certified, status_at
from services.training.domain.provisioning import people
from services.training.domain.teaching import course_changes, courses
from services.training.schemas.certificates import CertificateOut, CertificationIn, CertificationPatch, Status
from services.training.schemas.courses import CourseIn
from services.training.schemas.people import PersonIn, PersonPatch
from services.training.tables import Certificate, CertificateChange, Completion, Person, State
from shared.context import Context
from shared.db import Session
from shared.engines import create_sqlite
from shared.pages import encode_cursor
from shared.problems import Conflict
from tests.conftest import Templates

START = datetime(2031, 1, 1, tzinfo=UTC)
SERIAL = count(1)


class Lives(RuleBasedStateMachine):
    """One person, one tier and one course of their own, in a database that all examples share."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.number = f"E-{next(SERIAL)}"
        self.key = self.number.lower()
        self.version = 1
        self.before: dict[str, list[tuple[datetime, Status]]] = {}
        self.here = True
        self.heard: dict[str, Status] = {}
        self.cursor = encode_cursor(
            self.do(lambda session: session.exec(select(func.max(CertificateChange.position))).one() or 0)
        )
        self.do(self.found)

    def do(self, fn: Callable[[Session], Any]) -> Any:
        """Run one unit as the writer does."""
        with self.engine.begin() as connection:
            session = Session(connection, self.now, Context())
            result = fn(session)
            session.finish()
        return result

    def found(self, session: Session) -> None:
        """Add the person, the course and the tier."""
        one = PersonIn(employee_number=self.number, name="P", email=f"{self.key}@x.example", department="D", region="R")
        people.create(session, one)
        courses.create(session, CourseIn(key=self.key, title="C"))
        tier = {"key": self.key, "title": "T", "courses": [self.key], "validity_days": 100, "expiring_days": 30}
        renewal = {"renewal": {"mode": "from_expiry", "window_days": 50}, "reminder_days": [10], "grace_days": 5}
        certifications.create(session, CertificationIn.model_validate(tier | renewal))

    def rows(self, session: Session) -> list[Certificate]:
        """Return the person's certificates, oldest first."""
        query = select(Certificate).where(Certificate.certification == self.key).order_by(col(Certificate.sequence))
        return list(session.exec(query))

    def person(self, session: Session) -> Person:
        """Return the person."""
        return session.exec(select(Person).where(Person.employee_number == self.number)).one()

    @rule(days=st.sampled_from([0, 1, 7, 20, 51, 120]), sweep=st.booleans())
    def wait(self, days: int, *, sweep: bool) -> None:
        """Let time pass, with or without the clock's work."""
        self.now += timedelta(days=days, seconds=1)
        if sweep:
            self.do(decisions.work_off)
            self.do(expiry.sweep)

    @rule()
    def learn(self) -> None:
        """Complete the version in force."""

        def complete(session: Session) -> None:
            person = self.person(session).id
            row = Completion(
                person=person, learnt=self.key, completed_at=self.now, source=str(next(SERIAL)), recorded_at=self.now
            )
            row.course, row.version = self.key, self.version
            session.add(row)
            decisions.decide(session, {person: None})

        self.do(complete)

    @rule(what=st.sampled_from([measures.suspend, measures.reinstate, measures.revoke]))
    def decide_on_it(self, what: Callable[[Session, str, str, int | None], CertificateOut]) -> None:
        """Suspend, reinstate or revoke what the person holds, or hear that it cannot be."""

        def measure(session: Session) -> None:
            held = self.rows(session)
            if held:
                what(session, held[-1].id, "R", None)

        try:
            self.do(measure)
        except Conflict:
            held = self.do(lambda session: State(self.rows(session)[-1].state))
            impossible: dict[object, bool] = {
                measures.suspend: held is not State.HELD,
                measures.reinstate: held is not State.SUSPENDED,
                measures.revoke: held is State.REVOKED,
            }
            assert impossible[what]

    @rule()
    def come_or_go(self) -> None:
        """Leave, or come back."""
        self.here = not self.here
        self.do(lambda session: people.change(session, self.number, PersonPatch(active=self.here), None))

    @rule(void=st.booleans(), expiring=st.integers(0, 60), mode=st.sampled_from(["from_expiry", "from_completion"]))
    def define_anew(self, *, void: bool, expiring: int, mode: str) -> None:
        """Change what the tier says."""
        versions = {self.key: "void" if void else "keep"}
        body = {"on_new_version": versions, "expiring_days": expiring, "renewal": {"mode": mode, "window_days": 50}}
        patch = CertificationPatch.model_validate(body)
        self.do(lambda session: certifications.change(session, self.key, patch, None))

    @precondition(lambda self: self.version < 4)
    @rule()
    def publish(self) -> None:
        """Bring a new version of the course into force."""
        self.version += 1
        self.now += timedelta(seconds=1)
        self.do(lambda session: course_changes.new_version(session, self.key, self.version))
        self.do(decisions.work_off)

    @invariant()
    def one_is_current_and_each_links_to_the_next(self) -> None:
        """At most one is not archived, and a renewal is linked both ways."""
        rows = self.do(self.rows)
        assert [row.archived_at is None for row in rows] == [False] * (len(rows) - 1) + [True] * bool(rows)
        for old, new in pairwise(rows):
            revoked = old.state == State.REVOKED
            assert (old.replaced_by, new.replaces) == ((None, None) if revoked else (new.id, old.id))
            assert old.issued_at <= new.issued_at <= self.now
            assert new.issued_at < new.expires_at

    @invariant()
    def a_list_by_status_finds_what_has_it(self) -> None:
        """The condition in SQL says what the function says."""

        def check(session: Session) -> None:
            current = [row for row in self.rows(session) if row.archived_at is None]
            left_at = self.person(session).left_at
            for row in current:
                mine = (col(Certificate.id) == row.id,)
                found = [
                    status
                    for status in Status
                    if certificates.page_of(session, [certificates.has_status(status, self.now), *mine], None, 2)
                ]
                assert found == [status_at(row, self.now, left_at)]

        self.do(check)

    @invariant()
    def what_was_stays_so(self) -> None:
        """An answer for a moment that is past never changes, unless what came later was known to have come earlier."""

        def standing(session: Session) -> None:
            rows, left_at = self.rows(session), self.person(session).left_at
            for row in rows:
                known = self.before.setdefault(row.id, [])
                for at, status in known:
                    absent = left_at is not None and left_at <= at
                    assert absent or status is Status.NONE or status_at(row, at, None) is status
                if left_at is None and row.archived_at is None:
                    known.append(
                        (
                            self.now - timedelta(microseconds=1),
                            status_at(row, self.now - timedelta(microseconds=1), None),
                        )
                    )

        self.do(standing)

    @invariant()
    def the_feed_replays_to_how_it_stands(self) -> None:
        """Once all is swept, the last entry of each certificate says how it stands, and events say the same."""
        self.do(decisions.work_off)
        while self.do(expiry.sweep):
            pass

        def replay(session: Session) -> None:
            person = self.person(session)
            page = changes.read(session, self.cursor, 200)
            self.cursor = page.next_cursor
            for one in page.items:
                if one.certificate is not None:
                    self.heard[one.certificate.id] = one.certificate.status
            for row in self.rows(session):
                if row.archived_at is None:
                    status = status_at(row, self.now, person.left_at)
                    assert self.heard[row.id] == status
                    assert not is_certified(row, status, self.now) or self.here

        self.do(replay)


@pytest.fixture
def engine(templates: Templates, tmp_path: Path) -> Iterator[Engine]:
    """A database for all examples; each has a person, a course and a tier of its own."""
    engine = create_sqlite(templates.copy("sqlite", "training", tmp_path), "BEGIN IMMEDIATE")
    yield engine
    engine.dispose()


def test_in_any_order_of_what_can_happen_the_invariants_hold(engine: Engine) -> None:
    Lives.engine = engine
    quiet = settings(
        max_examples=20,
        derandomize=True,
        print_blob=False,
        phases=[Phase.generate],
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Lives, settings=quiet)
