"""Who may approve a held draft is told that one waits, whatever gives them the right."""

from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform

RULE = """```rule
id: no-secrets
severity: hold
detect:
  words: [prototype]
message: Not before it is announced.
examples: {match: ["Our prototype!"], pass: ["Our shop."]}
```

# Answering customers"""
LEARNT = {"course": "speaking", "completed_at": "2026-11-20T10:00:00Z", "source": "lms"}


async def kinds(platform: Platform, number: str) -> list[str]:
    """Return of what somebody is told in the portal that still waits for them."""
    person = await platform.as_person(number)
    answer = await person.get("/v1/notices")
    assert answer.status_code == 200, answer.text
    return [each["kind"] for each in answer.json()["items"] if each["over_at"] is None]


async def test_who_may_approve_by_a_certificate_is_told_without_a_seat_on_the_team(platform: Platform) -> None:
    client = platform.client
    await add_people(platform, 3)
    await platform.settle()
    await publish(platform, POLICY.replace("# Answering customers", RULE))
    for path, body in (
        ("/v1/courses", {"key": "speaking", "title": "Speaking for us"}),
        ("/v1/certifications", {"key": "spokesperson", "title": "Spokesperson", "courses": ["speaking"]}),
        ("/v1/completions", {**LEARNT, "employee_number": "E-2"}),
    ):
        made = await client.post(path, json=body)
        assert made.is_success, made.text
    await platform.settle()

    draft = {"text": "Our prototype!", "employee_number": "E-1", "keep": True}
    check = (await client.post("/v1/checks", json=draft)).json()
    assert check["approvers"] == ["E-2"]
    asked = {"check": check["receipt"]["id"], "employee_number": "E-1"}
    request = await client.post("/v1/approval-requests", json=asked)
    assert request.status_code == 201, request.text
    await platform.settle()

    assert [await kinds(platform, number) for number in ("E-1", "E-2", "E-3")] == [[], ["approval_requested"], []]
    decision = {"decision": "approve", "employee_number": "E-2"}
    decided = await client.post(f"/v1/approval-requests/{request.json()['id']}/decision", json=decision)
    assert decided.is_success, decided.text
    await platform.settle()
    assert await kinds(platform, "E-2") == []
