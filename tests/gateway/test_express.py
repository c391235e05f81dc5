"""The short way of hot reads: what a machine is told on it is what it would be told on the long way."""

import asyncio
from itertools import product
from urllib.parse import urlsplit

import httpx

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
        if short.headers.get("Age") != long.headers.get("Age"):
            # A second began between the two; not so between the next two.
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

    def way(path: str = PATH, **headers: str) -> int:
        """Return how a request is answered at once, or 418 where it goes the long way."""
        asked = {name.lower().encode(): value.encode() for name, value in (key | headers).items()}
        answer = gateway.state.at_once(path.encode(), asked)
        return 418 if answer is None else answer[0]

    async def until(status: int) -> None:
        """Read on the other way, which looks at keys anew, until word of what became of them is here."""
        async with asyncio.timeout(20):
            while way() != status:
                await reader.get(PATH, headers=LONG_WAY)

    await platform.settle()
    await until(200)
    assert [way(**LONG_WAY), way(Cookie="a=b")] == [418, 418]
    assert [way(Authorization="Bearer sl_wrong"), way("/v1/policies"), way(f"{PATH}#a")] == [418, 418, 418]
    left = [int((await reader.get(PATH)).headers["RateLimit"].partition("r=")[2].partition(";")[0]) for _ in range(2)]
    assert left[0] == left[1] + 1

    keys = (await platform.client.get("/v1/api-keys")).json()["items"]
    (own,) = [each for each in keys if each["scopes"] == ["policies:read"]]
    await platform.client.delete(f"/v1/api-keys/{own['id']}")
    await until(418)


async def test_requests_on_one_connection_are_answered_in_their_order_whichever_way_each_takes(
    platform: Platform,
) -> None:
    await add_people(platform, 2)
    await publish(platform)
    await platform.settle()
    reader = await client_with(platform, "policies:read")
    await reader.get(PATH)
    address = urlsplit(str(reader.base_url))
    answers, requests = await asyncio.open_connection(address.hostname, address.port)
    head = f"{PATH} HTTP/1.1\r\nhost: x\r\nauthorization: {reader.headers['Authorization']}\r\n"
    one = f"GET {head}x-request-id: short\r\n\r\n".encode()
    other = f"GET {head}x-request-id: long\r\norigin: https://elsewhere.example\r\n\r\n".encode()
    before = counted(await platform.client.get("/metrics"))
    for sent, expected in (
        (one + one + other + one, ["short", "short", "long", "short"]),
        (other + one, ["long", "short"]),
        (one[:30], []),
        (one[30:], ["short"]),
    ):
        requests.write(sent)
        assert [await told(answers) for _ in expected] == [(200, each) for each in expected]
    assert counted(await platform.client.get("/metrics")) == before + 7
    for method, more, expected_status in (
        ("GET", "content-length: 2\r\n\r\nab", 200),
        ("HEAD", "\r\n", 405),
        ("GET", "connection: close\r\n\r\n", 200),
    ):
        requests.write(f"{method} {head}x-request-id: last\r\n{more}".encode())
        assert await told(answers, has_body=method == "GET") == (expected_status, "last")
    assert await answers.read() == b""
    requests.close()


def counted(metrics: httpx.Response) -> int:
    """Return how many policies in force were read, whichever way."""
    line = 'shareload_http_requests_total{method="GET",route="/v1/policies/{key}",status="200"}'
    return next(int(float(each.rpartition(" ")[2])) for each in metrics.text.splitlines() if each.startswith(line))


async def told(reader: asyncio.StreamReader, *, has_body: bool = True) -> tuple[int, str]:
    """Read one answer, and return its status and request id."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = httpx.Headers([(name, value) for name, _, value in (line.partition(": ") for line in lines[1:-2])])
    if has_body:
        await reader.readexactly(int(headers["content-length"]))
    return int(lines[0].split()[1]), headers["x-request-id"]
