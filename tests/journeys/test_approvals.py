"""A reply that the rules hold, and a rule that cannot wait: over two services, through the gateway."""

from typing import Any

from tests.journeys.test_the_loop import (
    acknowledge,
    be_online,
    define_responder,
    import_people,
    mention,
    ok,
    publish,
    take_the_course,
)
from tests.platform import Platform

TEXT = "The HarbourPhone needs a new battery; we send you one."
RULE = """id: no-word-on-batteries
severity: hold
detect: {words: [battery]}
message: The press office answers about batteries.
examples: {match: [a battery], pass: [a phone]}
"""


async def with_team(platform: Platform) -> None:
    """Certify E-4 to answer, and give E-1 and E-2 seats by which they decide."""
    await import_people(platform)
    await publish(platform)
    await define_responder(platform)
    await take_the_course(platform, "E-4")
    await acknowledge(platform, "E-4")
    for number, role in (("E-1", "lead"), ("E-2", "reviewer")):
        await ok(await platform.client.post("/v1/task-team/seats", json={"key": role, "role": role}))
        person = {"employee_number": number, "seat": role, "experience": "Ten years.", "why": "Kind."}
        nomination = await ok(await platform.client.post("/v1/task-team/nominations", json=person))
        decision = {"decision": "appoint", "reason": "Yes."}
        await ok(await platform.client.post(f"/v1/task-team/nominations/{nomination['id']}/decision", json=decision))
    await platform.settle()
    await be_online(platform, "E-4")


async def only_reply(platform: Platform) -> tuple[str, str]:
    """Return the status of the one reply, and the state of its conversation."""
    (reply,) = (await ok(await platform.client.get("/v1/replies")))["items"]
    conversation = await ok(await platform.client.get(f"/v1/conversations/{reply['conversation']}"))
    return reply["status"], conversation["state"]


async def test_a_held_reply_goes_out_when_its_author_asks_and_a_reviewer_approves(platform: Platform) -> None:
    await with_team(platform)
    await mention(platform, "m-1")
    (conversation,) = (await ok(await platform.client.get("/v1/conversations")))["items"]
    author, reviewer = await platform.as_person("E-4"), await platform.as_person("E-2", "coach")
    path = f"/v1/conversations/{conversation['id']}/reply"
    assert (await author.post(path, json={"text": TEXT})).status_code == 409

    draft: dict[str, Any] = {"text": TEXT, "network": "mastodon", "kind": "reply", "keep": True}
    kept = await ok(await author.post("/v1/checks", json=draft))
    assert kept["approvers"] == ["E-1", "E-2"]
    request = await ok(await author.post("/v1/approval-requests", json={"check": kept["receipt"]["id"]}))
    held = await ok(await author.post(path, json={"text": TEXT, "approval_request": request["id"]}))
    assert held["status"] == "held"
    (asked,) = (await ok(await reviewer.get("/v1/approval-requests?role=approver")))["items"]
    assert (asked["id"], asked["check"]["text"]) == (request["id"], TEXT)
    await ok(await reviewer.post(f"/v1/approval-requests/{asked['id']}/decision", json={"decision": "approve"}))
    await platform.settle()
    assert await only_reply(platform) == ("approved", "answered")


async def test_an_emergency_rule_counts_in_checks_posts_and_the_policy_that_is_shown(platform: Platform) -> None:
    await with_team(platform)
    client = platform.client
    await client.get("/v1/policies/social-media")
    proposal = {"policy": "social-media", "section": "promises", "rule": RULE, "reason": "It smokes."}
    lead, reviewer = await platform.as_person("E-1", "lead"), await platform.as_person("E-2", "coach")
    rule = await ok(await lead.post("/v1/emergency-rules", json=proposal))
    wait = {"Prefer": "wait=5"}
    confirmed = await reviewer.post(f"/v1/emergency-rules/{rule['id']}/confirmation", json={}, headers=wait)
    assert (await ok(confirmed))["state"] == "in_force"
    shown = await ok(await client.get("/v1/policies/social-media"))
    assert [each["rule"] for each in shown["emergency_rules"]] == ["no-word-on-batteries"]
    assert (await ok(await client.post("/v1/checks", json={"text": "a battery"})))["verdict"] == "hold"
    asked = {"section": "promises", "question": "Does it smoke?", "answer": "We look into it."}
    await ok(await client.post("/v1/policies/social-media/faq", json=asked, headers=wait))
    shown = await ok(await client.get("/v1/policies/social-media"))
    assert [each["question"] for section in shown["sections"] for each in section["faq"]] == ["Does it smoke?"]

    account = {"network": "mastodon", "handle": "@lukas", "kind": "staff", "employee_number": "E-4"}
    await ok(await client.post("/v1/accounts", json=account))
    post = {"network": "mastodon", "network_id": "m-2", "kind": "staff", "author": "@lukas", "text": "My battery!"}
    await ok(await client.post("/v1/posts", json={**post, "posted_at": platform.clock.now().isoformat()}))
    (finding,) = (await ok(await client.get("/v1/findings")))["items"]
    assert (finding["rule"], finding["version"], finding["section"]) == ("no-word-on-batteries", 1, "promises")
