"""What software of others reads of policies: web components, descriptions of embeds, and the feed of changes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from defusedxml import ElementTree

from services.gateway.cors import EXPOSED
from services.gateway.embeds.phrases import spoken
from services.gateway.openapi import FILE, operations_of
from tests.gateway.story import POLICY, add_people, client_with, publish
from tests.platform import Platform

PAGE = "/embed/policies/social-media"
INTRANET = "https://intranet.company.example"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SAFE = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified"}
"""What the Fetch standard lets a script of another origin read without being told so."""
BROWSERS = {"access-control-allow-origin", "access-control-expose-headers", "content-encoding", "date", "vary"}
BROWSERS |= {"referrer-policy", "server", "transfer-encoding", "x-content-type-options"}
"""What is said to the browser, and nothing to a script."""


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", autouse=True)
def anyone() -> Iterator[None]:
    """An operator who lets anyone read one policy, and one intranet's scripts call the API."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARELOAD_GATEWAY_PUBLIC_POLICIES", '["social-media"]')
        patch.setenv("SHARELOAD_GATEWAY_CORS_ORIGINS", f'["{INTRANET}"]')
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(lasting_platform: Platform) -> Platform:
    """A platform with a policy in force that anyone may read."""
    await add_people(lasting_platform, 2)
    await lasting_platform.settle()
    await publish(lasting_platform)
    await lasting_platform.settle()
    return lasting_platform


async def test_software_that_is_given_a_policys_address_learns_how_to_show_it(platform: Platform) -> None:
    own = platform.running["gateway"].url
    stranger = await platform.client_for()
    page = (await stranger.get(PAGE)).text
    (link,) = re.findall(r'type="application/json\+oembed" href="([^"]+)"', page)
    assert '<meta property="og:title" content="Social media policy">' in page

    found = (await stranger.get(link.replace("&amp;", "&"))).json()
    assert {name: found[name] for name in ("version", "type", "title")} == {
        "version": "1.0",
        "type": "rich",
        "title": "Social media policy",
    }
    address = f"{own}{PAGE}?lang=en&token=x&theme=dark"
    small = await stranger.get("/oembed", params={"url": address, "maxwidth": 300, "maxheight": 200})
    assert (small.json()["width"], small.json()["height"]) == (300, 200)
    assert f'src="{own}{PAGE}?lang=en&amp;theme=dark"' in small.json()["html"]


async def test_nothing_is_described_but_what_is_ours_and_for_anyone(platform: Platform) -> None:
    own = platform.running["gateway"].url
    stranger = await platform.client_for()

    async def status(**params: str) -> int:
        return (await stranger.get("/oembed", params=params)).status_code

    assert await status(url=f"{own}{PAGE}") == 200
    assert await status(url=f"{own}{PAGE}", format="xml") == 422
    assert await status(url=f"{own}/embed/policies/secret") == 401
    assert await status() == 422
    evil = [
        f"https://evil.example{PAGE}",
        f"{own}@evil.example{PAGE}",
        f"{own}/sign-in",
        "javascript:alert(1)",
        "http://[",
    ]
    assert [await status(url=url) for url in evil] == [404] * len(evil)
    signed = await platform.client.get("/oembed", params={"url": f"{own}/embed/policies/secret"})
    assert signed.status_code == 404


async def entries(client: httpx.AsyncClient) -> list[Any]:
    """Read the feed as a feed reader does."""
    answer = await client.get("/feeds/policies.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    for needed in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{needed}", namespaces=ATOM), needed
    found: list[Any] = feed.findall("a:entry", ATOM)
    return found


