"""Groups as an identity provider keeps them, and several operations in one request."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.training.domain.scim import groups
from shared.context import Principal
from tests.training.conftest import TrainingService
from tests.training.provisioning import CORE, GROUP, GROUPS, PATCH, SCIM, USERS, create, patch, read, refused, user

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture
async def client(service: TrainingService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client as client:
        yield client


async def add_group(client: httpx.AsyncClient, name: str, *members: str) -> Any:
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}
    made = await client.post(GROUPS, json=body)
    assert made.status_code == 201, made.text
    return made.json()


def members(group: Any) -> list[str]:
    return [member["value"] for member in group.get("members", [])]


async def groups_told(service: TrainingService) -> dict[str, list[str]]:
    """Return the groups last told of each person."""
    return {event["person"]: event["groups"] for event in await service.told("training.membership.changed.v1")}


async def test_people_come_into_a_group_and_leave_it(service: TrainingService, client: httpx.AsyncClient) -> None:
    ana, ben, eve = [(await create(client, f"E-{number}"))["id"] for number in range(3)]
    group = await add_group(client, "Responders", ana, "nobody-here")
    path = f"{GROUPS}/{group['id']}"
    assert group["members"] == [{"value": ana, "$ref": f"http://127.0.0.1:8000{USERS}/{ana}", "type": "User"}]
    assert (await read(client, f"{USERS}/{ana}"))["groups"][0]["display"] == "Responders"

    added = await patch(client, path, {"op": "Add", "path": "members", "value": [{"value": ben}, {"value": eve}]})
    assert members(added) == [ana, ben, eve]
    await patch(client, path, {"op": "Remove", "path": "members", "value": [{"value": ben}]})
    await patch(client, path, {"op": "remove", "path": f'members[value eq "{eve}"]'})
    left = await patch(client, path, {"op": "replace", "value": {"id": group["id"], "displayName": "Spokespeople"}})
    assert (members(left), left["displayName"]) == ([ana], "Spokespeople")
    assert await groups_told(service) == {ana: [group["id"]], ben: [], eve: []}

    swapped = await client.put(
        path, json={"schemas": [GROUP], "displayName": "Spokespeople", "members": [{"value": eve}]}
    )
    assert (swapped.status_code, members(swapped.json())) == (200, [eve])
    assert (await client.delete(path)).status_code == 204
    refused(await client.get(path), 404)
    assert await groups_told(service) == {ana: [], ben: [], eve: []}
    assert [(event["name"], event["removed"]) for event in await service.told("training.group.changed.v1")] == [
        ("Responders", False), ("Spokespeople", False), ("Spokespeople", True),
    ]  # fmt: skip


async def test_a_large_group_is_not_told_after_each_change(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MOST_SHOWN", 2)
    people = [(await create(client, f"E-{number}"))["id"] for number in range(4)]
    path = f"{GROUPS}/{(await add_group(client, 'Everyone', *people[:2]))['id']}"
    await patch(client, path, {"op": "add", "value": {"members": [{"value": people[1]}]}})

    add: dict[str, Any] = {
        "schemas": [PATCH],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": people[2]}]}],
    }
    done = await client.patch(path, json=add)
    assert (done.status_code, done.content) == (204, b"")
    whole = await client.get(path)
    assert (members(whole.json()), whole.headers["etag"]) == (people[:3], done.headers["etag"])

    swap = [
        {"op": "remove", "path": f'members[value eq "{people[0]}"]'},
        {**add["Operations"][0], "value": {"value": people[3]}},
    ]
    swapped = await client.patch(path, json={**add, "Operations": swap}, headers={"If-Match": done.headers["etag"]})
    assert swapped.status_code == 204
    refused(await client.patch(path, json=add, headers={"If-Match": done.headers["etag"]}), 412)
    assert members(await read(client, path)) == people[1:]


async def test_a_deleted_user_is_in_no_group(service: TrainingService, client: httpx.AsyncClient) -> None:
    ana, ben = [(await create(client, f"E-{number}"))["id"] for number in range(2)]
    both = [await add_group(client, name, ana, ben) for name in ("Responders", "Coaches")]
    assert (await client.delete(f"{USERS}/{ana}")).status_code == 204
    for group in both:
        assert members(await read(client, f"{GROUPS}/{group['id']}")) == [ben]
    assert (await groups_told(service))[ana] == []


async def test_groups_are_found_and_shown_without_their_members(client: httpx.AsyncClient) -> None:
    ana = (await create(client))["id"]
    first, second = await add_group(client, "Responders", ana), await add_group(client, "Coaches")
    for asked, wanted in (
        ('displayName eq "responders"', [first]),
        (f'members eq "{ana}"', [first]),
        (f'members[value eq "{ana}"] or displayName sw "Coa"', [first, second]),
        ('externalId eq "x"', []),
        (f'id eq "{second["id"]}" and not (displayName co "resp")', [second]),
    ):
        found = await read(client, GROUPS, filter=asked, excludedAttributes="members")
        assert [one["id"] for one in found["Resources"]] == [one["id"] for one in wanted], asked
        assert all("members" not in one for one in found["Resources"])
    whole = await client.get(f"{GROUPS}/{first['id']}")
    part = await client.get(f"{GROUPS}/{first['id']}", params={"excludedAttributes": "members"})
    assert ("members" in whole.json(), "members" in part.json()) == (True, False)
    assert whole.headers["etag"] == part.headers["etag"]


async def test_a_key_of_one_department_sees_only_its_members_and_changes_no_group(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    ana = (await create(client))["id"]
    boss = await service.add_person("E-9", department="Board")
    path = f"{GROUPS}/{(await add_group(client, 'Everyone', ana, boss))['id']}"
    scopes = frozenset({"people:read", "people:write"})
    limited = service.ask_as(Principal(id="key:3", scopes=scopes, departments=frozenset({"Support"})))
    assert members(await read(limited, path)) == [ana]
    refused(await limited.put(path, json={"schemas": [GROUP], "displayName": "Everyone"}), 403)
    refused(await limited.delete(path), 403)
    assert members(await read(client, path)) == [ana, boss]


async def test_the_operations_of_a_bulk_request_stand_for_themselves(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"schemas": [GROUP], "displayName": "Team", "members": [{"value": "bulkId:ana"}]}},
        {"method": "POST", "path": "/Users", "bulkId": "ana", "data": user("E-1")},
        {"method": "POST", "path": "/Users", "bulkId": "twice", "data": user("E-1")},
        {"method": "POST", "path": "/Users", "bulkId": "bad", "data": {"schemas": [CORE], "userName": "b", "emails": [{"value": "no address"}]}},
        {"method": "DELETE", "path": "/Users/nobody"},
    ]  # fmt: skip
    answer = await client.post(f"{SCIM}/Bulk", json={"schemas": [BULK], "Operations": operations})
    assert answer.status_code == 200, answer.text
    done = answer.json()["Operations"]
    assert [one["status"] for one in done] == ["201", "201", "409", "400", "404"]
    ana = (await service.get("/v1/people/E-1"))["id"]
    assert [one["employee_number"] for one in (await service.get("/v1/people"))["items"]] == ["E-1"]
    assert members(await read(client, done[0]["location"].removeprefix("http://127.0.0.1:8000"))) == [ana]
    assert len(await service.told("training.person.changed.v1")) == 1

    many = [{"method": "DELETE", "path": "/Users/nobody"}] * 101
    refused(await client.post(f"{SCIM}/Bulk", json={"schemas": [BULK], "Operations": many}), 413)
