"""The provider's tokens at the API: people by their roles, machines by what is configured, and nobody else."""

import time
from datetime import timedelta
from typing import Any

import httpx

from tests.provider.browsing import Provided, error
from tests.provider.provider import AUDIENCE, CLIENT, MACHINE, SECRET


def now() -> int:
    """Say what the time is, in seconds; asked late, since a run may begin minutes before its last test."""
    return int(time.time())


async def token_of(provided: Provided, client: str, scope: str) -> str:
    """Return what the provider gives a machine for its own credentials."""
    form = {"grant_type": "client_credentials", "scope": scope, "resource": AUDIENCE}
    async with httpx.AsyncClient(trust_env=False) as machine:
        answer = await machine.post(f"{provided.provider.issuer}/token", data=form, auth=(client, SECRET))
    return str(answer.raise_for_status().json()["access_token"])


async def ask(provided: Provided, token: str, path: str = "/v1/people") -> tuple[int, str]:
    """Ask with a token; return the status and the slug of the problem."""
    client = await provided.platform.client_for(headers={"Authorization": f"Bearer {token}"})
    answer = await client.get(path)
    return answer.status_code, "" if answer.is_success else error(answer)


def claims(provided: Provided, **changes: Any) -> dict[str, Any]:
    """Return what an access token of Ben's says."""
    ben = {"sub": "ben", "preferred_username": "e2@harbour.example", "client_id": "intranet"}
    return {"iss": provided.provider.issuer, "aud": AUDIENCE, "iat": now(), "exp": now() + 600, **ben, **changes}


async def test_a_machine_has_of_what_its_token_names_no_more_than_was_configured(provided: Provided) -> None:
    token = await token_of(provided, MACHINE, "people:read people:write")

    assert await ask(provided, token) == (200, "")
    assert await ask(provided, token, "/v1/policies") == (403, "forbidden")
    assert await ask(provided, token, "/v1/guidance") == (403, "forbidden")
    client = await provided.platform.client_for(headers={"Authorization": f"Bearer {token}"})
    assert (await client.post("/v1/people", json={})).status_code == 403
    stranger = await token_of(provided, "stranger", "people:read")
    assert await ask(provided, stranger) == (401, "token-refused")


async def test_a_persons_token_is_that_person_with_their_roles_rights_or_fewer(provided: Provided) -> None:
    ben = provided.provider.sign(claims(provided), typ="at+jwt")
    lead = provided.provider.sign(claims(provided, groups=["comms"]), typ="at+jwt")
    narrowed = provided.provider.sign(claims(provided, groups=["comms"], scope="openid policies:read"), typ="at+jwt")

    assert await ask(provided, ben, "/v1/guidance") == (200, "")
    assert await ask(provided, ben, "/v1/people/E-1") == (404, "not-found")
    assert await ask(provided, ben, "/v1/brand-terms") == (403, "forbidden")
    assert await ask(provided, lead, "/v1/brand-terms") == (200, "")
    assert await ask(provided, narrowed, "/v1/brand-terms") == (403, "forbidden")
    assert await ask(provided, narrowed, "/v1/policies") == (200, "")


async def test_a_token_that_is_not_for_the_api_not_signed_or_over_opens_nothing(provided: Provided) -> None:
    sign = provided.provider.sign
    good = sign(claims(provided), typ="at+jwt")
    head, body, signature = good.split(".")
    refused = {
        "for the portal": sign(claims(provided, aud=CLIENT), typ="at+jwt"),
        "an ID token": sign(claims(provided, nonce="n"), typ="JWT"),
        "a logout token": sign(claims(provided), typ="logout+jwt"),
        "over": sign(claims(provided, exp=now() - 600), typ="at+jwt"),
        "of no time": sign({k: v for k, v in claims(provided).items() if k != "exp"}, typ="at+jwt"),
        "for a time that is no number": sign(claims(provided, exp="never"), typ="at+jwt"),
        "not yet": sign(claims(provided, nbf=now() + 600), typ="at+jwt"),
        "of another provider": sign(claims(provided, iss="https://elsewhere.example"), typ="at+jwt"),
        "of nobody": sign(claims(provided, preferred_username="nobody"), typ="at+jwt"),
        "changed": f"{head}.{body[:-4]}AAAA.{signature}",
        "unsigned": f"eyJhbGciOiJub25lIn0.{body}.",
        "by a shared secret": f"eyJhbGciOiJIUzI1NiJ9.{body}.{signature}",
    }

    assert await ask(provided, good, "/v1/guidance") == (200, "")
    for kind, token in refused.items():
        status, slug = await ask(provided, token, "/v1/guidance")
        assert (status, slug) == (401, "token-refused"), kind


async def test_a_token_ends_when_it_says_and_when_its_person_leaves(provided: Provided) -> None:
    ben = provided.provider.sign(claims(provided), typ="at+jwt")
    cleo = claims(provided, sub="cleo", preferred_username="", email="e3@harbour.example", email_verified=True)
    hers = provided.provider.sign(cleo, typ="at+jwt")
    assert [await ask(provided, token, "/v1/guidance") for token in (ben, hers)] == [(200, "")] * 2

    await provided.platform.client.patch("/v1/people/E-2", json={"active": False}, headers={"Prefer": "wait=5"})
    assert await ask(provided, ben, "/v1/guidance") == (401, "token-refused")
    assert await ask(provided, hers, "/v1/guidance") == (200, "")
    provided.platform.clock.advance(timedelta(minutes=12))
    assert await ask(provided, hers, "/v1/guidance") == (401, "token-refused")


async def test_what_asks_for_a_fresh_sign_in_asks_it_of_a_persons_token_and_not_of_a_machines(
    provided: Provided,
) -> None:
    path = "/v1/people/E-2/data-export"
    stale = provided.provider.sign(claims(provided), typ="at+jwt")
    fresh = provided.provider.sign(claims(provided, auth_time=now()), typ="at+jwt")

    assert await ask(provided, stale, path) == (403, "fresh-sign-in-needed")
    assert await ask(provided, fresh, path) == (200, "")
    machine = await token_of(provided, MACHINE, "people:read")
    assert (await ask(provided, machine, path))[1] != "fresh-sign-in-needed"


async def test_whoever_signed_in_once_is_known_by_the_providers_own_name_for_them(provided: Provided) -> None:
    short = claims(provided, preferred_username="", sub="ana")
    assert await ask(provided, provided.provider.sign(short, typ="at+jwt"), "/v1/guidance") == (401, "token-refused")
    await provided.come_in("ana")
    later = provided.provider.sign({**short, "jti": "2"}, typ="at+jwt")
    assert await ask(provided, later, "/v1/guidance") == (200, "")
