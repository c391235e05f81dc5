"""What is compressed on its way to clients, and what must not be."""

import json

import httpx

from tests.gateway.story import add_people, client_with, publish
from tests.platform import Platform

POLICY = "/v1/policies/social-media"


def coding(answer: httpx.Response) -> str | None:
    """Return how an answer was packed."""
    assert answer.status_code == 200, answer.text
    packed: str | None = answer.headers.get("Content-Encoding")
    return packed


async def test_keys_and_our_own_pages_get_lists_compressed_and_what_another_site_may_have_asked_is_not(
    platform: Platform,
) -> None:
    await add_people(platform, 8)
    await publish(platform)
    await platform.settle()
    browser = await platform.as_person("E-1", "admin")
    reader = await client_with(platform, "policies:read", "people:read")

    for path in ("/v1/people", "/embed/policies/social-media"):
        asked = {"Accept": "text/html, application/json"}
        assert coding(await reader.get(path, headers=asked)) == "gzip"
        assert coding(await reader.get(path, headers=asked | {"Accept-Encoding": "identity"})) is None
    for path in (POLICY, "/v1/people"):
        assert coding(await browser.get(path)) is None
        assert coding(await browser.get(path, headers={"Sec-Fetch-Site": "cross-site"})) is None
        assert coding(await browser.get(path, headers={"Sec-Fetch-Site": "same-site"})) is None
        assert coding(await browser.get(path, headers={"Sec-Fetch-Site": "same-origin"})) == "gzip"
    kept = await reader.get(POLICY)
    again = await reader.get(POLICY, headers={"If-None-Match": kept.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_files_of_pages_are_the_same_the_short_way_and_the_long(platform: Platform) -> None:
    short = {"Accept-Encoding": "gzip"}
    long = short | {"Origin": "https://elsewhere.example"}
    for path in ("/static/shareload.css?v=1", "/static/portal.js", "/static/mark.svg?v=1"):
        soon, late = [await platform.client.get(path, headers=headers) for headers in (short, long)]
        assert (coding(soon), soon.content) == ("gzip", late.content)
        for name in ("ETag", "Content-Type", "Cache-Control", "Content-Length", "X-Content-Type-Options"):
            assert soon.headers[name] == late.headers[name], name
        assert ("RateLimit" in soon.headers, "RateLimit" in late.headers) == (False, True)
        again = await platform.client.get(path, headers=short | {"If-None-Match": soon.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    for path in ("/static/nothing.js", "/static/../files.py", "/static/%2e%2e/files.py"):
        assert (await platform.client.get(path, headers=short)).status_code == 404


async def test_the_documents_are_compressed_and_asked_for_once(platform: Platform) -> None:
    for path in ("/openapi.json", "/asyncapi.json"):
        packed = await platform.client.get(path)
        plain = await platform.client.get(path, headers={"Accept-Encoding": "identity"})
        assert (coding(packed), coding(plain)) == ("gzip", None)
        assert packed.json() == json.loads(plain.content)
        assert int(packed.headers["Content-Length"]) < len(plain.content) / 5
        again = await platform.client.get(path, headers={"If-None-Match": packed.headers["ETag"]})
        assert again.status_code == 304
