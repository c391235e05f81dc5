"""The whole loop, through the gateway's API alone: from a policy to a colleague who answers a customer."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.platform import Platform

PEOPLE = """employee_number,name,email,department,region,manager,languages
E-1,Ines Quiroga,ines@harbour.example,Communications,EMEA,,en;es
E-2,Tomasz Wilk,tomasz@harbour.example,Legal,EMEA,E-1,en;pl
E-3,Ama Boateng,ama@harbour.example,Care,EMEA,E-1,en;de
E-4,Lukas Brandt,lukas@harbour.example,Care,EMEA,E-3,en;de
E-5,Mei Tanaka,mei@harbour.example,Care,APAC,E-3,en
"""

POLICY = """---
title: Social media policy
locale: en
---
# Speak as yourself {#speak-as-yourself}
Say who you work for when you talk about our products.

```rule
id: disclose-employer
severity: hold
detect:
  disclosure: {of: ["Harbour", "HarbourPhone"], tags: ["#HarbourTeam"]}
message: Say that you work here when you praise our products.
suggestion: "Add #HarbourTeam."
examples:
  match: ["The new HarbourPhone is brilliant!"]
  pass: ["The new HarbourPhone is brilliant! #HarbourTeam"]
```

# Promise only what we can keep {#promises}
We do not guarantee what depends on others.

```rule
id: no-guarantee
severity: block
detect:
  words: ["guarantee", "guaranteed"]
message: We do not guarantee delivery dates.
examples:
  match: ["Delivery on Friday is guaranteed."]
  pass: ["Delivery is planned for Friday."]
```
"""

QUIZ = {
    "kind": "quiz",
    "key": "check",
    "title": "What do you remember?",
    "draw": 3,
    "pass_mark": 0.6,
    "questions": [
        {
            "key": f"q{n}",
            "kind": "single",
            "text": f"Question {n}: which answer is kind?",
            "options": [
                {"text": f"The kind answer {n}", "correct": True, "feedback": "Yes."},
                {"text": f"The curt answer {n}", "correct": False, "feedback": "Kindness first."},
                {"text": f"No answer {n}", "correct": False, "feedback": "Silence is an answer, too."},
            ],
        }
        for n in range(6)
    ],
}
LESSON = {"kind": "lesson", "key": "read", "title": "Be kind", "minutes": 5, "markdown": "# Be kind\n\nFirst listen."}


async def ok(answer: httpx.Response) -> Any:
    """Return the body of an answer that must have gone well."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


