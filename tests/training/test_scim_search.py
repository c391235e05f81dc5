"""Users and groups are found by filter, by page and by cursor."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from scim2_models import ScimFilter

from services.training.domain.scim import storage
from services.training.schemas.scim import StaffMember
from shared.clock import ShiftedClock
from tests.conftest import Templates
from tests.servers import NatsServer
from tests.training.conftest import TrainingService, serve
from tests.training.provisioning import (
    ENTERPRISE,
    GROUP,
    GROUPS,
    SCIM,
    STAFF,
    USERS,
    create,
    patch,
    read,
    refused,
    user,
)

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
async def empty(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock, database_kind: str
) -> AsyncIterator[TrainingService]:
    """The training service with nobody in it, on each kind of database."""
    async with serve(tmp_path, nats.url, templates.copy(database_kind, "training", tmp_path), clock) as running:
        yield running


async def some_users(service: TrainingService, client: httpx.AsyncClient) -> list[StaffMember]:
    """Add users who differ in what filters ask for, a second apart, and return them as they are shown."""
    departments = ("Support", "support", "Sales", "Care_%")
    for number in range(12):
        service.clock.advance(timedelta(seconds=1))
        work = {"department": departments[number % 4], **({"employeeNumber": f"E-{number}"} if number % 3 else {})}
        emails = [{"value": f"e{number}@x.example", "type": "work"}, {"value": f"Home{number}@y.example"}]
        named = {
            "userName": f"User.{number % 6}{'a' * (number // 6)}@X.example",
            "externalId": f"id-{number % 9}-{number}",
        }
        more = {"title": "Lead"} if number % 2 else {}
        await create(
            client,
            f"E-{number}",
            **named,
            **more,
            emails=emails[: 1 + number % 2],
            active=number % 5 > 0,
            **{ENTERPRISE: work},
        )
    await service.add_person("E-50", name="By hand", department="Sales")
    listed = await read(client, USERS)
    return [StaffMember.model_validate(each) for each in listed["Resources"]]


def filters(rng: random.Random, users: list[StaffMember]) -> str:
    """Return a filter of up to three terms, joined and nested at random."""

    def term() -> str:
        one = rng.choice(users)
        at = one.meta.last_modified if one.meta else None
        texts = {
            "userName": one.user_name, "externalId": one.external_id, "displayName": one.display_name, "title": "lead",
            f"{ENTERPRISE}:department": "SUPPORT", f"{ENTERPRISE}:employeeNumber": "E-1", "emails": "e3@x.example",
            "emails.value": "home3@y.example", f"{STAFF}:region": "emea", "id": one.id, "name.familyName": "E-4",
        }  # fmt: skip
        kind = rng.randrange(6)
        if kind == 0:
            return (
                f'meta.lastModified {rng.choice(["gt", "ge", "lt", "le", "eq", "ne"])} "{at.isoformat() if at else ""}"'
            )
        if kind == 1:
            return f"active {rng.choice(['eq', 'ne'])} {rng.choice(['true', 'false'])}"
        name, value = rng.choice(sorted(texts.items()))
        if kind == 2:
            return f"{name} pr"
        if kind == 3:
            return f'emails[type eq "work" and value {rng.choice(["eq", "co"])} "{rng.choice(["e3@x.example", "E1"])}"]'
        part = str(value)
        cut = {"sw": part[:4], "ew": part[-4:], "co": part[1:4]}
        how = rng.choice(["eq", "ne", "co", "sw", "ew"])
        return f"{name} {how} {ScimFilter.quote(cut.get(how, rng.choice([part, part.upper(), part.lower()])))}"

    terms = [f"not ({term()})" if rng.random() < 0.2 else term() for _ in range(rng.randrange(1, 4))]
    return f" {rng.choice(['and', 'or'])} ".join(terms)


async def test_what_a_filter_finds_is_what_the_library_finds_by_looking_at_each(empty: TrainingService) -> None:
    async with empty.client as client:
        users = await some_users(empty, client)
        assert len(users) == 13
        rng = random.Random(7)
        for asked in [filters(rng, users) for _ in range(50)]:
            wanted = [one.id for one in users if ScimFilter[StaffMember](asked).match(one)]
            found = await read(client, USERS, filter=asked, attributes="id")
            assert ([one["id"] for one in found["Resources"]], found["totalResults"]) == (wanted, len(wanted)), asked


async def test_a_list_is_read_by_index_and_by_cursor(service: TrainingService) -> None:
    async with service.client as client:
        names = [(await create(client, f"E-{number}"))["userName"] for number in range(5)]
        group = (await client.post(GROUPS, json={"schemas": [GROUP], "displayName": "Responders"})).json()
        second = await read(client, USERS, startIndex=3, count=2)
        assert [one["userName"] for one in second["Resources"]] == names[2:4]
        assert (second["totalResults"], second["itemsPerPage"], second["startIndex"]) == (5, 2, 3)
        assert (await read(client, USERS, count=0))["Resources"] == []

        seen: list[str] = []
        cursor = ""
        while True:
            page = await read(client, SCIM, cursor=cursor, count=2)
            seen += [one["id"] for one in page["Resources"]]
            if len(seen) == 2:
                await create(client, "E-9")
            if "nextCursor" not in page:
                break
            cursor = page["nextCursor"]
        everyone = (await read(client, USERS))["Resources"]
        assert seen == [*(one["id"] for one in everyone), group["id"]]
        refused(await client.get(SCIM, params={"cursor": "x" + cursor, "count": 2}), 400, "invalidCursor")
        refused(await client.get(USERS, params={"cursor": cursor, "count": 2}), 400, "invalidCursor")

        both = {"schemas": [SEARCH], "filter": 'userName eq "nobody" or displayName eq "responders"', "count": 5}
        found = (await client.post(f"{SCIM}/.search", json={**both, "excludedAttributes": ["members"]})).json()
        assert [one["id"] for one in found["Resources"]] == [group["id"]]


async def test_a_filter_that_would_look_at_everyone_is_refused(
    service: TrainingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_EVALUATED", 2)
    async with service.client as client:
        for number in range(3):
            await create(client, f"E-{number}", title="Lead" if number else "Clerk")
        refused(await client.get(USERS, params={"filter": 'name.familyName sw "E"'}), 400, "tooMany")
        narrowed = await read(client, USERS, filter='title eq "lead" and name.familyName sw "E"')
        assert narrowed["totalResults"] == 2
        for wrong in ("userName", 'userName eq "a', 'shoeSize eq "41"', 'userName eq "a\\u0000"', "active gt true"):
            refused(await client.get(USERS, params={"filter": wrong}), 400, "invalidFilter")
        refused(await client.get(USERS, params={"filter": 'userName eq "a\x00"'}), 400, "invalidValue")


async def test_who_changed_since_is_found_whoever_changed_them(service: TrainingService) -> None:
    async with service.client as client:
        made = [await create(client, f"E-{number}") for number in range(3)]
        await service.add_person("E-8")
        await service.add_person("E-6")
        since = service.clock.now().isoformat()
        service.clock.advance(timedelta(minutes=1))
        await service.client.patch("/v1/people/E-8", json={"region": "APAC"})
        await patch(client, f"{USERS}/{made[1]['id']}", {"op": "add", "path": "title", "value": "Lead"})
        header = "employee_number,name,email,department,region,manager,languages\n"
        rows = "E-7,New,new@x.example,Support,EMEA,,en\nE-6,Renamed,e-6@x.example,Support,EMEA,,en\n"
        await client.post("/v1/people/imports", content=header + rows, headers={"Content-Type": "text/csv"})
        found = await read(client, USERS, filter=f'meta.lastModified gt "{since}"')
        names = {one[ENTERPRISE]["employeeNumber"] for one in found["Resources"]}
        assert names == {"E-8", made[1][ENTERPRISE]["employeeNumber"], "E-7", "E-6"}


async def test_of_changes_at_once_to_one_user_none_is_lost(empty: TrainingService) -> None:
    async with empty.client as client:
        path = f"{USERS}/{(await create(client))['id']}"
        changes = [
            {"op": "add", "path": name, "value": f"said {name}"}
            for name in ("title", "displayName", f"{ENTERPRISE}:division")
        ]
        changes += [{"op": "add", "path": f"{STAFF}:region", "value": "APAC"}]
        await asyncio.gather(*(patch(client, path, change) for change in changes))
        shown = await read(client, path)
        said: list[Any] = [shown["title"], shown["displayName"], shown[ENTERPRISE]["division"], shown[STAFF]["region"]]
        assert said == ["said title", "said displayName", f"said {ENTERPRISE}:division", "APAC"]

        twice = await asyncio.gather(*(client.post(USERS, json=user("E-2")) for _ in range(4)))
        assert sorted(answer.status_code for answer in twice) == [201, 409, 409, 409]
