"""What every refusal carries, whoever refuses; and that wrong credentials are counted, and right ones always let in."""

import contextlib
from collections.abc import AsyncIterator
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Scope

from services.gateway import limiter
from services.gateway.app import create_app
from services.gateway.callers import address_of
from services.gateway.headers import HTTPS_ONLY, SECURITY
from services.gateway.limiter import Limiter
from shared.clock import ShiftedClock
from shared.problems import TooManyRequests
from tests.conftest import Templates
from tests.gateway.telling import KEY, settings_for
from tests.servers import NatsServer

ORIGIN = "https://intranet.example"
LIMIT = 5
PROXY = "10.0.0.9"


class Door:
    """A gateway alone, with a client at any address; the services behind it are not there."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.limits: list[str] = []

    async def ask(
        self,
        method: str = "GET",
        path: str = "/v1/api-keys",
        *,
        key: str | None = None,
        at: str = "192.0.2.1",
        **more: Any,
    ) -> httpx.Response:
        """Send one request."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        transport = httpx.ASGITransport(self.app, client=(at, 1), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://gateway") as client:
            return await client.request(method, path, headers=headers, **more)


@pytest.fixture
async def door(tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock) -> AsyncIterator[Door]:
    """Run a gateway that is reached over TLS by way of a proxy."""
    settings = settings_for(tmp_path, nats.url, templates.copy("sqlite", "gateway", tmp_path)).model_copy(
        update={
            "public_url": "https://gateway",
            "cors_origins": (ORIGIN,),
            "guess_limit": f"{LIMIT}/minute",
            "proxies": (IPv4Network("10.0.0.0/8"),),
            "max_body": 1000,
        }
    )
    app = create_app(settings)
    app.state.clock = clock
    async with app.router.lifespan_context(app):
        yield Door(app)


REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "nobody": (401, {}),
    "a wrong key": (401, {"key": "sl_" + "x" * 43}),
    "no kind of key": (401, {"headers": {"Authorization": "Basic YTpi"}}),
    "a key in the address": (401, {"path": f"/v1/api-keys?key={KEY}"}),
    "a session of another origin": (
        403,
        {"method": "POST", "path": "/sign-in", "data": {"user": "a", "password": "b"}},
    ),
    "nothing there": (404, {"path": "/nothing", "key": KEY}),
    "no such method": (405, {"method": "PUT", "path": "/v1/audit", "key": KEY, "json": {}}),
    "too large": (413, {"method": "POST", "path": "/v1/people", "key": KEY, "content": b"x" * 2000}),
    "invalid": (422, {"method": "POST", "key": KEY, "json": {}}),
    "a service that is away": (503, {"path": "/v1/people", "key": KEY}),
    "a preflight that is refused": (
        400,
        {
            "method": "OPTIONS",
            "headers": {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
        },
    ),
    "a preflight": (
        200,
        {"method": "OPTIONS", "headers": {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}},
    ),
    "a look at it": (200, {"path": "/livez"}),
}
UNCOUNTED = ("a preflight", "a preflight that is refused", "a look at it")


def carries_security(answer: httpx.Response) -> bool:
    """Say whether an answer has each header of every answer, once."""
    raw = answer.headers.raw
    return all(raw.count(header) == 1 for header in (*SECURITY, HTTPS_ONLY))


async def test_whoever_refuses_says_what_every_answer_says(door: Door) -> None:
    for what, (status, asked) in REFUSALS.items():
        answer = await door.ask(**asked)
        assert answer.status_code == status, (what, answer.text)
        assert carries_security(answer), what
        assert ("RateLimit" in answer.headers and "RateLimit-Policy" in answer.headers) == (what not in UNCOUNTED), what
        if status in {429, 503}:
            assert int(answer.headers["Retry-After"]) >= 1, what


async def test_a_fault_of_ours_says_it_too_and_nothing_of_its_cause(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.app.state.doors, "limiter", None)
    answer = await door.ask(key=KEY)
    assert (answer.status_code, carries_security(answer)) == (500, True)
    assert "NoneType" not in answer.text


async def test_who_guesses_is_told_to_wait_and_locks_out_nobody_at_the_same_address_or_key(door: Door) -> None:
    wrong = KEY[:10] + "x" * 40
    answers = [await door.ask(key=wrong) for _ in range(LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429]
    assert answers[0].headers["RateLimit-Policy"] == f'"refused-credentials";q={LIMIT};w=60'
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == [
        "r=4",
        "r=3",
        "r=2",
        "r=1",
        "r=0",
        "r=0",
    ]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["type"].endswith("/too-many-guesses")
    assert carries_security(answers[-1])

    assert (await door.ask(key=KEY)).status_code == 200, "the right key works at the address of who guesses"
    assert (await door.ask(key=wrong, at="192.0.2.2")).status_code == 429, (
        "the prefix is counted wherever it comes from"
    )
    assert (await door.ask(key="sl_another" + "x" * 40, at="192.0.2.2")).status_code == 401
    assert (await door.ask(key="sl_another" + "x" * 40)).status_code == 429, "and the address whatever it tries"


async def test_who_comes_by_our_proxy_is_known_by_what_the_proxy_saw_and_not_by_what_they_say(door: Door) -> None:
    async def guess(at: str, passed: str) -> int:
        return (await door.ask(key="wrong", at=at, headers={"X-Forwarded-For": passed})).status_code

    for number in range(LIMIT):
        assert await guess(PROXY, f"198.51.100.{number}, 203.0.113.7") == 401
    assert await guess(PROXY, "198.51.100.99, 203.0.113.7") == 429
    assert await guess(PROXY, "203.0.113.8") == 401
    assert await guess("203.0.113.7", "203.0.113.99") == 429, "from elsewhere nobody is believed"


@pytest.mark.parametrize(
    ("seen", "passed", "known"),
    [
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", "192.0.2.7"),
        (PROXY, "rubbish", PROXY),
        (PROXY, "192.0.2.7, rubbish", PROXY),
        (PROXY, "192.0.2.7, 10.1.1.1", "192.0.2.7"),
        (PROXY, "2001:db8::1", "2001:db8::/64"),
    ],
)
def test_an_address_stands_for_whom_it_is_given_to(seen: str, passed: str, known: str) -> None:
    scope: Scope = {"client": (seen, 1), "headers": [(b"x-forwarded-for", passed.encode())]}
    assert address_of(scope, (ip_network("10.0.0.0/8"),)) == f"address:{known}"


def test_however_many_come_no_more_than_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "CALLERS", 100)
    counting = Limiter("3/minute")
    for number in range(1000):
        counting.count(f"address:{number}")
        with contextlib.suppress(TooManyRequests):
            counting.count("address:guesser")
    assert len(counting._windows) == 100