async def publish(platform: Platform, source: str = POLICY) -> None:
    client = platform.client
    await ok(await client.post("/v1/policies", json={"key": "social-media", "title": "Social media policy"}))
    draft = {"source": source, "change_note": "first", "material": True, "employee_number": "E-1"}
    await ok(await client.post("/v1/policies/social-media/versions", json=draft))
    version = "/v1/policies/social-media/versions/1"
    await ok(await client.post(f"{version}/review", json={}))
    await ok(await client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-2"}))
    await ok(await client.post(f"{version}/publication", json={}))
    await platform.settle()


async def define_responder(platform: Platform) -> None:
    client = platform.client
    await ok(await client.post("/v1/courses", json={"key": "answering", "title": "Answering customers"}))
    await ok(await client.post("/v1/courses/answering/versions", json={"modules": [LESSON, QUIZ]}))
    certification = {
        "key": "responder",
        "title": "Responder",
        "description": "Answers customers.",
        "courses": ["answering"],
        "policies": ["social-media"],
        "certifications": [],
        "validity_days": 365,
        "expiring_days": 60,
    }
    await ok(await client.post("/v1/certifications", json=certification))


async def take_the_course(platform: Platform, employee_number: str) -> None:
    client = platform.client
    enrolment = await ok(
        await client.post("/v1/enrolments", json={"employee_number": employee_number, "course": "answering"})
    )
    path = f"/v1/enrolments/{enrolment['id']}"
    await ok(await client.post(f"{path}/lessons/read/completion", json={}))
    attempt = await ok(await client.post(f"{path}/attempts", json={"module": "check"}))
    assert len(attempt["items"]) == 3
    assert "correct" not in json.dumps(attempt["items"])
    for item in attempt["items"]:
        kind = next(option["id"] for option in item["options"] if "kind answer" in option["text"])
        await ok(await client.put(f"/v1/attempts/{attempt['id']}/answers/{item['id']}", json={"options": [kind]}))
    result = await ok(await client.post(f"/v1/attempts/{attempt['id']}/submission", json={}))
    assert result["passed"] is True


async def acknowledge(platform: Platform, employee_number: str) -> dict[str, Any]:
    path = "/v1/policies/social-media/versions/1/acknowledgements"
    receipt: dict[str, Any] = await ok(await platform.client.post(path, json={"employee_number": employee_number}))
    return receipt


async def import_people(platform: Platform) -> None:
    report = await ok(
        await platform.client.post("/v1/people/imports", content=PEOPLE, headers={"Content-Type": "text/csv"})
    )
    assert (report["created"], report["rejected"]) == (5, 0)
    await platform.settle()


async def certify(platform: Platform, *employee_numbers: str) -> None:
    for employee_number in employee_numbers:
        await take_the_course(platform, employee_number)
        await acknowledge(platform, employee_number)
    await platform.settle()


async def status_of(platform: Platform, employee_number: str) -> dict[str, Any]:
    body = {"employee_numbers": [employee_number], "certification": "responder"}
    answer = await ok(await platform.client.post("/v1/certificate-statuses", json=body))
    items: list[dict[str, Any]] = answer["items"]
    return items[0]


async def be_online(platform: Platform, *employee_numbers: str) -> None:
    for employee_number in employee_numbers:
        availability = {"languages": ["en", "de"], "topics": [], "capacity": 3, "weekly_minutes": 600, "online": True}
        await ok(await platform.client.put(f"/v1/availability/{employee_number}", json=availability))
    await platform.settle()


@pytest.mark.parametrize("last", ["acknowledgement", "course"])
async def test_a_certificate_comes_with_the_last_part_whichever_service_tells_it(platform: Platform, last: str) -> None:
    await import_people(platform)
    await publish(platform)
    await define_responder(platform)
    assert (await status_of(platform, "E-4"))["status"] == "none"

    steps = [lambda: take_the_course(platform, "E-4"), lambda: acknowledge(platform, "E-4")]
    for step in steps if last == "acknowledgement" else reversed(steps):
        assert (await status_of(platform, "E-4"))["status"] == "none"
        await step()
        await platform.settle()

    status = await status_of(platform, "E-4")
    assert (status["status"], status["certified"]) == ("valid", True)
    held = await ok(await platform.client.get("/v1/certificates", params={"employee_number": "E-4"}))
    assert len(held["items"]) == 1
    assert {section["section"] for section in held["items"][0]["sections"]} == {"speak-as-yourself", "promises"}
    changes = await ok(await platform.client.get("/v1/certificate-changes"))
    assert [change["change"] for change in changes["items"]] == ["issued"]
    assert changes["next_cursor"]


async def test_a_draft_gets_a_verdict_with_section_version_and_span(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform)

    text = "Ours 🎉: the HarbourPhone is great"
    check = await ok(
        await platform.client.post("/v1/checks", json={"text": text, "network": "mastodon", "kind": "post"})
    )
    assert check["verdict"] == "hold"
    (reason,) = check["reasons"]
    assert (reason["policy"], reason["version"], reason["section"]) == ("social-media", 1, "speak-as-yourself")
    assert text[reason["span"]["start"] : reason["span"]["end"]] == "HarbourPhone"
    assert check["disclosure"] == "#HarbourTeam"

    clear = await ok(
        await platform.client.post("/v1/checks", json={"text": "Good morning!", "network": "x", "kind": "post"})
    )
    assert clear["verdict"] == "clear"


async def post_twice(platform: Platform) -> None:
    account = {"network": "mastodon", "handle": "@lukas", "kind": "staff", "employee_number": "E-4"}
    await ok(await platform.client.post("/v1/accounts", json=account))
    post = {
        "network": "mastodon",
        "network_id": "m-1",
        "kind": "staff",
        "author": "@lukas",
        "text": "The HarbourPhone is simply the best.",
        "posted_at": platform.clock.now().isoformat(),
    }
    first = await ok(await platform.client.post("/v1/posts", json=post))
    again = await ok(await platform.client.post("/v1/posts", json=[post]))
    assert [first["items"][0]["status"], again["items"][0]["status"]] == ["accepted", "duplicate"]
    await platform.settle()


async def test_a_finding_becomes_guidance_that_the_person_reads_and_acknowledges(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform)
    await post_twice(platform)
    (finding,) = (await ok(await platform.client.get("/v1/findings")))["items"]
    assert (finding["rule"], finding["person"], finding["state"]) == ("disclose-employer", "E-4", "open")
    coach = await platform.as_person("E-3", "coach")
    claimed = await coach.post(
        f"/v1/findings/{finding['id']}/claim", json={}, headers={"If-Match": f'"{finding["revision"]}"'}
    )
    assert (await ok(claimed))["coach"] == "E-3"
    stale = await coach.post(
        f"/v1/findings/{finding['id']}/claim", json={}, headers={"If-Match": f'"{finding["revision"]}"'}
    )
    assert stale.status_code in {409, 412}
    words = {"message": "Lovely enthusiasm! Add #HarbourTeam, so people know where you stand."}
    await ok(await coach.post(f"/v1/findings/{finding['id']}/guidance", json=words))
    await platform.settle()

    person = await platform.as_person("E-4")
    (guidance,) = (await ok(await person.get("/v1/guidance")))["items"]
    assert guidance["message"] == words["message"]
    await ok(await person.post(f"/v1/guidance/{guidance['id']}/acknowledgement", json={}))
    closed = await ok(await platform.client.get(f"/v1/findings/{finding['id']}"))
    assert closed["state"] == "closed"


async def mention(platform: Platform, network_id: str, language: str = "de") -> None:
    post = {
        "network": "mastodon",
        "network_id": network_id,
        "kind": "mention",
        "author": f"@customer-{network_id}",
        "text": "@harbour Mein Telefon lädt nicht mehr, was nun?",
        "lang": language,
        "posted_at": platform.clock.now().isoformat(),
    }
    await ok(await platform.client.post("/v1/posts", json=post))
    await platform.settle()


async def conversation(platform: Platform) -> dict[str, Any]:
    items: list[dict[str, Any]] = (await ok(await platform.client.get("/v1/conversations")))["items"]
    assert len(items) == 1
    return items[0]


async def test_a_mention_goes_to_a_certified_colleague_and_on_when_the_certificate_is_suspended(
    platform: Platform,
) -> None:
    await import_people(platform)
    await publish(platform)
    await define_responder(platform)
    await be_online(platform, "E-3", "E-4", "E-5")
    await mention(platform, "c-1")
    waiting = await conversation(platform)
    assert (waiting["state"], waiting["assignee"]) == ("queued", None)
    assert "responder" in waiting["missing"]

    await certify(platform, "E-3", "E-4")
    assigned = await conversation(platform)
    assert assigned["state"] == "assigned"
    first = assigned["assignee"]
    assert first in {"E-3", "E-4"}

    held = await ok(await platform.client.get("/v1/certificates", params={"employee_number": first}))
    suspension = f"/v1/certificates/{held['items'][0]['id']}/suspension"
    await ok(await platform.client.post(suspension, json={"reason": "Under review."}))
    await platform.settle()
    assert (await conversation(platform))["assignee"] == ({"E-3", "E-4"} - {first}).pop()


async def test_a_silent_person_loses_the_conversation_to_the_next(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform)
    await define_responder(platform)
    await be_online(platform, "E-3", "E-4")
    await certify(platform, "E-3", "E-4")
    await mention(platform, "c-1")
    first = await conversation(platform)
    await platform.advance(timedelta(hours=1))
    second = await conversation(platform)
    assert second["state"] == "assigned"
    assert {first["assignee"], second["assignee"]} == {"E-3", "E-4"}


async def test_the_event_stream_resumes_exactly_where_it_was_left(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform)
    everything = await read_events(platform.client, None)
    assert "policy.version.in_force.v1" in [event["type"] for event in everything]
    ids = [event["id"] for event in everything]
    assert len(ids) == len(set(ids))

    seen: list[str] = []
    cursor = None
    while len(seen) < len(ids):
        page = await platform.client.get(
            "/v1/events", params={"limit": 2, **({"after": cursor} if cursor else {})}, headers=NDJSON
        )
        lines = [json.loads(line) for line in page.text.splitlines()]
        seen += [line["id"] for line in lines if "id" in line]
        cursor = page.headers["Next-Cursor"]
    assert seen == ids


NDJSON = {"Accept": "application/x-ndjson"}


async def read_events(client: httpx.AsyncClient, after: str | None) -> list[dict[str, Any]]:
    page = await client.get("/v1/events", params={"after": after} if after else {}, headers=NDJSON)
    assert page.status_code == 200, page.text
    return [json.loads(line) for line in page.text.splitlines() if line]


async def test_an_intranet_embeds_the_policy_and_reads_it_with_an_etag(platform: Platform) -> None:
    await import_people(platform)
    await publish(platform)
    policy = await platform.client.get("/v1/policies/social-media")
    assert [section["id"] for section in policy.json()["sections"]] == ["speak-as-yourself", "promises"]
    again = await platform.client.get("/v1/policies/social-media", headers={"If-None-Match": policy.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    embed = await platform.client.get("/embed/policies/social-media")
    assert embed.headers["Content-Type"].startswith("text/html")
    assert "Say who you work for" in embed.text
    assert (
        "script-src" in embed.headers["Content-Security-Policy"]
        or "default-src 'none'" in embed.headers["Content-Security-Policy"]
    )
