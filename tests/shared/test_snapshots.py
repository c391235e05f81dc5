"""New services, and those the stream no longer reaches, take over the state of the others and follow on."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import delete

from shared import outbox, tables
from shared.db import Session
from shared.events.training import PersonChangedV1
from shared.inbox import Handlers, handle_snapshot, read_event
from shared.snapshots import PAGE_BYTES, Page, PageRequest, Snapshots, read_page
from tests.shared.conftest import Node, Services, copies, copy, listening, person


def telling() -> Snapshots:
    """Return the snapshots of a service that keeps people in the tests' table of copies."""
    snapshots = Snapshots()

    @snapshots.of(PersonChangedV1)
    def people(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
        query = copies.select().where(copies.c.id > (after or "")).order_by(copies.c.id).limit(limit)
        known = session.execute(query).all()
        return [person(0).model_copy(update={"id": row.id, "name": row.value}) for row in known]

    return snapshots


def nobody(_session: Session, _after: str | None, _limit: int) -> list[PersonChangedV1]:
    """Tell of nobody."""
    return []


async def change(teller: Node, people: Sequence[PersonChangedV1]) -> None:
    """Keep people at their owner, and tell of it."""

    def keep(session: Session) -> None:
        for one in people:
            copy(session, one.id, one.name)
        outbox.tell(session, *people)

    await teller.db.write(keep)


async def keep_all(teller: Node, people: dict[str, str]) -> None:
    """Keep people at their owner, without telling of it."""

    def keep(session: Session) -> None:
        for one, name in people.items():
            copy(session, one, name)

    await teller.db.write(keep)


async def lose_stream(node: Node) -> None:
    """Do what retention does after a month: nothing of what was told is on the stream any more."""
    await node.bus.api("STREAM.PURGE.EVENTS")


async def test_a_new_service_takes_over_what_the_stream_no_longer_has(services: Services) -> None:
    teller = await services.start("training", snapshots=telling())
    await change(teller, [person(n) for n in range(1201)])
    await services.settle()
    await lose_stream(teller)
    await change(teller, [person(n, "Bea") for n in range(5)])
    late = await services.start("policy", listening())
    await services.settle()

    assert await late.copies() == await teller.copies()
    assert len(await late.copies()) == 1201


async def test_a_service_is_not_ready_before_it_has_all_snapshots(services: Services) -> None:
    late = await services.start("policy", listening())
    while not late.bus.connected:  # noqa: ASYNC110  the broker answers, but the owner of people does not run
        await asyncio.sleep(0.01)
    assert not (await late.backbone.state()).bootstrapped
    await services.start("training", snapshots=telling())
    await services.settle()
    assert (await late.backbone.state()).bootstrapped


async def test_a_service_that_was_away_too_long_notices_and_catches_up(services: Services) -> None:
    lost: list[str] = []
    handlers = listening()

    @handlers.on_loss
    def note(session: Session) -> None:
        assert session.now
        lost.append("lost")

    teller = await services.start("training", snapshots=telling())
    away = await services.start("policy", handlers)
    await change(teller, [person(n) for n in range(30)])
    await services.settle()
    await services.stop(away)
    await change(teller, [person(n, "Bea") for n in range(20, 40)])
    await services.settle()
    await lose_stream(teller)

    back = await services.start("policy", handlers)
    await services.settle()
    assert await back.copies() == await teller.copies()
    assert lost == ["lost"]


async def test_a_service_that_lost_its_copies_together_with_the_broker_has_them_again(services: Services) -> None:
    teller = await services.start("training", snapshots=telling())
    hearer = await services.start("policy", listening())
    await change(teller, [person(n) for n in range(30)])
    await services.settle()
    await services.stop(hearer)
    await teller.db.write(lambda session: session.execute(delete(tables.outbox)))
    services.nats.kill()
    services.nats.delete_store()
    services.nats.start()
    del services.urls["policy"]
    hearer = await services.start("policy", listening())
    await services.settle()

    assert await hearer.copies() == await teller.copies()


async def test_a_page_does_not_bring_back_what_was_changed_since_it_was_read(services: Services) -> None:
    """The page is read, then a later state comes over the stream, then the page arrives."""
    teller = await services.start("training", snapshots=telling())
    await change(teller, [person(1, "early")])
    page = await teller.db.read(read_page, telling(), PageRequest(types=[PersonChangedV1.type]))
    hearer = await services.start("policy", handlers := listening())
    await change(teller, [person(1, "late")])
    await services.settle()
    await take(hearer, handlers, page)

    assert await hearer.copies() == {person(1).id: "late"}


async def take(node: Node, handlers: Handlers, page: Page) -> None:
    """Hand a page to a service as its loader does."""
    heard = [read_event(handlers, body) for body in page.events]
    await node.db.write(handle_snapshot, handlers, heard)


async def test_large_states_are_cut_into_pages_that_the_broker_takes(services: Services) -> None:
    teller = await services.start("training", snapshots=telling())
    await keep_all(teller, {f"{n:04}": "x" * 100 for n in range(501)})
    snapshots = Snapshots()

    @snapshots.of(PersonChangedV1)
    def people(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
        found = telling().sources[0].read(session, after, limit)
        return [one.model_copy(update={"email": "x" * 3000}) for one in found if isinstance(one, PersonChangedV1)]

    request, seen, sizes = PageRequest(types=[PersonChangedV1.type]), [], []
    while True:
        page = await teller.db.read(read_page, snapshots, request)
        seen += page.events
        sizes.append(len(page.encode()))
        if page.source is None:
            break
        request = PageRequest(types=request.types, source=page.source, after=page.after)
    assert len(seen) == 501
    assert max(sizes) < PAGE_BYTES + 10_000
    assert len(sizes) > 2


async def test_what_has_nothing_to_tell_takes_no_page_of_its_own(services: Services) -> None:
    teller = await services.start("training", snapshots=telling())
    await keep_all(teller, {"a": "Ana", "b": "Bea"})
    snapshots = Snapshots()
    for source in (nobody, telling().sources[0].read, nobody, nobody):
        snapshots.of(PersonChangedV1)(source)

    request = PageRequest(types=[PersonChangedV1.type])
    page = await teller.db.read(read_page, snapshots, request)
    assert (len(page.events), page.source, page.after) == (2, 2, None)
    rest = await teller.db.read(read_page, snapshots, request.model_copy(update={"source": 2}))
    assert (rest.events, rest.source) == ([], None)


@pytest.mark.parametrize("fault", [LookupError, ValueError])
async def test_an_event_of_a_snapshot_that_cannot_be_handled_does_not_stop_the_others(
    services: Services, fault: type[Exception]
) -> None:
    handlers = Handlers()

    @handlers.on(PersonChangedV1)
    def keep(event: PersonChangedV1, session: Session) -> None:
        if event.name == "bad":
            raise fault("bad")
        copy(session, event.id, event.name)

    teller = await services.start("training", snapshots=telling())
    await keep_all(teller, {f"{n}": "bad" if n == 3 else "good" for n in range(6)})
    hearer = await services.start("policy", handlers)
    await services.settle()

    assert set(await hearer.copies()) == {"0", "1", "2", "4", "5"}
    assert (await hearer.backbone.state()).dead_letters == 1
