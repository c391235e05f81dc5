"""New rules come into force: no post waits for them, and none is judged by others than those that count for it."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest

from services.monitoring.domain import rules
from services.monitoring.domain.coaching import findings
from services.monitoring.domain.coaching.findings import Filter
from services.monitoring.domain.figures import summary
from services.monitoring.domain.posts import judging, posts
from services.monitoring.judge import Judge
from shared.db import Database
from shared.events.policy import RuleText, VersionInForceV1
from shared.outbox import tell
from shared.pages import PageQuery
from shared.rules import PlacedRule, RuleSet
from shared.tasks import end
from tests.monitoring.organisation import KEY, bring_into_force, post, words_rule
from tests.platform import Platform

OLD = [words_rule("old", "tone", "please")]
NEW = [words_rule("new", "tone", "please"), words_rule("newer", "tone", "help")]


class Gate:
    """The real compiler behind a door: while that is shut, whoever compiles waits in front of it."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.waiting = threading.Event()
        self.compiled = 0

    def compile(self, placed: Sequence[PlacedRule]) -> RuleSet:
        """Compile when the door is open."""
        self.waiting.set()
        assert self._open.wait(10), "a unit of work compiles, and holds up everyone"
        self.compiled += 1
        return RuleSet.compile(placed)

    def shut(self) -> None:
        """Let nobody through."""
        self._open.clear()
        self.waiting.clear()

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(rules, "RuleSet", made)
    monkeypatch.setattr(rules, "compiled", rules.Compiled())
    yield made
    made.open()


@contextlib.asynccontextmanager
async def judge_beside(db: Database) -> AsyncIterator[None]:
    """Run what a process of the service runs beside its units of work."""
    await rules.compile_in_force(db)
    task = asyncio.create_task(Judge(db).run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        await end(task)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110  it comes true in a thread
            await asyncio.sleep(0.005)


async def found(db: Database) -> Counter[tuple[str, str, int]]:
    items = (await db.read(findings.listed, PageQuery(200, None), KEY, Filter())).items
    return Counter((one.post, one.rule, one.version) for one in items)


async def test_posts_that_find_new_rules_uncompiled_are_answered_at_once_and_judged_by_those_rules_once(
    db_on_both: Database, gate: Gate
) -> None:
    db = db_on_both
    await db.write(bring_into_force, OLD)
    async with judge_beside(db):
        gate.shut()
        await db.write(bring_into_force, NEW, 2)  # as another process does, which handles the events
        answers = [
            (await db.write(posts.ingest, [post(f"p{number}", "please", kind="staff")]))[0] for number in range(20)
        ]
        (edited,) = await db.write(posts.ingest, [post("p0", "please help", kind="staff")])
        assert [answer.status for answer in (*answers, edited)] == ["accepted"] * 21
        assert gate.compiled == 1, "all are answered before the new rules are compiled"
        assert not await found(db)

        gate.open()
        async with asyncio.timeout(10):
            while await db.read(judging.any_due):  # noqa: ASYNC110  the judge works beside
                await asyncio.sleep(0.005)
        judged = Counter({(answer.id or "", "new", 2): 1 for answer in answers})
        assert await found(db) == judged + Counter({(edited.id or "", "newer", 2): 1})
        by_rule = (await db.read(summary.count, "rule", None, None, KEY)).items
        assert {item.key: item.findings for item in by_rule} == {"new": 20, "newer": 1}

        await db.write(posts.ingest, [post("later", "please", kind="staff")])
        assert len(await found(db)) == 22, "what comes when the rules are ready is judged in its own transaction"


async def test_rules_that_an_event_brings_are_compiled_before_it_is_handled(gate: Gate, platform: Platform) -> None:
    db: Database = platform.running["monitoring"].app.state.db

    async def bring(rules_of: list[RuleText], version: int) -> None:
        told = VersionInForceV1(
            policy="social-media",
            version=version,
            title="Social media",
            locale="en",
            effective_at=platform.clock.now(),
            source="",
            sections=[],
            rules=rules_of,
        )
        await platform.running["policy"].app.state.db.write(lambda session: tell(session, told))

    await bring(OLD, 1)
    await platform.settle()
    gate.shut()
    await bring(NEW, 2)
    await until(gate.waiting.is_set)
    (before,) = await db.write(posts.ingest, [post("before", "please", kind="staff")])
    assert await found(db) == {(before.id or "", "old", 1): 1}, "what was in force is, until the new rules are ready"
    gate.open()
    await platform.settle()
    (after,) = await db.write(posts.ingest, [post("after", "please", kind="staff")])
    assert (await found(db))[(after.id or "", "new", 2)] == 1
