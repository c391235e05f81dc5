"""Whatever coaches, the author and the clock do to a finding, in whichever order: it stays one, and nothing skips a step."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from sqlmodel import col, select

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching import findings, guidance, queue
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.findings import ClaimIn, DismissalIn, NextIn, ReleaseIn
from services.monitoring.schemas.guidance import AppealIn, GuidanceIn
from services.monitoring.settings import terms
from services.monitoring.tables import Finding, Guidance, Post
from shared.context import Context, Principal
from shared.db import Session
from shared.engines import create_sqlite
from shared.problems import Problem
from shared.tables import outbox
from tests.conftest import Templates
from tests.monitoring.organisation import KEY, add_person, bring_into_force, post, signed_in, words_rule

START = datetime(2031, 1, 1, tzinfo=UTC)
SERIAL = count(1)
NEXT = {
    "open": {"claimed", "guided", "dismissed", "closed"},
    "claimed": {"open", "appealed", "guided", "dismissed", "closed"},
    "guided": {"closed", "appealed"},
    "appealed": {"claimed", "guided", "dismissed"},
    "dismissed": set(),
    "closed": {"open", "appealed"},
}
"""What may follow what, in one step of the outside world."""


COACHING = ("claim", "next", "release", "guide")
DEEDS = [
    *(f"{deed} {coach}" for deed in COACHING for coach in (2, 3)),
    *("dismiss 3", "accept", "appeal", "appeal", "appeal", "mend", "break", "wait 1", "wait 4"),
]


class Story:
    """One post by E-1 and its finding, in a database that all examples share; E-2 and E-3 are coaches."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = START
        self.edits = count(1)
        self.begin()

    def begin(self) -> None:
        """Let the author post, which opens the finding; nothing of before waits any more."""
        self.do(lambda session: session.execute(delete(Finding)))
        self.network_id = str(next(SERIAL))
        self.states: list[str] = []
        self.finding: str | None = None
        self.do(posts.ingest, [self.text("We are the best")])
        self.finding = self.do(self.row).id

    def do(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Run one unit as the writer does; what is refused has changed nothing."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            session = Session(connection, self.now, Context())
            try:
                result = fn(session, *args)
                session.finish()
            except Problem:
                transaction.rollback()
                return None
        return result

    def text(self, words: str) -> Any:
        """Return the post as it reads now."""
        return post(self.network_id, words, kind="staff", author="@e1", posted_at=START)

    def row(self, session: Session) -> Finding:
        """Return the finding; its post never has another one."""
        mine = select(Post.id).where(col(Post.network_id) == self.network_id)
        return session.exec(select(Finding).where(col(Finding.post).in_(mine))).one()

    def happens(self, deed: str) -> None:
        """Let somebody do something, or hear that it cannot be done."""
        what, _, detail = deed.partition(" ")
        if what == "wait":
            self.now += timedelta(days=int(detail), seconds=1)
            self.do(findings.return_stale)
        elif detail:
            self.coach_acts(what, signed_in(int(detail), "monitoring:read", "monitoring:write"))
        else:
            self.author_acts(what)

    def coach_acts(self, what: str, caller: Principal) -> None:
        """A coach takes it on, gives it back, or makes up their mind; the author posts anew after a dismissal."""
        match what:
            case "claim":
                self.do(findings.claim, self.finding, ClaimIn(), caller, None)
            case "next":
                self.do(queue.claim_next, NextIn(), caller)
            case "release":
                self.do(findings.release, self.finding, ReleaseIn(), caller, None)
            case "guide":
                self.do(guidance.give, self.finding, GuidanceIn(message="Hm."), caller, None)
            case _ if self.do(findings.dismiss, self.finding, DismissalIn(reason="Fine."), caller, None):
                self.begin()

    def author_acts(self, what: str) -> None:
        """The author answers the last guidance, or edits the post."""

        def last(session: Session) -> str | None:
            given = select(Guidance.id).where(col(Guidance.finding) == self.finding).order_by(col(Guidance.id).desc())
            return session.exec(given).first()

        told = self.do(last)
        match what:
            case "appeal" if told:
                self.do(guidance.appeal, told, AppealIn(reason="A quote."), signed_in(1), None)
            case "accept" if told:
                self.do(guidance.acknowledge, told, signed_in(1), None)
            case "mend" | "break":
                words = "the best" if what == "break" else "well done"
                self.do(posts.ingest, [self.text(f"{words} {next(self.edits)}")])

    def check(self, session: Session) -> None:
        """Each state follows from the one before, nobody judges an appeal against themselves, and events say the same."""
        row = self.row(session)
        if self.states and self.states[-1] != row.state:
            assert row.state in NEXT[self.states[-1]], (self.states, row.state)
        self.states.append(row.state)
        assert (row.claimed_at is not None) == (row.state == "claimed")
        assert row.state != "claimed" or row.coach not in {None, *findings.appealed_coaches(session, row)}
        assert row.claimed_at is None or row.claimed_at > self.now - terms().claim_for
        assert row.mended <= (row.state == "closed")
        if findings.appealed_coaches(session, row):
            assert row.state != "open" or "closed" in self.states
        kinds = select(outbox.c.type).where(outbox.c.aggregate == f"finding/{row.id}").order_by(outbox.c.seq.desc())
        last = session.execute(kinds.limit(1)).scalar_one().split(".")[2]
        told = {"opened": {"open"}, "claimed": {"claimed", "guided", "appealed"}, "released": {"open", "appealed"}}
        assert row.state in told.get(last, {"closed", "dismissed"})


@pytest.fixture
def engine(templates: Templates, tmp_path: Path) -> Iterator[Engine]:
    """A database for all examples, with the rule, the author and the coaches."""
    engine = create_sqlite(templates.copy("sqlite", "monitoring", tmp_path), "BEGIN IMMEDIATE")
    with engine.begin() as connection:
        session = Session(connection, START, Context())
        bring_into_force(session, [words_rule("brag", "tone", "best")])
        for number in (1, 2, 3):
            add_person(session, number)
        accounts.register(session, AccountIn(network="mastodon", handle="e1", kind="staff", employee_number="E-1"), KEY)
        session.finish()
    yield engine
    engine.dispose()


def test_in_any_order_of_what_can_happen_to_a_finding_no_step_is_skipped(engine: Engine) -> None:
    @settings(
        max_examples=20,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @example(
        ["guide 2", "appeal", "claim 2", "next 2", "claim 3", "release 3", "claim 2", "next 3", "wait 4", "guide 2"]
    )
    @given(st.lists(st.sampled_from(DEEDS), min_size=8, max_size=16))
    def holds(deeds: list[str]) -> None:
        story = Story(engine)
        story.do(story.check)
        for deed in deeds:
            story.happens(deed)
            story.do(story.check)

    holds()
