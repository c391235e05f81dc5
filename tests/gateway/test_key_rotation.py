"""A key's secret is replaced while its machines are changed one by one, and is nowhere that others read."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from shared import logs
from shared.db import Session
from tests.evidence import evidence_of
from tests.gateway.story import client_with
from tests.platform import Platform

HR = {"name": "hr", "scopes": ["people:read"]}


async def with_key(platform: Platform, key: str) -> httpx.AsyncClient:
    """Return a machine."""
    return await platform.client_for(headers={"Authorization": f"Bearer {key}"})


async def works(platform: Platform, *keys: str) -> list[bool]:
    """Say which keys are taken."""
    return [(await (await with_key(platform, key)).get("/v1/people")).status_code == 200 for key in keys]


async def test_both_secrets_work_for_the_overlap_and_only_the_new_one_after_it(platform: Platform) -> None:
    first = (await platform.client.post("/v1/api-keys", json=HR)).json()
    path = f"/v1/api-keys/{first['id']}"
    second = (await platform.client.post(f"{path}/rotation", json={"overlap_hours": 2})).json()

    assert second["id"] == first["id"]
    assert await works(platform, first["key"], second["key"]) == [True, True]
    shown = (await platform.client.get(path)).json()
    assert (shown["prefix"], shown["former_prefix"]) == (second["key"][:10], first["key"][:10])
    assert "key" not in shown
    await platform.advance(timedelta(hours=3))
    assert await works(platform, first["key"], second["key"]) == [False, True]
    third = (await platform.client.post(f"{path}/rotation", json={"overlap_hours": 168})).json()
    fourth = (await platform.client.post(f"{path}/rotation", json={"overlap_hours": 0})).json()
    keys = [key["key"] for key in (second, third, fourth)]
    assert await works(platform, *keys) == [False, False, True]
    await platform.client.delete(path)
    assert await works(platform, *keys) == [False, False, False]
    refused = await platform.client.post(f"{path}/rotation", json={})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "key-ended")
    db = platform.running["gateway"].app.state.db
    assert len(await evidence_of(db, "api_key.rotated")) == 3


async def test_nobody_gets_by_rotation_what_they_could_not_make(platform: Platform) -> None:
    strong = (await platform.client.post("/v1/api-keys", json=HR)).json()
    weak = await client_with(platform, "admin:write", "admin:read")
    limited = await client_with(platform, "admin:write", "admin:read", "people:read", departments=["Care"])
    body = {**HR, "departments": ["Care"]}
    theirs = (await limited.post("/v1/api-keys", json=body)).json()
    path = f"/v1/api-keys/{strong['id']}"

    answer = await weak.post(f"{path}/rotation", json={})
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (403, "scope-not-held")
    for refused in (
        await limited.post(f"{path}/rotation", json={}),
        await limited.get(path),
        await limited.delete(path),
    ):
        assert refused.status_code == 404
    assert [key["departments"] for key in (await limited.get("/v1/api-keys")).json()["items"]] == [["Care"]] * 2
    assert (await limited.post(f"/v1/api-keys/{theirs['id']}/rotation", json={})).status_code == 201
    for hours in (-1, 169, "x"):
        assert (await platform.client.post(f"{path}/rotation", json={"overlap_hours": hours})).status_code == 422
    assert await works(platform, strong["key"]) == [True]


async def test_a_key_in_an_address_is_refused_though_it_works_and_is_not_repeated(platform: Platform) -> None:
    key = (await platform.client.post("/v1/api-keys", json=HR)).json()["key"]
    nobody = await platform.client_for()
    for query in (f"api_key={key}", f"access_token={key}", f"x=1&key=Bearer%20{key}"):
        for client in (nobody, await with_key(platform, key)):
            answer = await client.get(f"/v1/people?{query}")
            assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, "key-in-address")
            assert "Authorization" in answer.json()["detail"]
            assert key not in answer.text


async def test_a_key_is_in_no_log_no_problem_no_event_and_no_table(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(platform.running["gateway"].app.state.settings.model_copy(update={"log_level": "debug"}), "gateway")
    made = (await platform.client.post("/v1/api-keys", json=HR, headers={"Idempotency-Key": "once"})).json()
    path = f"/v1/api-keys/{made['id']}/rotation"
    rotated = (await platform.client.post(path, json={}, headers={"Idempotency-Key": "once"})).json()
    keys = [made["key"], rotated["key"], "sl_" + "x" * 43]
    said = ""
    for key in keys:
        client = await with_key(platform, key)
        for address in ("/v1/policies", f"/v1/people?key={key}", "/v1/nothing"):
            said += (await client.get(address)).text
    await platform.settle()

    def everything(session: Session) -> str:
        tables = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return repr([session.execute(text(f"SELECT * FROM {table}")).all() for table in tables])

    for running in platform.running.values():
        said += await running.app.state.db.read(everything)
    events = await platform.client.get("/v1/events?after=start", headers={"Accept": "application/x-ndjson"})
    assert "gateway.key.rotated.v1" in events.text
    logged = "".join(capsys.readouterr())
    assert "/v1/api-keys/{key_id}/rotation" in logged
    for key in keys:
        assert key[10:] not in said + events.text + logged
