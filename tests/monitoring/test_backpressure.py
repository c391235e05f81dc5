"""More posts than there is room for are asked to come again; whatever is sent, memory and answers stay in bounds."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx

from services.monitoring.routes.posts_in_flight import PostsInFlight
from tests.platform import Platform

STREAM = {"Content-Type": "application/x-ndjson"}


def item(number: int, **more: Any) -> dict[str, Any]:
    return {
        "network": "forum",
        "network_id": str(number),
        "kind": "mention",
        "author": "@ann",
        "text": f"Text {number}",
        "posted_at": datetime.now(UTC).isoformat(),
        **more,
    }


async def test_posts_beyond_the_room_wait_outside_and_come_in_when_there_is_room_again(platform: Platform) -> None:
    service = platform.services["monitoring"]
    room: PostsInFlight = platform.running["monitoring"].app.state.posts_in_flight
    room.limit = 6 * 1024 * 1024
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield json.dumps(item(1)).encode() + b"\n"
        begun.set()
        await go_on.wait()
        yield json.dumps(item(2)).encode() + b"\n"

    sending = asyncio.create_task(service.post("/v1/posts", content=slowly(), headers=STREAM))
    await begun.wait()
    await until_held(room)
    turned_away = await service.post("/v1/posts", content=b"", headers=STREAM)
    assert turned_away.status_code == 429
    assert turned_away.headers["retry-after"] == "1"
    assert turned_away.json()["type"].endswith("/no-room-for-posts")
    small = await service.post("/v1/posts", json=item(3))
    assert small.status_code == 200

    go_on.set()
    assert [json.loads(line)["status"] for line in (await sending).text.splitlines()] == ["accepted"] * 2
    assert (await service.post("/v1/posts", content=b"", headers=STREAM)).status_code == 200
    assert room.held == 0


async def until_held(room: PostsInFlight) -> None:
    async with asyncio.timeout(5):
        while True:
            await asyncio.sleep(0.01)
            if room.held:
                return


async def test_what_is_too_large_or_no_text_is_refused_and_the_rest_of_it_kept(platform: Platform) -> None:
    client = platform.client
    large = item(1, text="x" * (10 * 1024 * 1024))
    assert (await client.post("/v1/posts", json=large)).status_code == 422

    broken = b'{"network": "forum", "text": "\xff\xfe"}'
    lines = [json.dumps(large).encode(), broken, b"\x00" * 100, json.dumps(item(2)).encode(), b"[]"]
    answer = await client.post("/v1/posts", content=b"\n".join(lines), headers=STREAM)
    statuses = [json.loads(line)["status"] for line in answer.text.splitlines()]
    assert statuses == ["rejected", "rejected", "rejected", "accepted", "rejected"]
    invalid = await client.post("/v1/posts", content=broken, headers={"Content-Type": "application/json"})
    assert invalid.status_code == 422

    too_much = {"Content-Type": "application/json", "Content-Length": str(64 * 1024 * 1024)}
    refused = await claim_only(platform, too_much)
    assert refused == 413
    keyed = {**STREAM, "Idempotency-Key": "k", "Transfer-Encoding": "chunked"}
    assert await claim_only(platform, keyed) == 413


async def claim_only(platform: Platform, headers: dict[str, str]) -> int:
    """Send the head of a request and no body, and return what is answered to it."""
    service = platform.services["monitoring"]
    url = httpx.URL(platform.running["monitoring"].url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    sent = {"Host": f"{url.host}:{url.port}", "Shareload-Caller": service.headers["Shareload-Caller"], **headers}
    writer.write(b"POST /v1/posts HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in sent.items()).encode() + b"\r\n")
    async with asyncio.timeout(5):
        status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_a_table_is_taken_row_by_row_and_a_row_that_does_not_fit_is_refused_alone(platform: Platform) -> None:
    table = (
        "network,network_id,kind,author,text,posted_at\r\n"
        'forum,1,mention,@ann,"Late,\r\n\r\n""again""",2026-11-20T10:00:00Z\r\n'
        "forum,2,nonsense,@ann,?,2026-11-20T10:00:00Z\r\n\r\n"
        "forum,3,mention,@bob,Fine,2026-11-20T10:00:00Z,one too many\r\n"
        'forum,4,mention,@bob,"open'
    )
    answer = await platform.client.post("/v1/posts", content=table.encode(), headers={"Content-Type": "text/csv"})
    answers = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["status"] for one in answers] == ["accepted", "rejected", "rejected", "rejected"]
    kept = (await platform.client.get(f"/v1/posts/{answers[0]['id']}")).json()
    assert kept["text"] == 'Late,\r\n\r\n"again"'
