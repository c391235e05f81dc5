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


async def test_clients_with_a_key_get_lists_and_frames_compressed_and_browsers_with_a_cookie_do_not(
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
    kept = await reader.get(POLICY)
    again = await reader.get(POLICY, headers={"If-None-Match": kept.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_documents_are_compressed_and_asked_for_once(platform: Platform) -> None:
    for path in ("/openapi.json", "/asyncapi.json"):
        packed = await platform.client.get(path)
        plain = await platform.client.get(path, headers={"Accept-Encoding": "identity"})
        assert (coding(packed), coding(plain)) == ("gzip", None)
        assert packed.json() == json.loads(plain.content)
        assert int(packed.headers["Content-Length"]) < len(plain.content) / 5
        again = await platform.client.get(path, headers={"If-None-Match": packed.headers["ETag"]})
        assert again.status_code == 304
