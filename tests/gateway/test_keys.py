"""Who may do what: keys and their scopes."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.gateway.limiter import Limiter
from shared.db import Session
from shared.problems import TooManyRequests
from tests.evidence import evidence_of
from tests.gateway.story import add_people, client_with
from tests.platform import Platform


async def test_without_a_key_or_with_a_wrong_one_nothing_is_answered(platform: Platform) -> None:
    nobody = await platform.client_for()
    for path in ("/v1/people", "/v1/api-keys", "/v1/events", "/embed/policies/social-media"):
        assert (await nobody.get(path)).status_code == 401, path
        wrong = await nobody.get(path, headers={"Authorization": "Bearer sl_wrong"})
        assert wrong.status_code == 401, path
        assert wrong.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_key_does_what_its_scopes_say_and_no_more(platform: Platform) -> None:
    reader = await client_with(platform, "people:read")

    assert (await reader.get("/v1/people")).status_code == 200
    assert (await reader.post("/v1/people", json={})).status_code == 403
    assert (await reader.get("/v1/api-keys")).status_code == 403
    assert (await reader.get("/v1/events")).status_code == 403


async def test_a_key_works_from_the_answer_that_made_it_until_it_is_revoked(platform: Platform) -> None:
    made = (await platform.client.post("/v1/api-keys", json={"name": "hr", "scopes": ["people:read"]})).json()
    client = await platform.client_for(headers={"Authorization": f"Bearer {made['key']}"})

    assert (await client.get("/v1/people")).status_code == 200
    assert (await platform.client.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    assert (await client.get("/v1/people")).status_code == 401
    assert (await platform.client.get(f"/v1/api-keys/{made['id']}")).json()["revoked_at"] is not None


async def test_keys_and_sign_ins_are_in_evidence(platform: Platform) -> None:
    (person,) = await add_people(platform, 1)
    await platform.settle()
    made = (await platform.client.post("/v1/api-keys", json={"name": "hr", "scopes": ["people:read"]})).json()
    for _ in range(2):
        await platform.client.delete(f"/v1/api-keys/{made['id']}")
    await platform.as_person("E-1")

    db = platform.running["gateway"].app.state.db
    (created,) = await evidence_of(db, "api_key.created")
    assert (created[0], created[1] is not None) == (f"api-keys/{made['id']}", True)
    assert await evidence_of(db, "api_key.revoked") == [(f"api-keys/{made['id']}", None, None)]
    assert [who for _, _, who in await evidence_of(db, "sign_in.succeeded")] == [person]


async def test_a_key_ends_when_it_was_made_to(platform: Platform) -> None:
    ends = (platform.clock.now() + timedelta(days=1)).isoformat()
    body = {"name": "trial", "scopes": ["people:read"], "expires_at": ends}
    made = (await platform.client.post("/v1/api-keys", json=body)).json()
    client = await platform.client_for(headers={"Authorization": f"Bearer {made['key']}"})

    assert (await client.get("/v1/people")).status_code == 200
    await platform.advance(timedelta(days=1))
    assert (await client.get("/v1/people")).status_code == 401


async def test_nobody_gives_a_key_more_than_they_have(platform: Platform) -> None:
    admin = await client_with(platform, "admin:read", "admin:write", "people:read", departments=["Care"])

    more = await admin.post("/v1/api-keys", json={"name": "x", "scopes": ["people:write"], "departments": ["Care"]})
    wider = await admin.post("/v1/api-keys", json={"name": "x", "scopes": ["people:read"]})
    fine = await admin.post("/v1/api-keys", json={"name": "x", "scopes": ["people:read"], "departments": ["Care"]})
    assert [more.status_code, wider.status_code, fine.status_code] == [403, 403, 201]


async def test_the_secret_of_a_key_is_shown_once_and_kept_nowhere(platform: Platform) -> None:
    headers = {"Idempotency-Key": "again"}
    body = {"name": "hr", "scopes": ["people:read"]}
    made = (await platform.client.post("/v1/api-keys", json=body, headers=headers)).json()
    await platform.settle()

    def find(session: Session) -> list[str]:
        tables = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return [
            table
            for table in tables
            for row in session.execute(text(f'SELECT * FROM "{table}"')).all()
            if made["key"]
            in "".join(bytes(v).decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row)
        ]

    assert await platform.running["gateway"].app.state.db.read(find) == []
    listed = (await platform.client.get("/v1/api-keys")).text
    assert made["key"] not in listed
    assert made["prefix"] in listed


async def test_a_scope_that_does_not_exist_is_refused_by_name(platform: Platform) -> None:
    answer = await platform.client.post("/v1/api-keys", json={"name": "x", "scopes": ["people:admire"]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/scopes")
    assert "people:admire" in answer.json()["errors"][0]["detail"]


async def test_each_answer_says_what_is_left_of_the_limit(platform: Platform) -> None:
    await add_people(platform, 1)
    answers = [await platform.client.get("/v1/people/E-1") for _ in range(2)]
    left = [int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in answers]

    assert answers[0].headers["RateLimit-Policy"] == '"default";q=60000;w=60'
    assert left[1] == left[0] - 1


def test_who_asks_too_often_is_told_when_to_go_on() -> None:
    limiter = Limiter("3/minute")
    for _ in range(3):
        limiter.count("key:1")
    with pytest.raises(TooManyRequests) as problem:
        limiter.count("key:1")

    assert 1 <= (problem.value.retry_after or 0) <= 60
    assert limiter.count("key:2")


async def test_the_keys_and_sessions_of_somebody_who_leaves_end_with_them(platform: Platform) -> None:
    (person,) = await add_people(platform, 1)
    await platform.settle()
    admin = await platform.as_person("E-1", "admin")
    made = (await admin.post("/v1/api-keys", json={"name": "hr", "scopes": ["people:read"]})).json()
    theirs = await platform.client_for(headers={"Authorization": f"Bearer {made['key']}"})
    assert [(await client.get("/v1/people")).status_code for client in (admin, theirs, platform.client)] == [200] * 3

    off = {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    answer = await platform.client.patch(f"/scim/v2/Users/{person}", json=off, headers={"Prefer": "wait=5"})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert [(await client.get("/v1/people")).status_code for client in (admin, theirs, platform.client)] == [
        401,
        401,
        200,
    ]
    db = platform.running["gateway"].app.state.db
    assert await evidence_of(db, "api_key.revoked") == [(f"api-keys/{made['id']}", None, None)]
