"""A policy within another page: who may read it, by which token, and what the page lets nobody do."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from tests.evidence import evidence_of
from tests.gateway.story import POLICY, add_people, client_with, publish
from tests.platform import Platform

PAGE = "/embed/policies/social-media"
INTRANET = "https://intranet.company.example"
HOSTILE = """
# Links {#links}
<script>alert(1)</script> <img src=x onerror=alert(1)> [go](javascript:alert(1)) [there](//evil.example)

![picture](https://evil.example/x.png "a\\" onload=\\"alert(1)")

`</section></main><script>alert(2)</script>`
"""


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", autouse=True)
def intranet() -> Iterator[None]:
    """An operator who lets the intranet's scripts and frames in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARELOAD_GATEWAY_CORS_ORIGINS", f'["{INTRANET}"]')
        patch.setenv("SHARELOAD_GATEWAY_FRAME_ANCESTORS", f'["\'self\'", "{INTRANET}"]')
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(lasting_platform: Platform) -> Platform:
    """A platform with a policy in force, and two people who could accept it."""
    await add_people(lasting_platform, 2)
    await lasting_platform.settle()
    await publish(lasting_platform)
    await lasting_platform.settle()
    return lasting_platform


async def person_of(platform: Platform, number: str) -> str:
    """Return a person's id."""
    return str((await platform.client.get(f"/v1/people/{number}")).json()["id"])


async def token_for(client: httpx.AsyncClient, **body: str) -> str:
    """Exchange a key for a token."""
    answer = await client.post("/v1/embed-tokens", json={"policy": "social-media", **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def bearer(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


async def test_an_intranet_frames_the_sections_it_wants(platform: Platform) -> None:
    token = await token_for(await client_with(platform, "policies:read"))
    browser = await platform.client_for(headers=bearer(token))

    page = await browser.get(PAGE, params={"sections": "answering", "theme": "contrast"})
    assert page.status_code == 200, page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="de" dir="ltr"' in page.text
    assert re.findall(r'<section id="([^"]+)"', page.text) == ["answering"]
    assert 'data-theme="contrast"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith(f"frame-ancestors 'self' {INTRANET}")
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]* src=)|<style|style=| on[a-z]+=", page.text) == []

    same = await browser.get(str(page.url), headers={"If-None-Match": page.headers["ETag"]})
    assert same.status_code == 304
    await publish(platform, POLICY.replace("24 hours", "2 hours"))
    changed = await browser.get(str(page.url), headers={"If-None-Match": page.headers["ETag"]})
    assert "within 2 hours" in changed.text


async def test_a_token_opens_one_policy_and_nothing_else(platform: Platform) -> None:
    token = await token_for(await client_with(platform, "policies:read"))
    browser = await platform.client_for(headers=bearer(token))

    assert (await browser.get("/v1/policies/social-media")).json()["key"] == "social-media"
    assert (await browser.post("/v1/checks", json={"text": "Hello"})).json()["verdict"] == "clear"
    named = await browser.post("/v1/checks", json={"text": "Hello", "employee_number": "E-1"})
    assert named.status_code == 404, "a page's token speaks for nobody"
    for method, path in [
        ("GET", "/embed/policies/another"),
        ("GET", "/v1/policies"),
        ("GET", "/v1/policies/social-media/versions"),
        ("GET", "/v1/policies/social-media%2F..%2Fanother"),
        ("GET", "/v1/people"),
        ("GET", "/v1/events"),
        ("GET", "/feeds/policies.atom"),
        ("DELETE", "/v1/policies/social-media"),
        ("POST", "/v1/embed-tokens"),
        ("POST", "/v1/policies/social-media/versions/1/acknowledgements"),
    ]:
        answer = await browser.request(method, path)
        assert answer.status_code == 403, (method, path, answer.text)


async def test_a_token_ends_and_one_that_was_changed_is_refused(platform: Platform) -> None:
    token = await token_for(await client_with(platform, "policies:read"))
    browser = await platform.client_for()
    head, claims, signature = token.split(".")
    other = await token_for(await client_with(platform, "policies:read"), policy="another")

    for wrong in (
        f"{head}.{claims[:-4]}AAAA.{signature}",
        f"{head}.{other.split('.')[1]}.{signature}",
        f"{head}.{claims}.",
        "sle_",
        token.removeprefix("sle_"),
    ):
        assert (await browser.get(PAGE, headers=bearer(wrong))).status_code == 401, wrong
    await platform.advance(timedelta(minutes=4, seconds=50))
    assert (await browser.get(PAGE, headers=bearer(token))).status_code == 200
    await platform.advance(timedelta(seconds=20))
    ended = await browser.get(PAGE, headers=bearer(token, Origin="null"))
    assert (ended.status_code, ended.headers["Access-Control-Allow-Origin"]) == (401, "*")


async def test_a_token_in_an_address_is_refused(platform: Platform) -> None:
    token = await token_for(await client_with(platform, "policies:read"))
    browser = await platform.client_for()

    answer = await browser.get(PAGE, params={"token": token})
    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["detail"]


async def test_a_token_works_for_the_scripts_of_its_site_and_of_no_other(platform: Platform) -> None:
    intranet = await client_with(platform, "policies:read")
    bound, unbound = await token_for(intranet, origin=INTRANET), await token_for(intranet)
    browser = await platform.client_for()

    async def status(token: str, origin: str) -> int:
        return (await browser.get(PAGE, headers=bearer(token, Origin=origin))).status_code

    own = platform.running["gateway"].url
    assert [await status(bound, origin) for origin in (INTRANET, own, "null")] == [200, 200, 200]
    assert await status(bound, "https://evil.example") == 401
    assert await status(unbound, INTRANET) == 401
    for body in ({"origin": "*"}, {"origin": f"{INTRANET}/path"}, {"origin": "javascript:alert(1)"}):
        answer = await intranet.post("/v1/embed-tokens", json={"policy": "social-media", **body})
        assert answer.status_code == 422, body


async def test_a_person_accepts_in_place_with_a_token_that_names_them(platform: Platform) -> None:
    person = await person_of(platform, "E-1")
    backend = await client_with(platform, "policies:read", "policies:write")
    browser = await platform.client_for(headers=bearer(await token_for(backend, employee_number="E-1")))

    page = await browser.get(PAGE)
    (path,) = re.findall(r'data-accept="([^"]+)"', page.text)
    receipt = await browser.post(path, json={})
    assert (receipt.status_code, receipt.json()["person"]) == (201, person)
    assert (await browser.post(path, json={"employee_number": "E-2"})).status_code == 403
    assert (await browser.get("/v1/people/E-1")).status_code == 403
    db = platform.running["gateway"].app.state.db
    assert ("policies/social-media", None, person) in await evidence_of(db, "embed_token.created")


async def test_only_a_key_that_may_speak_for_a_person_gets_a_token_that_names_one(platform: Platform) -> None:

    async def status(client: httpx.AsyncClient, number: str) -> int:
        body = {"policy": "social-media", "employee_number": number}
        return (await client.post("/v1/embed-tokens", json=body)).status_code

    both = ("policies:read", "policies:write")
    assert await status(await client_with(platform, "policies:read"), "E-1") == 403
    assert await status(await client_with(platform, "policies:write"), "E-1") == 403
    assert await status(await client_with(platform, *both, departments=["Sales"]), "E-1") == 404
    assert await status(await client_with(platform, *both), "E-404") == 404
    person = await platform.as_person("E-1")
    assert [await status(person, number) for number in ("E-1", "E-2")] == [201, 403]


async def test_a_signed_in_person_gets_a_token_of_their_own_with_no_more_than_an_employees_rights(
    platform: Platform,
) -> None:
    lead = await platform.as_person("E-2", role="lead")
    browser = await platform.client_for(headers=bearer(await token_for(lead)))

    number = (await browser.get("/v1/policies/social-media")).json()["version"]
    path = f"/v1/policies/social-media/versions/{number}/acknowledgements"
    assert (await browser.post(path, json={})).json()["employee_number"] == "E-2"
    assert (await browser.post("/v1/policies/social-media/versions", json={})).status_code == 403


async def test_a_browser_without_a_token_gets_a_page_that_says_nothing_of_the_policy(platform: Platform) -> None:
    browser = await platform.client_for(headers={"Accept": "text/html"})

    known, unknown = await browser.get(PAGE), await browser.get("/embed/policies/unknown")
    assert known.status_code == 200
    assert known.text.replace("social-media", "unknown") == unknown.text
    assert "frame-ancestors" in known.headers["Content-Security-Policy"]
    assert (await browser.get(PAGE, params={"lang": "he"})).text.count('dir="rtl"') == 1


async def test_hostile_words_in_a_policy_stay_words(platform: Platform) -> None:
    await publish(
        platform, POLICY.replace("title: Social media policy", 'title: "</title><script>x</script>"') + HOSTILE
    )
    await platform.settle()

    page = (await platform.client.get(PAGE, params={"lang": '"><script>x</script>', "theme": "'onload=x"})).text
    assert len(re.findall(r"<script", page)) == 1
    assert "<img" not in page
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)
    assert page.count("</main>") == 1
    assert 'data-theme="auto"' in page


async def test_a_policy_is_for_anyone_only_where_the_operator_says_so(platform: Platform) -> None:
    stranger, other = await platform.client_for(), await client_with(platform, "people:read")
    own = platform.running["gateway"].url

    assert (await stranger.get(PAGE)).status_code == 401
    assert (await stranger.get("/oembed", params={"url": f"{own}{PAGE}"})).status_code == 401
    assert (await other.get("/oembed", params={"url": f"{own}{PAGE}"})).status_code == 401
    for reader in (stranger, other):
        feed = await reader.get("/feeds/policies.atom")
        assert (feed.status_code, "social-media" in feed.text) == (200, False)
