"""Endpoints are told what happens: what they asked for, as far as they may know it, signed, each once."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.contracts.judges.install import FOLDER
from tests.contracts.test_documents import node
from tests.evidence import evidence_of
from tests.gateway.telling import KEY, PERSON, POST, Answer, Heard, Telling, subjects, until


async def test_an_endpoint_is_told_what_it_asked_for_signed_as_the_standard_says(gateway_on_both: Telling) -> None:
    gateway = gateway_on_both
    hook = await gateway.webhook(types=["training.person.*"])
    [post] = await gateway.happen("post/1", event_type=POST)
    [told] = await gateway.happen("person/1")
    await until(lambda: gateway.receiver.heard)

    [heard] = gateway.receiver.heard
    assert heard.id == told != post
    assert heard.headers["content-type"] == "application/json"
    event = Webhook(hook["secret"]).verify(heard.body, heard.headers)
    assert (event["id"], event["type"], event["subject"]) == (told, PERSON, "person/1")
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(heard.body.replace(b"person/1", b"person/2"), heard.headers)
    await gateway.eventually(lambda: gateway.deliveries(hook))
    [delivery] = await gateway.deliveries(hook)
    assert (delivery["state"], delivery["event_id"], delivery["body"].encode()) == ("delivered", told, heard.body)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]


async def test_the_standards_own_library_for_javascript_accepts_what_is_sent(gateway: Telling) -> None:
    hook = await gateway.webhook()
    tried = await gateway.ask("POST", f"{hook['id']}/test")
    assert tried["delivered"] is True
    [heard] = gateway.receiver.heard
    message = {"secret": hook["secret"], "headers": heard.headers, "body": heard.body.decode()}

    assert json.loads(node(FOLDER, FOLDER / "webhooks.mjs", json.dumps(message))) == {
        "right": "gateway.webhook.tested.v1",
        "wrong": "No matching signature found",
    }


async def test_what_an_endpoint_hears_is_what_a_key_with_its_scopes_reads(gateway: Telling) -> None:
    await gateway.webhook("/plain")
    await gateway.webhook("/staff", scopes=["people:read"])
    await gateway.happen("person/1", name="Ada", department="Care")
    await until(lambda: len(gateway.receiver.heard) == 2)

    page = await gateway.client.get("/v1/events", headers={"Accept": "application/x-ndjson"})
    whole = [json.loads(line)["data"] for line in page.text.splitlines() if json.loads(line)["type"] == PERSON]
    [plain], [staff] = gateway.receiver.at("/plain"), gateway.receiver.at("/staff")
    assert plain.event["data"] == {"id": "1", "department": "Care"}
    assert [staff.event["data"]] == whole == [{"id": "1", "name": "Ada", "department": "Care"}]


async def test_each_event_reaches_each_endpoint_once_and_hanging_ones_hold_up_nobody(gateway: Telling) -> None:
    hooks = [await gateway.webhook(f"/{number}") for number in range(10)]
    for number in (3, 7):
        gateway.receiver.hang(f"/{number}")
    told = await gateway.happen(*subjects(100))
    healthy = [number for number in range(10) if number not in {3, 7}]
    await until(lambda: all(len(gateway.receiver.at(f"/{number}")) >= 100 for number in healthy), within=10)

    for number in healthy:
        assert sorted(heard.id for heard in gateway.receiver.at(f"/{number}")) == sorted(told)
    assert all(len(gateway.receiver.at(f"/{number}")) <= 10 for number in (3, 7))
    behind = (await gateway.ask("GET", hooks[3]["id"]))["behind"]
    assert behind >= 100


async def test_with_order_by_subject_a_later_event_waits_for_the_earlier(gateway: Telling) -> None:
    hook = await gateway.webhook(types=["training"], ordering="subject")
    refused = 3
    seen: list[str] = []

    async def refuse_some_times(heard: Heard) -> Answer:
        nonlocal refused
        seen.append(heard.id)
        if heard.event["subject"] == "person/a" and refused:
            refused -= 1
            return 500, {}, b"not yet"
        return 200, {}, b""

    gateway.receiver.answers["/hook"] = refuse_some_times
    first, other, second = await gateway.happen("person/a", "person/b", "person/a")
    [third] = await gateway.happen("person/a")
    await until(lambda: other in seen)
    for _ in range(3):
        before = len(seen)
        assert second not in seen
        await gateway.eventually(lambda: due_later(gateway, hook))
        await gateway.pass_time(timedelta(minutes=10))
        await until(partial(more_than, seen, before))
    await until(lambda: third in seen)

    assert [each for each in seen if each != other] == [first] * 4 + [second, third]


def more_than(seen: list[str], before: int) -> bool:
    return len(seen) > before


async def due_later(gateway: Telling, hook: dict[str, Any]) -> bool:
    """Say whether the last try is written down."""
    waiting = await gateway.deliveries(hook, state="waiting")
    return any(each["attempts"] and each["next_at"] > gateway.clock.now().isoformat() for each in waiting)


async def test_both_secrets_sign_until_the_old_ones_time_is_over(gateway: Telling) -> None:
    hook = await gateway.webhook()
    rotated = await gateway.ask("POST", f"{hook['id']}/secret-rotation", {"overlap_hours": 24})
    assert rotated["secret"] != hook["secret"]
    await gateway.ask("POST", f"{hook['id']}/test")
    [heard] = gateway.receiver.heard
    for secret in (hook["secret"], rotated["secret"]):
        Webhook(secret).verify(heard.body, heard.headers)
    assert len(heard.headers["webhook-signature"].split()) == 2

    await gateway.pass_time(timedelta(hours=25))
    await gateway.happen("person/1")
    await until(lambda: len(gateway.receiver.heard) == 2)
    assert len(gateway.receiver.heard[1].headers["webhook-signature"].split()) == 1
    assert "secret" not in await gateway.ask("GET", hook["id"])


async def test_a_secret_stands_in_no_table_and_is_never_answered_again(gateway: Telling) -> None:
    answer = await gateway.client.post(
        "/v1/webhooks",
        json={"name": "x", "url": f"{gateway.receiver.url}/x"},
        headers={"Idempotency-Key": "again"},
    )
    secret = answer.json()["secret"].removeprefix("whsec_")
    folder = gateway.app.state.settings.data_dir
    await gateway.db.forget_pages()

    assert [path.name for path in folder.rglob("gateway.db*") if secret.encode() in path.read_bytes()] == []
    assert secret not in (await gateway.client.get("/v1/webhooks")).text


async def test_a_test_says_what_the_endpoint_said(gateway: Telling) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 503, b"Under repair." + b"x" * 5000)
    tried = await gateway.ask("POST", f"{hook['id']}/test", headers={"Idempotency-Key": "once"})
    again = await gateway.ask("POST", f"{hook['id']}/test", headers={"Idempotency-Key": "once"})

    assert (tried["delivered"], tried["attempt"]["status"]) == (False, 503)
    assert tried["attempt"]["answer"].startswith("Under repair.")
    assert len(tried["attempt"]["answer"]) == 1024
    assert (again, len(gateway.receiver.heard)) == (tried, 1)
    [logged] = await gateway.deliveries(hook, state="dead")
    assert (logged["id"], logged["type"]) == (tried["delivery"], "gateway.webhook.tested.v1")


async def test_every_change_is_told_and_in_evidence_and_a_stale_one_is_refused(gateway: Telling) -> None:
    hook = await gateway.webhook()
    path = f"/v1/webhooks/{hook['id']}"
    tag = (await gateway.client.get(path)).headers["ETag"]
    changed = await gateway.client.patch(path, json={"types": ["training.*"]}, headers={"If-Match": tag})
    assert changed.json()["types"] == ["training.*"]
    stale = await gateway.client.patch(path, json={"name": "other"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    for action in ("pause", "pause", "resumption"):
        await gateway.ask("POST", f"{hook['id']}/{action}")
    assert (await gateway.client.delete(path)).status_code == 204
    assert (await gateway.client.get(path)).status_code == 404

    deeds = ["created", "changed", "paused.by_hand", "resumed", "deleted"]
    found = [await evidence_of(gateway.db, f"webhook.{deed}") for deed in deeds]
    assert [[entry[0] for entry in entries] for entries in found] == [[f"webhooks/{hook['id']}"]] * 5
    asked = {"after": "start", "types": "gateway.webhook"}

    async def told() -> list[str]:
        page = await gateway.client.get("/v1/events", params=asked, headers={"Accept": "application/x-ndjson"})
        return [json.loads(line)["type"].split(".")[2] for line in page.text.splitlines()]

    async def all_are_told() -> bool:
        return await told() == ["created", "changed", "paused", "resumed", "deleted"]

    await gateway.eventually(all_are_told)


async def test_nobody_lets_an_endpoint_hear_more_than_they_may_read(gateway: Telling) -> None:
    staff = await gateway.webhook("/staff", scopes=["people:read"])
    made = await gateway.client.post(
        "/v1/api-keys", json={"name": "ops", "scopes": ["admin:read", "admin:write", "events:read"]}
    )
    ops = {"Authorization": f"Bearer {made.json()['key']}"}
    limited = await gateway.client.post(
        "/v1/api-keys", json={"name": "care", "scopes": ["admin:read", "admin:write"], "departments": ["Care"]}
    )
    care = {"Authorization": f"Bearer {limited.json()['key']}"}

    async def status(method: str, path: str, headers: dict[str, str], body: Any = None) -> int:
        answer = await gateway.client.request(method, f"/v1/webhooks{path}", json=body, headers=headers)
        return answer.status_code

    hook = {"name": "x", "url": f"{gateway.receiver.url}/x"}
    assert await status("POST", "", ops, {**hook, "scopes": ["people:read"]}) == 403
    assert await status("PATCH", f"/{staff['id']}", ops, {"url": f"{gateway.receiver.url}/mine"}) == 403
    assert await status("POST", f"/{staff['id']}/secret-rotation", ops, {}) == 403
    assert await status("POST", f"/{staff['id']}/replay", ops, {"from": "2026-01-01T00:00:00Z"}) == 403
    assert await status("POST", "", ops, hook) == 201
    assert [await status("GET", path, care) for path in ("", f"/{staff['id']}")] == [403, 403]
    await gateway.happen("person/1", name="Ada")
    await gateway.eventually(lambda: gateway.deliveries(staff))
    seen = await gateway.client.get(f"/v1/webhooks/{staff['id']}/deliveries", headers=ops)
    assert "Ada" not in seen.text
    assert "Ada" in gateway.receiver.at("/staff")[0].body.decode()


async def test_many_changes_at_once_leave_one_channel_for_each_endpoint(gateway: Telling) -> None:
    hook = await gateway.webhook()
    url = f"http://gateway/v1/webhooks/{hook['id']}"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(gateway.app), headers={"Authorization": f"Bearer {KEY}"}
    ) as other:
        answers = await asyncio.gather(*(other.patch(url, json={"name": f"n{n}"}) for n in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    told = await gateway.happen(*subjects(5))
    await until(lambda: len(gateway.receiver.heard) >= 5)
    assert sorted(heard.id for heard in gateway.receiver.heard) == sorted(told)
