"""Sources over the API: set up, read, tried, paused, changed on what one saw, and told of."""

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from services.monitoring.domain.sources.safe import Safe, SourceKeyLost
from tests.monitoring.web import Page, Web, atom, serve
from tests.platform import Platform

NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
async def web(platform: Platform) -> AsyncIterator[Web]:
    """Serve a feed that the platform may fetch."""
    platform.running["monitoring"].app.state.sources._settings.fetch_also = (ip_network("127.0.0.0/8"),)
    assert (await platform.client.put("/v1/brand-terms", json={"names": ["Harbourline"]})).json()["revision"] == 1
    async with serve() as served:
        served.pages["/feed"] = atom(("1", "Ann", "Harbourline?"), ("2", "Bob", "Tea"))
        yield served


async def add(client: httpx.AsyncClient, web: Web) -> str:
    """Set up a source and return its address."""
    body = {"name": "Our blog", "config": {"kind": "feed", "url": f"{web.url}/feed"}}
    made = await client.post("/v1/sources", json=body)
    assert made.status_code == 201, made.text
    return f"/v1/sources/{made.json()['id']}"


async def until_read(client: httpx.AsyncClient, source: str) -> httpx.Response:
    """Wait until a source was read, and return it."""
    async with asyncio.timeout(10):
        while True:
            found = (await client.get(f"{source}/runs")).json()["items"]
            if found and all(run["state"] == "done" for run in found):
                return await client.get(source)
            await asyncio.sleep(0.02)


async def test_a_source_is_set_up_tried_and_read_when_asked(platform: Platform, web: Web) -> None:
    client = platform.client
    source = await add(client, web)
    tried = (await client.post(f"{source}/test", json={})).json()
    assert tried == {"works": True, "message": "2 posts, the newest of 2026-11-20."}
    asked = await client.post(f"{source}/runs", json={}, headers={"Idempotency-Key": "once"})
    assert asked.status_code == 202
    again = await client.post(f"{source}/runs", json={}, headers={"Idempotency-Key": "once"})
    assert again.json()["id"] == asked.json()["id"]
    shown = (await until_read(client, source)).json()
    assert (shown["health"], shown["kept"], shown["dropped"]) == ("well", 1, 1)
    (dropped,) = (await client.get("/v1/dropped-posts")).json()["items"]
    assert (dropped["source"], dropped["posts"]) == (shown["id"], 1)
    web.pages["/feed"] = Page(b"gone")
    assert (await client.post(f"{source}/test", json={})).json()["works"] is False


async def test_a_source_is_paused_changed_and_removed_on_what_one_saw(platform: Platform, web: Web) -> None:
    client = platform.client
    source = await add(client, web)
    seen = await until_read(client, source)
    etag = {"If-Match": seen.headers["ETag"]}
    assert (await client.get(source, headers={"If-None-Match": seen.headers["ETag"]})).status_code == 304
    paused = await client.post(f"{source}/pause", json={"reason": "Too loud."}, headers=etag)
    assert paused.status_code == 200, paused.text
    assert (paused.json()["health"], paused.json()["next_run_at"]) == ("paused", None)
    assert (await client.patch(source, json={"name": "Old"}, headers=etag)).status_code == 412
    assert (await client.post(f"{source}/runs", json={})).status_code == 409
    assert (await client.patch(source, json={"config": {"kind": "folder", "folder": "a"}})).status_code == 409
    assert (await client.delete(f"{source}/pause")).status_code == 204
    assert (await client.delete(source)).status_code == 204
    assert (await client.get(source)).status_code == 404
    await platform.settle()
    told = await client.get("/v1/events", params={"after": "start", "types": "monitoring.source"}, headers=NDJSON)
    healths = [json.loads(line)["data"].get("health") for line in told.text.splitlines() if '"type"' in line]
    assert healths[:3] == ["new", "well", "paused"]
    assert healths[-1] is None


async def test_a_body_that_is_no_source_is_refused_with_the_place(platform: Platform) -> None:
    for config, place in (
        ({"kind": "feed", "url": "file:///etc/passwd"}, "/config/url"),
        ({"kind": "feed"}, "/config/url"),
        ({"kind": "feed", "url": f"https://{'x' * 64}.example"}, "/config/url"),
        ({"kind": "feed", "url": "https://x.example:99999"}, "/config/url"),
        ({"kind": "feed", "url": "https:///feed"}, "/config/url"),
        ({"kind": "bluesky", "stream": f"wss://{'x' * 64}.example"}, "/config/stream"),
        ({"kind": "bluesky", "server": "https://a..b"}, "/config/server"),
        ({"kind": "folder"}, "/config/folder"),
        ({"kind": "nothing"}, "/config"),
        ({"kind": "feed", "url": "https://x.example", "surprise": 1}, "/config/surprise"),
    ):
        answer = await platform.client.post("/v1/sources", json={"name": "X", "config": config})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == place


async def test_a_key_of_some_departments_changes_nothing_that_comes_in_for_all(platform: Platform) -> None:
    scopes = ["monitoring:read", "monitoring:write"]
    made = await platform.client.post("/v1/api-keys", json={"name": "x", "scopes": scopes, "departments": ["Support"]})
    limited = await platform.client_for(headers={"Authorization": f"Bearer {made.json()['key']}"})
    assert (await limited.get("/v1/sources")).status_code == 200
    assert (await limited.put("/v1/brand-terms", json={"names": ["Acme"]})).status_code == 403
    folder = {"name": "Files", "config": {"kind": "folder", "folder": "posts"}}
    assert (await limited.post("/v1/sources", json=folder)).status_code == 403


def test_secrets_are_sealed_for_one_source_and_open_with_the_same_key_only(tmp_path: Path) -> None:
    safe = Safe(tmp_path / "key.json")
    sealed = safe.seal("one", {"password": "hunter2"})
    assert sealed is not None
    assert b"hunter2" not in sealed
    assert Safe(tmp_path / "key.json").open("one", sealed) == {"password": "hunter2"}
    for safe_with, source in ((safe, "two"), (Safe(tmp_path / "other.json"), "one")):
        with pytest.raises(SourceKeyLost):
            safe_with.open(source, sealed)
