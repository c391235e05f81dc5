"""What is told reaches its handlers once, whatever breaks on the way."""

import asyncio
from datetime import UTC, datetime

import pytest

from shared import outbox
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.inbox import Handlers
from tests.shared.conftest import Services, copy, count

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def person(number: int, name: str = "Ana") -> PersonChangedV1:
    return PersonChangedV1(
        id=f"person {number}.*>é",
        employee_number=f"E-{number}",
        user_name=f"u{number}",
        name=name,
        email=f"u{number}@x.example",
        department="Support",
        region="EMEA",
        languages=["en"],
    )


def listening() -> Handlers:
    handlers = Handlers()

    @handlers.on(PersonChangedV1)
    def keep(event: PersonChangedV1, session: outbox.Session) -> None:
        assert session.context.event is not None
        count(session.context.event, session)
        copy(session, event.id, event.name)

    return handlers


async def test_what_is_told_is_handled_once(services: Services) -> None:
    teller = await services.start("training")
    hearer = await services.start("policy", listening())
    await asyncio.gather(*(teller.tell(person(n)) for n in range(40)))
    await teller.tell(*(person(n, "Bea") for n in range(300)))
    await services.settle()

    assert set(await hearer.effects()) == await teller.told()
    assert set((await hearer.effects()).values()) == {1}
    assert await hearer.copies() == {person(n).id: "Bea" for n in range(300)}