async def test_scripts_of_a_site_that_was_let_in_are_told_everything_and_others_what_is_for_anyone(
    platform: Platform,
) -> None:
    stranger = await platform.client_for()
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    read = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}

    async def preflight(path: str, origin: str, headers: dict[str, str]) -> tuple[int, str | None]:
        answer = await stranger.options(path, headers={"Origin": origin, **headers})
        assert "Access-Control-Allow-Credentials" not in answer.headers
        return answer.status_code, answer.headers.get("Access-Control-Allow-Origin")

    assert await preflight("/v1/checks", INTRANET, ask) == (200, INTRANET)
    assert await preflight("/v1/checks", "https://evil.example", ask) == (400, None)
    assert await preflight("/v1/checks", "null", ask) == (400, None)
    assert await preflight(PAGE, "null", read) == (200, "*")
    refused = await stranger.get("/v1/policies", headers={"Origin": INTRANET, "Authorization": "Bearer sle_x"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, INTRANET)


async def test_a_script_of_another_origin_reads_every_header_that_says_something_to_a_client(
    platform: Platform,
) -> None:
    person = {"employee_number": "E-9", "name": "Nine", "email": "e9@harbour.example", "region": "EMEA"}
    body, once = {**person, "department": "Care"}, {"Idempotency-Key": "nine", "Prefer": "wait=5"}
    script = await platform.client_for(headers={**platform.client.headers, "Origin": INTRANET})
    answers = {
        "a write": await script.post("/v1/people", json=body, headers=once),
        "the same again": await script.post("/v1/people", json=body, headers=once),
        "what is made later": await script.post("/v1/load/simulations", json={"days": 1}),
        "the log": await script.get("/v1/events", headers={"Accept": "application/x-ndjson"}),
        "a file": await script.get("/v1/certificates.csv"),
        "what is kept in memory": await script.get("/v1/policies/social-media"),
        "nobody": await script.get("/v1/people", headers={"Authorization": "Bearer none"}),
        "for anyone": await script.get("/feeds/policies.atom"),
    }

    hidden, seen = {}, set()
    for name, answer in answers.items():
        readable = {each.strip().lower() for each in answer.headers["Access-Control-Expose-Headers"].split(",")}
        told = set(answer.headers) - SAFE - BROWSERS
        seen |= told
        if told - readable:
            hidden[name] = told - readable
    assert hidden == {}
    assert seen >= {"location", "next-cursor", "preference-applied", "shareload-events", "idempotency-replayed"}
    assert seen >= {"content-disposition", "etag", "www-authenticate"}
    paths = json.loads(FILE.read_text())["paths"].values()
    responses = [one["responses"] for item in paths for _, one in operations_of(item)]
    named = {name for said in responses for answer in said.values() for name in answer.get("headers", {})}
    assert named - {"Access-Control-Allow-Origin"} <= set(EXPOSED)


async def test_components_never_change_where_they_stand(platform: Platform) -> None:
    browser = await platform.client_for(headers={"Origin": INTRANET})
    entry = await browser.get("/components/shareload.js")
    assert entry.headers["Cache-Control"] == "public, no-cache"
    assert (await browser.get(str(entry.url), headers={"If-None-Match": entry.headers["ETag"]})).status_code == 304
    (path,) = re.findall(r'"\./([0-9a-f]+/shareload\.js)"', entry.text)

    waiting, seen = [f"/components/{path}"], set()
    while waiting:
        module = await browser.get(waiting[0])
        assert module.status_code == 200, waiting[0]
        assert module.headers["Content-Type"].startswith("text/javascript")
        assert module.headers["Access-Control-Allow-Origin"] == "*"
        assert "immutable" in module.headers["Cache-Control"]
        seen.add(waiting.pop(0))
        folder = str(module.url.path).rpartition("/")[0]
        named = re.findall(r'from "\./([a-z]+\.js)"', module.text)
        waiting += {f"{folder}/{name}" for name in named} - seen - set(waiting)
    assert len(seen) > 8
    old = await browser.get("/components/0123456789abcdef/shareload.js")
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "public, no-cache")
    for wrong in (
        "/components/",
        "/components/policy.js",
        "/components/0/../../settings.py",
        "/components/0/phrases.json",
    ):
        assert (await browser.get(wrong)).status_code == 404, wrong


async def test_every_language_says_the_same_things() -> None:
    def shape(phrases: dict[str, str]) -> dict[str, list[str]]:
        return {name: sorted(re.findall(r"{(\w+)}", text)) for name, text in phrases.items()}

    assert {language for language, phrases in spoken().items() if shape(phrases) != shape(spoken()["en"])} == set()
    assert len(spoken()) >= 7


async def test_somebody_who_is_signed_in_copies_what_their_intranet_takes(platform: Platform) -> None:
    person = await platform.as_person("E-1")
    stranger = await platform.client_for()

    page = await person.get("/embed")
    assert '<option value="social-media">Social media policy</option>' in page.text
    assert page.headers["Content-Security-Policy"].endswith("frame-src 'self'")
    window = await stranger.get("/embed/sign-in", params={"policy": "social-media"})
    assert window.headers["Location"] == "/sign-in?next=%2Fembed%2Fsign-in%3Fpolicy%3Dsocial-media"
    assert 'data-policy="social-media"' in (await person.get(str(window.request.url))).text
    assert (await person.get("/embed/sign-in", params={"policy": '"><script>'})).status_code == 422


async def test_the_feed_tells_of_each_version_that_came_into_force(platform: Platform) -> None:
    reader = await client_with(platform, "policies:read")
    (first,) = await entries(reader)
    assert first.findtext("a:summary", namespaces=ATOM) == "As agreed."
    before = await reader.get("/feeds/policies.atom")
    same = await reader.get("/feeds/policies.atom", headers={"If-None-Match": before.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")

    await publish(platform, POLICY.replace("title: Social media policy", 'title: "A < B & \\x01 C"'))
    await platform.settle()
    told = await entries(reader)
    titles = [entry.findtext("a:title", namespaces=ATOM) for entry in told]
    assert titles[1] == "Social media policy, version 1"
    assert titles[0].startswith("A < B & ")
    assert len({entry.findtext("a:id", namespaces=ATOM) for entry in told}) == 2
    assert len(await entries(await platform.client_for())) == 2
