"""People as an identity provider keeps them: made, read, changed, removed and found again."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.context import Principal
from tests.training.conftest import TrainingService
from tests.training.provisioning import (
    CORE,
    ENTERPRISE,
    STAFF,
    USERS,
    certified,
    create,
    patch,
    read,
    refused,
    user,
)


@pytest.fixture
async def client(service: TrainingService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client as client:
        yield client


async def test_a_user_is_a_person(service: TrainingService, client: httpx.AsyncClient) -> None:
    made = await client.post(USERS, json=user())
    person = await service.get("/v1/people/E-1")
    assert made.status_code == 201, made.text
    assert made.json()["id"] == person["id"]
    assert made.headers["location"] == f"http://127.0.0.1:8000{USERS}/{person['id']}" == made.json()["meta"]["location"]
    facts = ("name", "email", "department", "region", "languages", "cost_centre", "locale", "active")
    assert [person[fact] for fact in facts] == [
        "Person E-1", "person-e-1@harbour.example", "Support", "EMEA", ["pt", "en"], "4711", "pt-BR", True,
    ]  # fmt: skip
    shown = await read(client, f"{USERS}/{person['id']}")
    assert shown == made.json()
    assert {name: shown[name] for name in user()} == user()


async def test_a_user_who_is_little_more_than_a_name_gets_a_number_of_ours(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    made = await client.post(USERS, json={"schemas": [CORE], "userName": "Zoë"})
    assert made.status_code == 201, made.text
    assert made.json().keys() == {"schemas", "id", "meta", "userName", "active"}
    [person] = (await service.get("/v1/people"))["items"]
    assert (person["employee_number"], person["name"], person["email"], person["department"]) == (
        "C-000001",
        "Zoë",
        "",
        "",
    )

    numbered = await patch(
        client, f"{USERS}/{person['id']}", {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "E-77"}
    )
    assert numbered[ENTERPRISE] == {"employeeNumber": "E-77"}
    assert (await service.get("/v1/people/E-77"))["id"] == person["id"]


async def test_a_patch_has_all_of_its_effect_or_none(service: TrainingService, client: httpx.AsyncClient) -> None:
    made = await create(client)
    path = f"{USERS}/{made['id']}"
    moved = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Sales"}
    nobody = {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": "nobody-here"}
    told = len(await service.told("training.person.changed.v1"))
    await patch(client, path, moved, nobody, status=400)
    assert await read(client, path) == made
    assert len(await service.told("training.person.changed.v1")) == told

    both = await patch(client, path, moved, {"op": "replace", "path": "title", "value": "Lead"})
    assert (both[ENTERPRISE]["department"], both["title"]) == ("Sales", "Lead")
    assert len(await service.told("training.person.changed.v1")) == told + 1


async def test_a_deactivated_user_is_not_certified_and_one_who_returns_is_again(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    made = await create(client)
    path = f"{USERS}/{made['id']}"
    await service.certify("E-1")
    for off, on in (("False", "True"), (False, True)):
        assert (await patch(client, path, {"op": "Replace", "path": "active", "value": off}))["active"] is False
        assert await certified(service, "E-1") is False
        assert (await patch(client, path, {"op": "Replace", "path": "active", "value": on}))["active"] is True
        assert await certified(service, "E-1") is True
    assert len(await service.told("training.person.left.v1")) == 2


async def test_a_deleted_user_has_left_and_comes_back_as_the_same_person(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    made = await create(client)
    await service.certify("E-1")
    assert (await client.delete(f"{USERS}/{made['id']}")).status_code == 204
    refused(await client.get(f"{USERS}/{made['id']}"), 404)
    refused(await client.delete(f"{USERS}/{made['id']}"), 404)
    assert (await read(client, USERS))["totalResults"] == 0
    assert (await service.get("/v1/people/E-1"))["active"] is False
    assert await certified(service, "E-1") is False

    again = await create(client, externalId="idp-other", title="Lead")
    assert (again["id"], again["externalId"], again["title"]) == (made["id"], "idp-other", "Lead")
    assert await certified(service, "E-1") is True


async def test_who_is_known_from_elsewhere_is_taken_on_and_weaker_sources_do_not_undo_it(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    boss = await service.add_person("E-9", name="Boss")
    known = await service.add_person("E-1", title="Clerk", manager="E-9")
    before = await read(client, f"{USERS}/{known}")
    assert (before["displayName"], before["title"]) == ("Person E-1", "Clerk")
    assert before[ENTERPRISE]["manager"] == {"value": boss, "$ref": f"http://127.0.0.1:8000{USERS}/{boss}"}

    taken = await create(client)
    assert taken["id"] == known
    assert (taken["title"], taken[ENTERPRISE]["manager"]["value"]) == ("Clerk", boss)
    refused(await client.post(USERS, json=user()), 409, "uniqueness")
    refused(await client.post(USERS, json=user("E-2", userName=user()["userName"].upper())), 409, "uniqueness")

    kept = await client.patch("/v1/people/E-1", json={"department": "Sales"})
    assert (kept.status_code, kept.json()["errors"][0]["pointer"]) == (409, "/department")
    assert (await client.patch("/v1/people/E-1", json={"title": "Chief"})).status_code == 200
    assert (await read(client, f"{USERS}/{known}"))["title"] == "Chief"


async def test_what_another_source_owns_is_shown_as_that_has_it(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    order = {"sources": ["csv", "scim", "api"]}
    assert (await client.put("/v1/attribute-authority/department", json=order)).status_code == 200
    header = "employee_number,name,email,department,region,manager,languages\n"
    row = f"E-1,Ana,{user()['userName']},Stores,EMEA,,en\n"
    await client.post("/v1/people/imports", content=header + row, headers={"Content-Type": "text/csv"})
    taken = await create(client)
    assert (taken["displayName"], taken[ENTERPRISE]["department"]) == ("Person E-1", "Stores")
    path = f"{USERS}/{taken['id']}"
    kept = await patch(client, path, {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Sales"})
    assert kept[ENTERPRISE]["department"] == (await service.get("/v1/people/E-1"))["department"] == "Stores"


async def test_a_person_who_was_merged_into_another_is_no_user(client: httpx.AsyncClient) -> None:
    one, two = [(await create(client, number))["id"] for number in ("E-1", "E-2")]
    assert (await client.post("/v1/people/E-1/merge", json={"duplicate": "E-2"})).status_code == 200
    refused(await client.get(f"{USERS}/{two}"), 404)
    assert [each["id"] for each in (await read(client, USERS))["Resources"]] == [one]


async def test_a_user_is_sent_again_only_when_changed_and_a_stale_change_is_refused(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    path = f"{USERS}/{(await create(client))['id']}"
    tag = (await client.get(path)).headers["etag"]
    assert tag.startswith('W/"')
    same = await client.get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    assert (await client.put(path, json=user(), headers={"If-Match": tag})).headers["etag"] == tag

    changed = await client.put(path, json=user(displayName="Ana Sá"), headers={"If-Match": tag})
    assert (changed.status_code, (await service.get("/v1/people/E-1"))["name"]) == (200, "Ana Sá")
    for answer in (
        await client.put(path, json=user(), headers={"If-Match": tag}),
        await client.delete(path, headers={"If-Match": tag}),
    ):
        refused(answer, 412)
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_a_key_reaches_by_scim_whom_it_reaches_otherwise(service: TrainingService) -> None:
    async with service.client as all_rights:
        care = await create(all_rights, "E-1", **{ENTERPRISE: {"employeeNumber": "E-1", "department": "Care"}})
        await create(all_rights, "E-2")
    reader = service.ask_as(Principal(id="key:1", scopes=frozenset({"people:read"})))
    assert "people:write" in refused(await reader.post(USERS, json=user("E-3")), 403)
    stranger = service.ask_as(Principal(id="key:2", scopes=frozenset({"certificates:read"})))
    refused(await stranger.get(USERS), 403)

    scopes = frozenset({"people:read", "people:write"})
    sales = service.ask_as(Principal(id="key:3", scopes=scopes, departments=frozenset({"Support"})))
    assert [one["userName"] for one in (await read(sales, USERS))["Resources"]] == [user("E-2")["userName"]]
    refused(await sales.get(f"{USERS}/{care['id']}"), 404)
    refused(await sales.delete(f"{USERS}/{care['id']}"), 404)
    refused(await sales.post(USERS, json=user("E-4", **{ENTERPRISE: {"department": "Care"}})), 403)
    assert (await sales.post(USERS, json=user("E-4"))).status_code == 201


UNKEPT = [
    (b"{", 400, "invalidSyntax"),
    (b"[]", 400, "invalidSyntax"),
    (b"\xff", 400, "invalidSyntax"),
    (b'{"schemas": ["%s"], "userName": "a\\u0000b"}' % CORE.encode(), 400, "invalidValue"),
    (b'{"schemas": ["%s"], "userName": "%s"}' % (CORE.encode(), b"x" * 201), 400, "invalidValue"),
    (
        b'{"schemas": ["%s"], "userName": "a", "emails": [{"value": "no address"}]}' % CORE.encode(),
        400,
        "invalidValue",
    ),
    (b'{"schemas": ["%s"], "userName": "a", "active": "perhaps"}' % CORE.encode(), 400, "invalidValue"),
    (b'{"schemas": ["%s"]}' % CORE.encode(), 400, "invalidValue"),
    (b" " * (1024 * 1024 + 1), 413, None),
]
"""Bodies of users that cannot be kept, with the status and the type of the refusal."""


async def test_a_user_who_cannot_be_kept_is_refused_in_the_form_of_scim(
    service: TrainingService, client: httpx.AsyncClient
) -> None:
    for content, status, why in UNKEPT:
        answer = await client.post(USERS, content=content, headers={"Content-Type": "application/scim+json"})
        refused(answer, status, why)
    assert (await service.get("/v1/people"))["items"] == []


async def test_each_refusal_at_this_address_has_the_form_of_scim(client: httpx.AsyncClient) -> None:
    refused(await client.get("/scim/v2/Nothing"), 404)
    refused(await client.get(f"{USERS}/nobody"), 404)
    refused(await client.put("/scim/v2/Schemas", json={}), 405)
    async with httpx.AsyncClient(transport=client._transport, base_url="http://training") as nobody:
        refused(await nobody.get(USERS), 401)
        ordinary = await nobody.get("/v1/people")
    assert ordinary.headers["content-type"] == "application/problem+json"
    unit = await client.post(USERS, content=b"x", headers={"Content-Type": "text/csv"})
    refused(unit, 415)


async def test_a_manager_cannot_be_their_own_report(client: httpx.AsyncClient) -> None:
    first = await create(client, "E-1")
    second = await create(client, "E-2", **{ENTERPRISE: {"manager": {"value": first["id"]}}})
    loop = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": second["id"]}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [loop]}
    refused(await client.patch(f"{USERS}/{first['id']}", json=body), 400, "invalidValue")
    assert second[STAFF]["region"] == "EMEA"
