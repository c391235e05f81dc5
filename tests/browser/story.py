"""What the pages have to show: people, a policy with a rule, a post that broke it, guidance, a customer who waits."""

from tests.gateway.story import POLICY, add_people, publish
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
"""
PEOPLE = {"employee": "E-1", "coach": "E-2", "lead": "E-3", "admin": "E-4"}
"""Who signs in with which role."""


async def tell(platform: Platform) -> None:
    """Fill a platform: each page has something to show after it."""
    await add_people(platform, 4)
    await publish(platform, POLICY.replace("locale: de", "locale: en") + RULE)
    account = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    await platform.client.post("/v1/accounts", json=account)
    await platform.settle()
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


async def say(platform: Platform, network_id: str, kind: str, author: str, text: str) -> None:
    """Let a post come in."""
    body = {"network": "mastodon", "network_id": network_id, "kind": kind, "author": author, "text": text, "lang": "en"}
    answer = await platform.client.post("/v1/posts", json=body | {"posted_at": platform.clock.now().isoformat()})
    assert answer.is_success, answer.text
