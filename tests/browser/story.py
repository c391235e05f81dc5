"""What the pages have to show: people, a policy with rules, a post that broke one, guidance, a customer who waits."""

from datetime import timedelta
from typing import Any

from tests.gateway.story import POLICY, add_people, publish
from tests.monitoring.organisation import certify
from tests.platform import Platform

RULE = """
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

```rule
id: no-word-on-batteries
severity: hold
detect:
  words: [battery]
message: The press office speaks about batteries.
suggestion: "\\"You hear from us as soon as we know more.\\""
examples:
  match: ["A new battery"]
  pass: ["A new zip"]
```
"""
HELD = "Our new battery lasts a week."
"""What may be posted once somebody has approved it."""
PEOPLE = {"employee": "E-1", "coach": "E-2", "lead": "E-3", "admin": "E-4"}
"""Who signs in with which role."""


async def tell(platform: Platform) -> None:
    """Fill a platform: each page has something to show after it."""
    await add_people(platform, 4)
    await publish(platform, POLICY.replace("locale: de", "locale: en") + RULE)
    account = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    await ask(platform, "/v1/accounts", account)
    await seat(platform, "E-2")
    await platform.settle()
    await let_answer(platform, "E-1")
    await ask_approval(platform, "E-1")
    question = {"text": "May I answer on Sundays?", "employee_number": "E-1"}
    await ask(platform, "/v1/task-team/questions", question)
    await lead(platform)
    await say(platform, "1", "staff", "@one", "Delivery on Friday is guaranteed.")
    await say(platform, "2", "staff", "@one", "Tomorrow is guaranteed, too.")
    await say(platform, "3", "mention", "@someone", "Where is my parcel?")
    await platform.settle()
    findings = (await platform.client.get("/v1/findings?state=open")).json()["items"]
    words = {"message": "Say what you can keep.", "better_wording": "Delivery is planned for Friday."}
    path = f"/v1/findings/{findings[0]['id']}"
    for part, body in (("claim", {}), ("guidance", words)):
        answer = await platform.client.post(f"{path}/{part}", json=body | {"employee_number": PEOPLE["coach"]})
        assert answer.is_success, answer.text
    await platform.settle()


async def lead(platform: Platform) -> None:
    """Write the next version, try it on past posts, and ask everybody to accept what is in force."""
    path = "/v1/policies/social-media/versions"
    source = (POLICY + RULE).replace("locale: de", "locale: en").replace("within 24 hours", "within 4 hours")
    await ask(platform, path, {"source": source, "change_note": "Faster.", "material": True})
    await ask(platform, f"{path}/2/backtests", {})
    due = (platform.clock.now() + timedelta(days=14)).isoformat()
    campaign = {"policy": "social-media", "title": "Read our policy", "due_at": due}
    await ask(platform, "/v1/acknowledgement-campaigns", campaign)


async def ask(platform: Platform, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the API for something that it must grant."""
    answer = await platform.client.post(path, json=body)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def seat(platform: Platform, employee_number: str) -> None:
    """Give somebody a seat by which they approve drafts."""
    await ask(platform, "/v1/task-team/seats", {"key": "reviewer", "role": "reviewer"})
    nominee = {"employee_number": employee_number, "seat": "reviewer", "experience": "Ten years.", "why": "Kind."}
    nomination = await ask(platform, "/v1/task-team/nominations", nominee)
    decision = {"decision": "appoint", "reason": "Yes."}
    await ask(platform, f"/v1/task-team/nominations/{nomination['id']}/decision", decision)


async def let_answer(platform: Platform, employee_number: str) -> None:
    """Certify somebody to answer customers, and let them be there."""
    person = (await platform.client.get(f"/v1/people/{employee_number}")).json()["id"]
    await platform.running["monitoring"].app.state.db.write(certify, 1, person=person)
    there = {"languages": ["en"], "capacity": 3, "weekly_minutes": 600, "online": True}
    answer = await platform.client.put(f"/v1/availability/{employee_number}", json=there)
    assert answer.is_success, answer.text


async def ask_approval(platform: Platform, employee_number: str) -> None:
    """Ask for approval of a draft that the rules hold."""
    draft = {"text": HELD, "network": "mastodon", "keep": True, "employee_number": employee_number}
    check = await ask(platform, "/v1/checks", draft)
    request = {"check": check["receipt"]["id"], "note": "For Monday.", "employee_number": employee_number}
    await ask(platform, "/v1/approval-requests", request)
    await connect(platform)


async def connect(platform: Platform) -> None:
    """Set up what administrators look after: a webhook that cannot be reached, with a delivery, and a source."""
    webhook = {"name": "Chat", "url": "https://chat.example/hook", "types": ["policy.*"]}
    feed = {"kind": "feed", "url": "https://feed.example/rss", "network": "mastodon", "author": "@us"}
    made = await platform.client.post("/v1/webhooks", json=webhook)
    source = await platform.client.post("/v1/sources", json={"name": "Our feed", "config": feed})
    tried = await platform.client.post(f"/v1/webhooks/{made.json().get('id')}/test", json={})
    assert (made.is_success, source.is_success, tried.is_success) == (True, True, True), (source.text, tried.text)


async def say(platform: Platform, network_id: str, kind: str, author: str, text: str) -> None:
    """Let a post come in."""
    body = {"network": "mastodon", "network_id": network_id, "kind": kind, "author": author, "text": text, "lang": "en"}
    answer = await platform.client.post("/v1/posts", json=body | {"posted_at": platform.clock.now().isoformat()})
    assert answer.is_success, answer.text
