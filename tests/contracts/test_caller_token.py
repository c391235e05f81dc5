"""Each service answers only the gateway: every route refuses a request without its signed token, or with another's."""

import time
from collections.abc import Iterable, Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from starlette.routing import BaseRoute

from shared.auth import ALGORITHM, TokenSigner, claims_of, make_key
from shared.context import Principal
from shared.edge import OPEN
from tests.platform import SCOPES, SERVICES, Platform
from tests.servers import LOOPBACK

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRINCIPAL = Principal(id="key:test", scopes=SCOPES)


def api_routes(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from api_routes(router.routes)


def routes_of(platform: Platform, name: str) -> list[tuple[str, str]]:
    routes = api_routes(platform.running[name].app.routes)
    asked = [(method, route.path) for route in routes for method in route.methods or () if route.path not in OPEN]
    assert len(asked) > 10
    return asked


@pytest.mark.parametrize("name", SERVICES)
async def test_no_route_answers_without_the_gateways_token(lasting_platform: Platform, name: str) -> None:
    async with httpx.AsyncClient(base_url=lasting_platform.running[name].url, timeout=30, verify=LOOPBACK) as stranger:
        for method, path in routes_of(lasting_platform, name):
            answer = await stranger.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, (method, path)
            form = "application/scim+json" if path.startswith("/scim/") else "application/problem+json"
            assert answer.headers["Content-Type"] == form, (method, path)


async def test_a_token_for_another_service_an_old_one_and_a_forged_one_are_refused(lasting_platform: Platform) -> None:
    signer = TokenSigner(lasting_platform.folder / "gateway-key.json")
    other = make_key()
    forged = jwt.encode(
        {"alg": ALGORITHM, "kid": signer._key.kid},
        claims_of(PRINCIPAL, "policy", time.time()),
        other,
        algorithms=[ALGORITHM],
    )
    old = jwt.encode(
        {"alg": ALGORITHM, "kid": signer._key.kid},
        claims_of(PRINCIPAL, "policy", time.time() - 3600),
        signer._key,
        algorithms=[ALGORITHM],
    )
    bad = {
        "another service's": signer.token(PRINCIPAL, "training"),
        "forged": forged,
        "old": old,
        "garbage": "a.b.c",
        "of a header that no library expects": ".".join(("eyJhbGciOiJFZDI1NTE5IiwiY3JpdCI6NX0", *old.split(".")[1:])),
        "empty": "",
    }
    async with httpx.AsyncClient(
        base_url=lasting_platform.running["policy"].url, timeout=30, verify=LOOPBACK
    ) as client:
        good = await client.get("/v1/policies", headers={"Shareload-Caller": signer.token(PRINCIPAL, "policy")})
        assert good.status_code == 200
        for kind, token in bad.items():
            answer = await client.get("/v1/policies", headers={"Shareload-Caller": token})
            assert answer.status_code == 401, kind
