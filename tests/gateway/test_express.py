"""The short way of hot reads: what a machine is told on it is what it would be told on the long way."""

import asyncio
from itertools import product

import httpx
from starlette.types import Receive, Scope, Send

from services.gateway.express import Express
from tests.gateway.story import POLICY, add_people, client_with, publish
from tests.platform import Platform

PATH = "/v1/policies/social-media"
PERSON = "/v1/people/E-1/certificates"
LONG_WAY = {"Origin": "https://elsewhere.example"}
EACH_ITS_OWN = {"date", "x-request-id", "ratelimit"}
LONG = POLICY + "We answer kindly, and say so when we do not know.\n" * 40


def said(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return what an answer says, but for what each answer says of itself."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in EACH_ITS_OWN)
    assert EACH_ITS_OWN - {"date"} <= answer.headers.keys()
    return answer.status_code, answer.content, headers


async def long_way(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Say that the short way was not taken."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body"})


async def test_both_ways_say_the_same(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform, LONG)
    await platform.settle()
    await platform.running["gateway"].app.state.doors.certificates.look()
    reader = await client_with(platform, "policies:read", "certificates:read")
    etag = (await reader.get(PATH)).headers["ETag"]
    asked = (
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "gzip"},
        {"If-None-Match": etag},
        {"If-None-Match": f'"older", W/{etag}'},
        {"If-None-Match": '"older"'},
    )
    for path, headers in product((PATH, f"{PATH}?locale=xx", "/v1/policies/unheard-of", PERSON), asked):
        short, long = await reader.get(path, headers=headers), await reader.get(path, headers=headers | LONG_WAY)
        if short.status_code < 400:
            assert said(short) == said(long), (path, headers)
        assert short.status_code == long.status_code
    assert (await reader.get(PATH, headers={"X-Request-ID": "mine"})).headers["X-Request-ID"] == "mine"


async def test_the_short_way_is_taken_by_keys_that_work_and_counted_against_them(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform)
    await platform.settle()
    gateway = platform.running["gateway"].app
    reader = await client_with(platform, "policies:read")
    key = {"Authorization": reader.headers["Authorization"], "Host": "harbour.example"}

    transport = httpx.ASGITransport(Express(long_way, gateway, ()))
    async with httpx.AsyncClient(transport=transport, base_url="http://harbour.example") as client:

        async def way(path: str = PATH, **headers: str) -> int:
            return (await client.get(path, headers=key | headers)).status_code

        async def until(status: int) -> None:
            """Read on the other way, which looks at keys anew, until word of what became of them is here."""
            async with asyncio.timeout(20):
                while await way() != status:
                    await reader.get(PATH)

        await platform.settle()
        await until(200)
        assert [await way(**LONG_WAY), await way(Cookie="a=b")] == [418, 418]
        assert [await way(Authorization="Bearer sl_wrong"), await way("/v1/policies")] == [418, 418]
        left = [(await client.get(PATH, headers=key)).headers["RateLimit"] for _ in range(2)]
        counted = [int(each.partition("r=")[2].partition(";")[0]) for each in left]
        assert counted[0] == counted[1] + 1
        keys = (await platform.client.get("/v1/api-keys")).json()["items"]
        (own,) = [each for each in keys if each["scopes"] == ["policies:read"]]
        await platform.client.delete(f"/v1/api-keys/{own['id']}")
        await until(418)
