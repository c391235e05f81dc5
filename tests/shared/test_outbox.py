"""What is told reaches its handlers once, whatever breaks on the way.

A `kill -9` leaves the kernel's page cache alone: these tests prove what is sent again and what is known again, not
what is synced to the disk.
"""

import asyncio
import random
import shutil
import sys

import pytest

from shared import outbox
from shared.db import Session
from shared.events.base import Envelope
from shared.events.training import PersonLeftV1
from shared.pull import Pull
from shared.streams import StreamSettings, ensure_consumer, reset_consumer, stream_info
from tests.shared.conftest import Node, Services, listening, person

BRIEF = StreamSettings(duplicate_window=0.1)
DIED = 137


async def stream_ids(node: Node) -> list[str]:
    """Return the event ids on the stream, in order."""
    state = await stream_info(node.bus)
    assert state is not None
    await ensure_consumer(node.bus, "checker", [">"], 1)
    await reset_consumer(node.bus, "checker", 1)
    ids: list[str] = []
    async with Pull(node.bus, "checker") as pull:
        position = 0
        while position < state.last:
            batch = await pull.next_batch(5)
            await pull.settle(batch)
            ids += [delivery.headers["Nats-Msg-Id"] for delivery in batch]
            position = batch[-1].position
    return ids


async def test_what_is_told_is_handled_once(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await asyncio.gather(*(teller.tell(person(n)) for n in range(40)))
    await teller.tell(*(person(n, "Bea") for n in range(300)))
    await services.converge(teller, hearer)

    assert await hearer.copies() == {person(n).id: "Bea" for n in range(300)}


async def test_a_unit_that_fails_tells_nothing(services: Services) -> None:
    def tell_and_fail(session: Session) -> None:
        outbox.tell(session, person(1))
        raise LookupError

    teller = await services.start("training")
    with pytest.raises(LookupError):
        await teller.db.write(tell_and_fail)
    await services.settle()

    assert await teller.told() == set()


async def test_an_event_that_the_broker_would_never_take_is_refused_when_it_is_told(services: Services) -> None:
    teller = await services.start("training")
    with pytest.raises(outbox.EventTooLargeError):
        await teller.tell(person(1, "x" * outbox.LARGEST))


async def test_events_told_while_the_broker_is_away_arrive_when_it_comes(services: Services) -> None:
    services.nats.stop()
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    for n in range(20):
        await teller.tell(person(n))
    state = await teller.backbone.state()
    assert (state.broker_connected, state.outbox_waiting, state.consumer_lag) == (False, 20, 0)
    assert (await hearer.backbone.state()).consumer_lag == -1
    services.nats.start()
    await services.converge(teller, hearer)


async def test_a_broker_killed_under_load_loses_and_doubles_nothing(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())

    async def load() -> None:
        for n in range(0, 360, 3):
            await teller.tell(person(n % 50), *(person(100 + n + i) for i in range(n % 40)))

    loading = asyncio.create_task(load())
    for _ in range(4):
        await asyncio.sleep(random.uniform(0.1, 0.8))
        services.nats.kill()
        services.nats.start()
    await loading
    await services.converge(teller, hearer)
    assert set(await stream_ids(teller)) == await teller.told()


async def run_teller(services: Services, fault: str, count: int) -> int | None:
    arguments = ["-m", "tests.shared.teller", services.nats.url, services.urls["training"], fault, str(count)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    return await process.wait()


async def test_a_relay_that_died_after_publishing_sends_again_and_nothing_is_done_twice(services: Services) -> None:
    """The relay is away for longer than the window in which the broker knows repeats: the stream has doubles."""
    hearer = await services.start("policy", listening(), stream=BRIEF)
    teller = await services.start("training", stream=BRIEF)
    await services.settle()
    await services.stop(teller)
    for times in (1, 2, 3):
        assert await run_teller(services, f"relay-between-publish-and-mark:{times}", 40) == DIED
        await asyncio.sleep(3 * BRIEF.duplicate_window)
    teller = await services.start("training", stream=BRIEF)
    await services.converge(teller, hearer)
    ids = await stream_ids(teller)

    assert len(ids) > len(set(ids)), "no relay published what another had published"
    assert set(ids) == await teller.told()


async def test_a_broker_that_lost_its_store_is_filled_again(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await teller.tell(*(person(n) for n in range(50)))
    await services.settle()
    services.nats.kill()
    services.nats.delete_store()
    await teller.tell(*(person(n, "Bea") for n in range(40, 70)))
    services.nats.start()
    await services.converge(teller, hearer)
    late = await services.start("gateway", listening())
    await services.converge(teller, late)

    assert set(await stream_ids(teller)) == await teller.told()
    assert await late.copies() == await hearer.copies()


async def test_a_broker_restored_from_an_older_copy_gets_what_it_lacks(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await teller.tell(*(person(n) for n in range(30)))
    await services.settle()
    services.nats.stop()
    shutil.copytree(services.nats.folder / "store", services.nats.folder / "copy")
    services.nats.start()
    await teller.tell(*(person(n) for n in range(30, 60)))
    await services.settle()
    services.nats.stop()
    services.nats.delete_store()
    shutil.copytree(services.nats.folder / "copy", services.nats.folder / "store")
    services.nats.start()
    await teller.tell(person(99))
    await services.converge(teller, hearer)

    assert set(await stream_ids(teller)) == await teller.told()


async def test_events_of_one_aggregate_are_on_the_stream_in_the_order_of_their_versions(services: Services) -> None:
    teller = await services.start("training")
    seen: list[tuple[str, int]] = []
    handlers = listening()

    @handlers.every
    def note(envelope: Envelope, session: Session) -> None:
        assert session.context.event is envelope
        seen.append((envelope.subject, envelope.aggregateversion))

    everything = await services.start("gateway", handlers)
    shuffled = [random.sample(range(5), 5) for _ in range(40)]
    await asyncio.gather(*(teller.tell(*(person(n) for n in numbers)) for numbers in shuffled))
    await teller.tell(PersonLeftV1(id=person(3).id, left_at=services.clock.now()))
    await services.settle()

    order = dict.fromkeys(seen)
    for n in range(5):
        versions = [version for subject, version in order if subject == f"person/{person(n).id}"]
        assert versions == list(range(1, len(versions) + 1))
        assert len(versions) == 40 + (n == 3)
    assert (await everything.copies())[person(3).id] == "Ana"
