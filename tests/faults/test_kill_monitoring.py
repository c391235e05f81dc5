"""The monitoring service is killed while posts come in and conversations are handed out: all of it is there, and once.

Proves, over real processes and a real broker: what was answered is stored; each broken rule opened one finding; each
conversation was given to one person at a time, told once, and answered once; the counts equal a recount of the rows,
ours and the service's own; nothing waits while somebody has room. Does not prove that data is on the disk;
`test_fsync.py` looks at that.
"""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import select

from tests.faults.copies import METADATA, Copies
from tests.faults.customers import CAPACITY, Customers
from tests.faults.processes import Fleet, until

SHORT, LONG = 5, 50
LATEST = 0.25
"""Seconds after its first answer within which a service that came back is killed again."""
WITH_SOMEONE = ("assigned", "accepted")
for_long = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("kills", "database"),
    [
        pytest.param(SHORT, "sqlite", id="short", marks=pytest.mark.timeout(120)),
        pytest.param(LONG, "sqlite", id="long", marks=for_long),
        pytest.param(LONG, "postgresql", id="long-postgresql", marks=for_long),
    ],
)
async def test_posts_and_conversations_are_there_once_however_often_monitoring_is_killed(
    fleet: Fleet, kills: int
) -> None:
    customers = Customers(fleet)
    try:
        await customers.prepare()
        customers.start()
        for _ in range(kills):
            await kill_in_the_middle(fleet, customers)
        await customers.finish()
    finally:
        await customers.stop()
    await fleet.settled(within=20)
    await rebuild_finds_nothing_wrong(fleet)
    with Copies(fleet) as copies:
        await until(lambda: not idle_beside_a_queue(copies), "somebody for what waits", within=5)
        await fleet.settled(within=10)
        await until(copies.all_sealed, "the seal of the last evidence", within=10)
        check_posts(customers, copies)
        check_conversations(customers, copies)
        copies.check_evidence()
        await copies.check_events()
    assert len(customers.replied) > 0, "nobody answered anything: the router was not at work"


async def rebuild_finds_nothing_wrong(fleet: Fleet) -> None:
    """Have the service count everything anew itself, those counts too that are not recounted here."""
    async with fleet.client() as client:
        answer = await client.post("/v1/summary/rebuilds")
    assert (answer.status_code, answer.json()["corrected"]) == (201, 0), answer.text


async def kill_in_the_middle(fleet: Fleet, customers: Customers) -> None:
    """Let the service answer posts, kill it at a random moment with requests in flight, and start it again."""
    before = customers.answered
    await until(lambda: customers.answered > before, "an answer")
    await asyncio.sleep(random.random() * LATEST)
    await until(lambda: customers.load.in_flight["monitoring"] > 0, "a request in flight")
    customers.check()
    fleet.kill("monitoring")
    assert await fleet.gone("monitoring") == -9
    fleet.start("monitoring")


def check_posts(customers: Customers, copies: Copies) -> None:
    """Compare posts, findings and counts with what the senders were answered."""
    assert copies.posts() == customers.load.posts
    assert copies.findings() == sorted(customers.load.matching)
    assert copies.tallies() == copies.recounted()
    for event_type, table in (("post.received", "posts"), ("finding.opened", "findings")):
        ids = copies.column("monitoring", select(METADATA["monitoring"].tables[table].c.id))
        assert copies.told(f"monitoring.{event_type}.v1") == ids


def check_conversations(customers: Customers, copies: Copies) -> None:
    """Compare conversations, assignments and replies with each other, with what was told, and with what was asked."""
    of = METADATA["monitoring"].tables
    conversations, assignments, replies = of["conversations"], of["assignments"], of["replies"]
    threads = copies.column("monitoring", select(conversations.c.thread))
    assert threads == sorted(customers.threads)
    assert copies.told("monitoring.conversation.opened.v1") == copies.conversations()
    given = copies.column("monitoring", select(assignments.c.conversation))
    assert copies.told("monitoring.conversation.assigned.v1") == given
    assert len(set(given)) == len(given), "nobody gave anything back, so nothing is given twice"
    waiting = copies.column("monitoring", select(conversations.c.id).where(conversations.c.assignee.is_(None)))
    assert sorted([*waiting, *set(given)]) == copies.conversations()
    assert copies.column("monitoring", select(replies.c.conversation)) == sorted(customers.replied)
    assert carried(copies) == counted(copies)


def carried(copies: Copies) -> dict[str, int]:
    """Return how many conversations each person has, as the router's rows say."""
    rows = METADATA["monitoring"].tables["availabilities"]
    return {person: open_ for person, open_ in copies.rows("monitoring", select(rows.c.person, rows.c.open)) if open_}


def counted(copies: Copies) -> Counter[str]:
    """Return how many conversations each person has, as the conversations say; no one has more than their room."""
    rows = METADATA["monitoring"].tables["conversations"]
    found = Counter(copies.column("monitoring", select(rows.c.assignee).where(rows.c.state.in_(WITH_SOMEONE))))
    assert max(found.values(), default=0) <= CAPACITY
    return found


def idle_beside_a_queue(copies: Copies) -> bool:
    """Say whether something waits although somebody has room."""
    rows = METADATA["monitoring"].tables["conversations"]
    waits = copies.column("monitoring", select(rows.c.id).where(rows.c.assignee.is_(None)))
    return bool(waits) and sum(carried(copies).values()) < CAPACITY * len(Customers.STAFF)
