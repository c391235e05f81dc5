"""One word of one section changes: through the gateway, on the real parts, just the right people are asked to learn it."""

from datetime import timedelta
from typing import Any

from tests.gateway.story import add_people
from tests.journeys.test_policy_journey import ok
from tests.platform import Platform

CONDUCT = """---
title: Conduct
locale: en
---
# Speak as yourself {#speak}
Say who you work for.

# Answering customers {#answering}
We answer within 24 hours.

# Pictures {#pictures}
Ask before you show anybody.
"""
PRIVACY = CONDUCT.replace("title: Conduct", "title: Privacy").replace("We answer", "We delete what customers sent")
ONE_WORD = CONDUCT.replace("24 hours", "4 hours")
SAME_WORDS = ONE_WORD.replace("Say who you work for.", "Say who\n*you* work for.")


async def put_in_force(platform: Platform, key: str, source: str) -> int:
    """Bring a version of a policy into force, and wait until everybody has heard of it."""
    client = platform.client
    path = f"/v1/policies/{key}/versions"
    number = int(ok(await client.post(path, json={"source": source, "change_note": "As agreed."}))["number"])
    ok(await client.post(f"{path}/{number}/review", json={}))
    approval = {"decision": "approve", "employee_number": "E-6"}
    ok(await client.post(f"{path}/{number}/approvals", json=approval))
    ok(await client.post(f"{path}/{number}/publication", json={}, headers={"Prefer": "wait=5"}))
    await platform.settle()
    return number


async def certify(platform: Platform, number: str, policy: str) -> None:
    """Let a person accept the first version of a policy, for which they are certified."""
    ok(
        await platform.client.post(
            f"/v1/policies/{policy}/versions/1/acknowledgements",
            json={"employee_number": number},
            headers={"Prefer": "wait=5"},
        )
    )


async def asked(platform: Platform) -> dict[str, list[str]]:
    """Return which sections each person has to learn anew."""
    await platform.advance(timedelta())
    found: dict[str, list[str]] = {}
    for number in range(1, 7):
        items = ok(await platform.client.get(f"/v1/people/E-{number}/deltas"))["items"]
        if items:
            found[f"E-{number}"] = [f"{one['policy']}/{one['section']}" for one in items if not one["done"]]
    return found


async def test_one_word_of_one_section_is_asked_of_the_right_people_alone(platform_on_both: Platform) -> None:
    platform = platform_on_both
    client = platform.client
    await add_people(platform, 6)
    await platform.settle()
    for key, source in (("conduct", CONDUCT), ("privacy", PRIVACY)):
        ok(await client.post("/v1/policies", json={"key": key, "title": key.title()}))
        await put_in_force(platform, key, source)
        ok(await client.post("/v1/certifications", json={"key": f"{key}-tier", "title": key, "policies": [key]}))
    for number in ("E-1", "E-2", "E-3", "E-5"):
        await certify(platform, number, "conduct")
    for number in ("E-2", "E-4"):
        await certify(platform, number, "privacy")
    await platform.advance(timedelta())
    revoked: Any = ok(await client.get("/v1/people/E-3/certificates"))["items"][0]
    ok(await client.post(f"/v1/certificates/{revoked['id']}/revocation", json={"reason": "Left the team."}))
    ok(await client.patch("/v1/people/E-5", json={"active": False}))

    await put_in_force(platform, "conduct", ONE_WORD)
    assert await asked(platform) == {"E-1": ["conduct/answering"], "E-2": ["conduct/answering"]}

    (delta,) = ok(await client.get("/v1/people/E-1/deltas"))["items"]
    changed = [one for one in ok(await client.get(delta["diff"]))["sections"] if one["change"] == "changed"]
    assert [one["id"] for one in changed] == ["answering"]
    done = await client.post(f"/v1/deltas/{delta['id']}/completion", json={"hash": delta["new"]["hash"]})
    assert ok(done)["delta"]["state"] == "done"
    assert await asked(platform) == {"E-1": [], "E-2": ["conduct/answering"]}

    await put_in_force(platform, "conduct", SAME_WORDS)
    assert await asked(platform) == {"E-1": [], "E-2": ["conduct/answering"]}, "layout is no change"
