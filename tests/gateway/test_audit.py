"""The evidence of all services as one list, for those who may look, who are noted themselves."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from tests.evidence import evidence_of
from tests.gateway.story import add_people, client_with, person, publish
from tests.platform import Platform


async def all_pages(platform: Platform, **query: str | int) -> list[dict[str, Any]]:
    """Read the list to its end."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await platform.client.get("/v1/audit", params={**query, **cursor})).json()
        assert page["incomplete"] == []
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def test_what_all_services_did_is_one_list_newest_first_and_no_page_lacks_or_doubles_anything(
    platform: Platform,
) -> None:
    await add_people(platform, 3)
    await platform.settle()
    await publish(platform)
    path = "/v1/policies/social-media/versions/1/acknowledgements"
    receipt = (await platform.client.post(path, json={"employee_number": "E-1"})).json()["evidence"]
    await platform.advance(timedelta(seconds=1))

    whole = [item for item in await all_pages(platform, limit=200) if item["action"] != "audit.read"]
    small = [item for item in await all_pages(platform, limit=3) if item["action"] != "audit.read"]

    assert {item["service"] for item in whole} >= {"policy", "training"}
    assert [item["entry"] for item in whole] == sorted((item["entry"] for item in whole), reverse=True)
    assert small == whole
    [accepted] = await all_pages(platform, action="policy.acknowledged")
    assert accepted["entry"] == receipt["entry"]
    assert accepted["subject"] == "policies/social-media/versions/1"
    for name in ("actor", "person", "subject"):
        same = await all_pages(platform, service="policy", **{name: accepted[name]})
        assert same == [item for item in whole if item["service"] == "policy" and item[name] == accepted[name]]
    assert await all_pages(platform, action="policy.acknowledge") == []
    assert await all_pages(platform, subject="policies/Social-Media/versions/1") == []
    second = accepted["at"][:19] + "Z"
    assert accepted in await all_pages(platform, **{"from": second})
    assert accepted not in await all_pages(platform, to=second)


async def test_who_looked_at_the_list_stands_in_it_and_a_limited_key_does_not_see_it(platform: Platform) -> None:
    reader = await client_with(platform, "admin:read")
    assert (await reader.get("/v1/audit", params={"action": "person.created"})).status_code == 200
    [look] = await evidence_of(platform.running["gateway"].app.state.db, "audit.read")
    assert look[0] == "audit/all"
    assert look[1] is not None

    body = {"name": "limited", "scopes": ["admin:read"], "departments": ["Care"]}
    limited = (await platform.client.post("/v1/api-keys", json=body)).json()["key"]
    refused = await platform.client.get("/v1/audit", headers={"Authorization": f"Bearer {limited}"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "limited-auditor")
    people = await client_with(platform, "people:read")
    for path in ("/v1/audit", "/v1/audit/heads"):
        assert (await people.get(path)).status_code == 403
    assert (await reader.get("/v1/audit", params={"cursor": "nonsense"})).status_code == 422
    assert (await reader.get("/v1/audit/heads", params={"cursor": "ImEi"})).status_code == 422


async def test_a_service_that_is_away_is_named_and_the_others_entries_are_there(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.settle()
    await platform.stop_service("policy")

    page = (await platform.client.get("/v1/audit", params={"action": "person.created"})).json()
    heads = (await platform.client.get("/v1/audit/heads")).json()

    assert (page["incomplete"], heads["incomplete"]) == (["policy"], ["policy"])
    assert len(page["items"]) == 1
    assert set(heads["public_keys"]) == {"training", "monitoring", "gateway"}


async def test_signed_heads_are_read_on_from_a_cursor_and_each_names_the_one_before(platform: Platform) -> None:
    cursor: dict[str, str] = {}
    heads: list[dict[str, Any]] = []
    for number in range(3):
        assert (await platform.client.post("/v1/people", json=person(number))).status_code == 201
        training = platform.running["training"].app.state
        await training.db.write(training.sealer.seal)
        page = (await platform.client.get("/v1/audit/heads", params={"limit": 1, **cursor})).json()
        heads += [head for head in page["items"] if head["service"] == "training"]
        cursor = {"cursor": page["next_cursor"]}

    assert [head["number"] for head in heads] == [1, 2, 3]
    assert all(one["hash"] in other["head"] for one, other in pairwise(heads))
    assert page["next_cursor"]
