"""Handlers: once, in order, and with a way out for what cannot be handled."""

import asyncio
import shutil
from pathlib import Path

import pytest

from shared import dead_letters
from shared.bus import Message
from shared.db import Session
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.inbox import Handlers
from shared.outbox import envelope_of
from shared.problems import NotFound
from shared.streams import StreamSettings, subject_of
from tests.evidence import evidence_of
from tests.shared.conftest import Node, Services, copy, count, listening, person


class Fault:
    """A fault in a handler that a test puts right."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.tried_twice = asyncio.Event()
        self._tries = 0

    def listening(self) -> Handlers:
        handlers = Handlers()
        loop = asyncio.get_running_loop()

        @handlers.on(PersonChangedV1)
        def keep(event: PersonChangedV1, session: Session) -> None:
            assert session.context.event is not None
            count(session.context.event, session)
            copy(session, event.id, event.name)
            if event.id in self.ids and event.name == "bad":
                self._tries += 1
                if self._tries == 2:
                    loop.call_soon_threadsafe(self.tried_twice.set)
                raise LookupError(f"nobody called {event.name}")

        return handlers


async def send(node: Node, event_id: str, event: PersonChangedV1, version: int) -> None:
    """Put an event on the stream past the outbox, as a relay that doubles or an old one would."""
    body = await node.db.read(lambda session: envelope_of(session, event, event_id, version))
    published = await node.bus.publish([Message(event_id, subject_of(event.type, event.aggregate_id), "lane", body)])
    assert published.error is None


async def dead(node: Node) -> list[dead_letters.DeadLetter]:
    return await node.db.read(dead_letters.list_dead, None, 100)


async def test_an_event_that_fails_is_tried_again_and_those_of_its_aggregate_wait_for_it(services: Services) -> None:
    fault = Fault()
    fault.ids = {person(1).id}
    teller = await services.start("training")
    hearer = await services.start("policy", fault.listening(), retry_after=(0.2,) * 50)
    await teller.tell(person(1, "first"), person(1, "bad"), person(1, "last"), person(2, "other"))
    await fault.tried_twice.wait()
    while (await hearer.copies()).get(person(2).id) != "other":  # noqa: ASYNC110  another aggregate goes on
        await asyncio.sleep(0.01)

    assert (await hearer.copies())[person(1).id] == "first", (
        "a later event overtook the failed one, or half of it was kept"
    )
    assert not await hearer.backbone.settled()
    fault.ids.clear()
    await services.converge(teller, hearer)
    assert (await hearer.copies())[person(1).id] == "last"
    assert await dead(hearer) == []


async def test_an_event_that_keeps_failing_becomes_a_dead_letter_and_is_handled_when_sent_in_again(
    services: Services,
) -> None:
    fault = Fault()
    fault.ids = {person(n).id for n in range(3)}
    teller = await services.start("training")
    hearer = await services.start("policy", fault.listening())
    await teller.tell(*(person(n, "bad") for n in range(3)), *(person(n) for n in range(3, 40)), person(1, "late"))
    await services.settle()
    letters = await dead(hearer)

    assert [(letter.reason, letter.tries) for letter in letters] == [("LookupError: nobody called bad", 3)] * 3
    assert len(await hearer.effects()) == 38
    assert (await hearer.copies())[person(1).id] == "late"
    assert (await hearer.backbone.state()).dead_letters == 3

    with pytest.raises(dead_letters.StillFails, match="nobody called bad"):
        await hearer.backbone.replay(letters[0].event_id)
    fault.ids.clear()
    for letter in letters:
        await hearer.backbone.replay(letter.event_id)
    await services.converge(teller, hearer)
    assert await dead(hearer) == []
    replayed = await evidence_of(hearer.db, "dead_letter.replayed")
    assert [subject for subject, _, _ in replayed] == [f"event/{letter.event_id}" for letter in letters]
    with pytest.raises(NotFound):
        await hearer.backbone.replay("unknown")


async def test_what_cannot_be_read_is_a_dead_letter_at_once(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await services.settle()
    subject = subject_of(PersonChangedV1.type, "x")
    bodies = [
        b"\x00\xff",
        b"[]",
        b'{"specversion":"1.0"}',
        b'{"id":"1","source":"/training","type":"training.person.changed.v1","subject":"person/x","time":"2026-11-23T00:00:00Z","data":{"id":"x"}}',
    ]
    await teller.bus.publish([Message(f"broken-{n}", subject, "x", body) for n, body in enumerate(bodies)])
    await teller.tell(person(1))
    await services.settle()

    letters = await dead(hearer)
    assert [letter.event_id for letter in letters] == [f"broken-{n}" for n in range(4)]
    assert all(letter.reason.startswith("cannot be read") and letter.tries == 1 for letter in letters)
    assert len(await hearer.effects()) == 1


async def test_a_field_that_a_newer_teller_adds_is_ignored(services: Services) -> None:
    class Newer(PersonChangedV1):
        favourite_network: str = "mastodon"

    hearer = await services.start("policy", listening())
    teller = await services.start("training")
    await teller.tell(Newer(**person(1).model_dump()))
    await services.converge(teller, hearer)


async def test_the_same_event_twice_on_the_stream_has_its_effect_once(services: Services) -> None:
    brief = StreamSettings(duplicate_window=0.1)
    await services.start("training", stream=brief)
    node = await services.start("policy", listening(), stream=brief)
    await services.settle()
    for _ in range(3):
        await send(node, "one-id", person(1), 0)
        await asyncio.sleep(0.3)
    await services.settle()

    assert await node.effects() == {"one-id": 1}


async def test_an_event_older_than_what_is_known_of_its_aggregate_changes_nothing(services: Services) -> None:
    hearer = await services.start("policy", listening())
    teller = await services.start("training")
    await services.settle()
    await send(teller, "id-2", person(1, "new"), 2)
    await send(teller, "id-1", person(1, "old"), 1)
    await services.settle()

    assert await hearer.effects() == {"id-2": 1}
    assert await hearer.copies() == {person(1).id: "new"}


async def test_a_service_that_comes_to_handle_another_type_hears_those_told_before(services: Services) -> None:
    left: list[str] = []
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await teller.tell(person(1), PersonLeftV1(id=person(1).id, left_at=services.clock.now()))
    await services.settle()
    await services.stop(hearer)
    handlers = listening()

    @handlers.on(PersonLeftV1)
    def leave(event: PersonLeftV1, _session: Session) -> None:
        left.append(event.id)

    hearer = await services.start("policy", handlers)
    await services.settle()
    assert set(left) == {person(1).id}
    assert set((await hearer.effects()).values()) == {1}


async def test_a_service_killed_over_and_over_loses_and_doubles_nothing(services: Services) -> None:
    """Its tasks are torn down where they stand; what it had in hand comes again at once, in order."""
    teller = await services.start("training")
    hearer = await services.start("policy", listening())

    async def load() -> None:
        for n in range(300):
            await teller.tell(person(n % 7, f"{n}"), person(100 + n))

    loading = asyncio.create_task(load())
    for _ in range(5):
        await asyncio.sleep(0.1)
        await services.stop(hearer)
        hearer = await services.start("policy", listening())
    await loading
    began = asyncio.get_running_loop().time()
    await services.converge(teller, hearer)

    assert asyncio.get_running_loop().time() - began < 10
    names = await hearer.copies()
    assert [names[person(n).id] for n in range(7)] == [str(max(m for m in range(300) if m % 7 == n)) for n in range(7)]


async def test_a_service_restored_from_a_backup_reads_on_from_there(services: Services, database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("the copy of a file is the backup here; the position is kept the same way on PostgreSQL")
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await teller.tell(*(person(n) for n in range(20)))
    await services.settle()
    await services.stop(hearer)
    file = Path(services.urls["policy"].removeprefix("sqlite:///"))
    shutil.copy(file, file.with_suffix(".backup"))
    hearer = await services.start("policy", listening())
    await teller.tell(*(person(n, "Bea") for n in range(10, 30)))
    await services.settle()
    await services.stop(hearer)
    for leftover in file.parent.glob(f"{file.name}-*"):
        leftover.unlink()
    shutil.copy(file.with_suffix(".backup"), file)

    hearer = await services.start("policy", listening())
    await services.converge(teller, hearer)
