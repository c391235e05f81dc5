"""The connection to the broker: subjects, batches and repeats, on a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus import BATCH_FROM, Bus, Message
from shared.settings import ServiceSettings
from shared.streams import StreamSettings, ensure_stream, stream_info, subject_of
from tests.servers import NatsServer


@pytest.fixture
async def bus(nats: NatsServer, tmp_path: Path) -> AsyncIterator[Bus]:
    bus = Bus(ServiceSettings(data_dir=tmp_path, nats_url=nats.url), "policy")
    await bus.start()
    await bus.wait_connected()
    yield bus
    await bus.stop()


def messages(numbers: range) -> list[Message]:
    return [Message(f"id-{n}", f"policy.x.y.v1.{n}", f"x/{n % 3}", b"{}") for n in numbers]


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_id_makes_one_token_of_a_subject_and_no_two_the_same(one: str, other: str) -> None:
    try:
        token = subject_of("a.b.c.v1", one).removeprefix("a.b.c.v1.")
    except UnicodeEncodeError:
        return
    assert token
    assert token.isascii()
    assert not set(token) & set(".*> \t\r\n\0")
    if one != other and not any("\ud800" <= character <= "\udfff" for character in other):
        assert subject_of("a.b.c.v1", other) != subject_of("a.b.c.v1", one)


async def test_a_batch_has_its_own_row_of_positions(bus: Bus) -> None:
    await ensure_stream(bus, StreamSettings())
    await bus.publish(messages(range(3)))
    published = await bus.publish(messages(range(100, 100 + BATCH_FROM)))

    assert published.error is None
    assert published.positions == {f"id-{100 + n}": 4 + n for n in range(BATCH_FROM)}


async def test_a_batch_with_a_repeat_is_stored_without_the_repeat(bus: Bus) -> None:
    await ensure_stream(bus, StreamSettings())
    await bus.publish(messages(range(5)))
    published = await bus.publish(messages(range(BATCH_FROM + 5)))

    assert published.error is None
    assert sorted(published.positions.values()) == list(range(1, BATCH_FROM + 6))
    assert {published.positions[f"id-{n}"] for n in range(5)} == set(range(1, 6))
    state = await stream_info(bus)
    assert state is not None
    assert state.last == BATCH_FROM + 5


@pytest.mark.parametrize("count", [BATCH_FROM - 1, BATCH_FROM])
async def test_a_full_stream_refuses_and_says_so(bus: Bus, count: int) -> None:
    await ensure_stream(bus, StreamSettings(max_bytes=300))
    published = await bus.publish(messages(range(count)))

    assert published.error is not None
    assert "maximum bytes" in str(published.error)
    assert len(published.positions) < count


async def test_the_stream_is_brought_to_new_settings(bus: Bus) -> None:
    made = await ensure_stream(bus, StreamSettings(max_age=600))
    again = await ensure_stream(bus, StreamSettings(max_age=900))

    assert again.created == made.created
    assert (await bus.api("STREAM.INFO.EVENTS"))["config"]["max_age"] == 900 * 10**9
