"""From the queue to the last word, as coach, author and training see it through the gateway."""

from typing import Any

import httpx

from tests.gateway.story import add_people, publish
from tests.platform import Platform

POST = {"network": "mastodon", "network_id": "1", "kind": "staff", "author": "@one", "text": "Look, a prototype!"}
SOURCE = """---
title: Social media policy
locale: en
---
# Keep our secrets {#secrets}
Wait until it is announced.

```rule
id: no-secrets
severity: hold
disturbing: true
detect: {words: [prototype]}
message: Not before it is announced.
examples: {match: ["Our prototype!"], pass: ["Our shop."]}
```

```rule
id: no-rumours
severity: hold
mode: shadow
detect: {words: [look]}
message: Say what you know.
examples: {match: ["Look!"], pass: ["See."]}
```
"""


async def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


async def prepare(platform: Platform) -> None:
    """Certify E-1, publish the policy and let E-1 break it."""
    await add_people(platform, 3)
    await publish(platform, SOURCE)
    client = platform.client
    await ok(await client.post("/v1/courses", json={"key": "start", "title": "Start"}))
    tier = {"key": "responder", "title": "Responder", "courses": ["start"]}
    await ok(await client.post("/v1/certifications", json=tier))
    learnt = {"employee_number": "E-1", "course": "start", "completed_at": "2026-11-20T10:00:00Z", "source": "lms"}
    await ok(await client.post("/v1/completions", json=learnt))
    own = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    await ok(await client.post("/v1/accounts", json=own))
    await platform.settle()
    await ok(await client.post("/v1/posts", json={**POST, "posted_at": platform.clock.now().isoformat()}))
    await platform.settle()


async def take_on(coach: httpx.AsyncClient) -> str:
    """Take on what comes next and open its text; return the path of the finding."""
    (waiting,) = (await ok(await coach.get("/v1/coaching-queue")))["items"]
    assert (waiting["rule"], waiting["text"], waiting["withheld"]) == ("no-secrets", None, True)
    once = {"Idempotency-Key": "next-1"}
    taken = await ok(await coach.post("/v1/coaching-queue/claims", json={}, headers=once))
    assert await ok(await coach.post("/v1/coaching-queue/claims", json={}, headers=once)) == taken
    path = f"/v1/findings/{taken['id']}"
    opened = await ok(await coach.post(f"{path}/opening", json={}))
    assert (opened["text"], opened["left_today"]) == (POST["text"], 4)
    return path


async def talk(coach: httpx.AsyncClient, author: httpx.AsyncClient, path: str) -> str:
    """Give guidance from a template, and let its reader ask back; return the path of the guidance."""
    words = {"policy": "social-media", "rule": "no-secrets", "title": "Wait", "message": "Wait with it."}
    template = await ok(await coach.post("/v1/guidance-templates", json=words))
    stale = await coach.post(f"{path}/guidance", json={"message": "No."}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    said = {"template": template["id"], "better_wording": "Something is coming!"}
    given = await ok(await coach.post(f"{path}/guidance", json=said))
    cited = {"policy": "social-media", "version": 1, "section": "secrets", "heading": "Keep our secrets"}
    assert given["cites"] == cited
    read = await ok(await author.post(f"/v1/guidance/{given['id']}/reading", json={}))
    assert (read["message"], read["read_at"] is not None) == ("Wait with it.", True)
    await ok(await author.post(f"/v1/guidance/{given['id']}/messages", json={"text": "Until when?"}))
    said_so_far = await ok(await coach.get(f"/v1/guidance/{given['id']}/messages"))
    assert [(one["author"], one["text"]) for one in said_so_far["items"]] == [("E-1", "Until when?")]
    return f"/v1/guidance/{given['id']}"


async def test_a_finding_goes_from_the_queue_through_a_talk_to_a_proposal_that_somebody_else_decides(
    platform: Platform,
) -> None:
    await prepare(platform)
    client = platform.client
    draft = {"text": "Look, our shop!", "network": "mastodon", "kind": "post"}
    assert (await ok(await client.post("/v1/checks", json=draft)))["verdict"] == "clear"
    (on_trial,) = (await ok(await client.get("/v1/shadow-rules")))["items"]
    assert (on_trial["rule"], on_trial["posts"]) == ("no-rumours", 1)
    coach = await platform.as_person("E-3", "coach")
    path = await take_on(coach)
    guidance = await talk(coach, await platform.as_person("E-1"), path)
    assert (await ok(await client.get(guidance)))["withheld"]
    (section,) = (await ok(await client.get("/v1/section-findings")))["items"]
    assert (section["section"], section["heading"], section["guided"]) == ("secrets", "Keep our secrets", 1)

    nothing = {"certification": "spokesperson", "reason": "Again and again."}
    assert (await coach.post(f"{path}/suspension-proposals", json=nothing)).status_code == 409
    proposal = {**nothing, "certification": "responder"}
    proposed = await ok(await coach.post(f"{path}/suspension-proposals", json=proposal))
    await platform.settle()
    kept = await ok(await client.get(f"/v1/suspension-proposals/{proposed['id']}"))
    assert (kept["finding"], kept["employee_number"], kept["state"]) == (path.rpartition("/")[2], "E-1", "open")
    decision = {"decision": "confirm", "reason": "Seen.", "employee_number": "E-3"}
    by_proposer = await client.post(f"/v1/suspension-proposals/{proposed['id']}/decision", json=decision)
    assert by_proposer.status_code == 403
    status = {"employee_numbers": ["E-1"], "certification": "responder"}
    (answer,) = (await ok(await client.post("/v1/certificate-statuses", json=status)))["items"]
    assert answer["certified"] is True
