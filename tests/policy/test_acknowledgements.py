"""A person accepts one exact version."""

import asyncio

import orjson

from shared.context import Principal
from tests.policy.conftest import PolicyService


async def test_a_receipt_names_the_exact_content_and_its_evidence(service: PolicyService) -> None:
    version = await service.publish()
    content_hash = (await service.client.get(version)).json()["content_hash"]
    receipt = (await service.client.post(f"{version}/acknowledgements", json={"employee_number": "E-3"})).json()

    assert (receipt["policy"], receipt["version"], receipt["employee_number"]) == ("social-media", 1, "E-3")
    assert receipt["version_hash"] == content_hash
    assert orjson.loads(receipt["evidence"]["body"])["content_hash"] == content_hash
    (told,) = await service.told("policy.acknowledgement.recorded.v1")
    assert (told["id"], told["person"]) == (receipt["id"], service.people["E-3"])


async def test_many_acknowledgements_at_once_are_one(service_on_both: PolicyService) -> None:
    version = await service_on_both.publish()
    person = service_on_both.as_person("E-3")
    answers = await asyncio.gather(*(person.post(f"{version}/acknowledgements", json={}) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await service_on_both.told("policy.acknowledgement.recorded.v1")) == 1


async def test_the_list_says_who_has_accepted_the_version_in_force(service: PolicyService) -> None:
    version = await service.publish()
    await service.client.post(f"{version}/acknowledgements", json={"employee_number": "E-3"})

    async def numbers(status: str, **more: str) -> list[str]:
        answer = await service.client.get(
            "/v1/policies/social-media/acknowledgements", params={"status": status, **more}
        )
        return [item["employee_number"] for item in answer.json()["items"]]

    assert await numbers("done") == ["E-3"]
    assert await numbers("missing") == ["E-1", "E-2", "E-4"]
    await service.hear_of("E-4", active=False)
    assert await numbers("missing") == ["E-1", "E-2"]
    await service.publish()
    assert await numbers("done") == []


async def test_a_person_sees_only_their_own_standing_and_a_limited_key_its_departments(service: PolicyService) -> None:
    await service.publish()
    path = "/v1/policies/social-media/acknowledgements"
    own = (await service.as_person("E-3").get(path)).json()["items"]
    assert [item["employee_number"] for item in own] == ["E-3"]

    key = service.ask_as(Principal(id="key:hr", scopes=frozenset({"people:read"}), departments=frozenset({"Support"})))
    assert [item["employee_number"] for item in (await key.get(path)).json()["items"]] == ["E-1", "E-3"]


async def test_a_draft_cannot_be_acknowledged_and_nobody_acknowledges_for_a_colleague(service: PolicyService) -> None:
    draft = await service.write()
    assert (await service.client.post(f"{draft}/acknowledgements", json={"employee_number": "E-3"})).status_code == 409
    published = await service.publish()
    assert (
        await service.as_person("E-1").post(f"{published}/acknowledgements", json={"employee_number": "E-3"})
    ).status_code == 403
    unknown = await service.client.post(f"{published}/acknowledgements", json={"employee_number": "E-99"})
    assert (unknown.status_code, unknown.headers["Retry-After"]) == (404, "1")
    assert (await service.client.post(f"{published}/acknowledgements", json={})).status_code == 422


async def test_somebody_who_signed_in_and_is_no_person_here_acknowledges_for_nobody(service: PolicyService) -> None:
    version = await service.publish()
    guest = service.ask_as(Principal(id="person:guest", scopes=frozenset({"self", "policies:read"})))
    for body, status in (({"employee_number": "E-1"}, 403), ({}, 404)):
        assert (await guest.post(f"{version}/acknowledgements", json=body)).status_code == status, body
    assert (await guest.post("/v1/checks", json={"text": "Hello!", "employee_number": "E-1"})).status_code == 403
    assert (await guest.post("/v1/checks", json={"text": "Hello!"})).status_code == 200
