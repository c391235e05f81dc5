"""Campaigns in figures: right for those who may read names, and no way to a person for all others."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, insert

from services.policy.tables import Person
from shared.context import Principal
from tests.policy.conftest import POLICY, PolicyService
from tests.policy.team import certify, ok, refused
from tests.policy.test_campaigns import CAMPAIGNS, DAY, accept, campaign, people, told

HIDDEN = {"people": None, "done": None, "missing": None, "overdue": None, "exempt": None}


def limited_to(service: PolicyService, department: str, *scopes: str) -> httpx.AsyncClient:
    """Return a client with a key that is limited to a department."""
    return service.ask_as(
        Principal(
            id="key:limited",
            scopes=frozenset({"policies:read", "policies:write", *scopes}),
            departments=frozenset({department}),
        )
    )


async def test_small_groups_are_counted_as_one(service: PolicyService) -> None:
    version = await service.publish()
    for number in range(20, 40):
        await service.hear_of(f"E-{number}", "Stores")
    for number in range(40, 49):
        await service.hear_of(f"E-{number}", "Care")
    path = await campaign(service)
    await accept(service, version, "E-20")
    await accept(service, version, "E-1")
    found = ok(await service.client.get(f"{path}/statistics"))
    groups = {group.pop("name"): group for group in found["groups"]}
    # Support and Communications have two people each, so the next larger department is counted with them.
    assert set(groups) == {"Stores", "other"}
    assert groups["Stores"] == {"people": 20, "done": 1, "missing": 19, "overdue": 0, "exempt": 0}
    assert groups["other"]["people"] == 13
    assert found["total"]["people"] == 33
    regions = ok(await service.client.get(f"{path}/statistics", params={"by": "region"}))
    assert [group["name"] for group in regions["groups"]] == ["other"]


async def test_figures_of_few_or_of_all_but_few_are_for_those_who_read_names(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish()
    for number in range(20, 40):
        await service.hear_of(f"E-{number}", "Stores" if number < 30 else "Care")
    few = await campaign(service, audience={"departments": ["Support"]})
    all_but_few = await campaign(service, audience={"departments": ["Support", "Stores", "Care"]})
    everyone = await campaign(service)
    colleague = service.as_person("E-3")

    async def counted(path: str, by: httpx.AsyncClient) -> dict[str, Any]:
        found: dict[str, Any] = ok(await by.get(path))["counts"]
        return found

    assert (await counted(few, service.client))["people"] == 2
    assert await counted(few, colleague) == HIDDEN
    assert await counted(all_but_few, colleague) == HIDDEN
    assert (await counted(everyone, colleague))["people"] == 24
    assert [each["counts"]["people"] for each in ok(await colleague.get(CAMPAIGNS))["items"]] == [24, None, None]
    statistics = ok(await colleague.get(f"{few}/statistics"))
    assert (statistics["total"], statistics["groups"]) == (HIDDEN, [])
    assert await counted(everyone, limited_to(service, "Support")) == HIDDEN
    assert (await counted(everyone, limited_to(service, "Stores")))["people"] == 10
    # Care is counted with the small ones: less what the key of Stores reads and this one would read, they were left.
    assert await counted(everyone, limited_to(service, "Care")) == HIDDEN


async def test_who_has_a_campaign_is_told_that_its_counts_are_others_now(service: PolicyService) -> None:
    version = await service.publish()
    path = await campaign(service)
    tag = (await service.client.get(path)).headers["ETag"]
    assert (await service.client.get(path, headers={"If-None-Match": tag})).status_code == 304
    await accept(service, version, "E-1")
    fresh = await service.client.get(path, headers={"If-None-Match": tag})
    assert (fresh.status_code, fresh.json()["counts"]["done"]) == (200, 1)
    # Somebody's acceptance is no change of the campaign: it does not get into the way of one.
    changed = await service.client.patch(path, json={"title": "Round two"}, headers={"If-Match": tag})
    assert ok(changed)["edition"] == 2
    refused(await service.client.patch(path, json={"title": "x"}, headers={"If-Match": tag}), 412, "stale")


async def test_a_closed_campaign_keeps_the_figures_of_its_last_day(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.publish()
    path = await campaign(service)
    await accept(service, version, "E-1")
    ok(await service.client.post(f"{path}/closure", json={}))
    await service.advance(20 * DAY)
    await accept(service, version, "E-2")
    await service.publish(POLICY.replace("Nobody was", "No one was"))
    closed = ok(await service.client.get(path))
    assert (closed["asked_version"], closed["counts"]) == (
        1,
        {"people": 4, "done": 1, "missing": 3, "overdue": 0, "exempt": 0},
    )
    assert await people(service, path) == {"E-1": "done", "E-2": "missing", "E-3": "missing", "E-4": "missing"}


async def test_a_key_that_is_limited_to_departments_asks_only_these(service: PolicyService) -> None:
    await service.publish()
    for_all, for_support = await campaign(service), await campaign(service, audience={"departments": ["Support"]})
    key = limited_to(service, "Support")
    body = {"policy": "social-media", "title": "x", "due_at": (service.clock.now() + DAY).isoformat()}
    for audience in ({}, {"departments": ["Support", "Communications"]}, {"regions": ["EMEA"]}):
        refused(await key.post(CAMPAIGNS, json={**body, "audience": audience}), 403, "beyond-departments")
    assert (await key.post(CAMPAIGNS, json={**body, "audience": {"departments": ["Support"]}})).status_code == 201
    refused(await key.patch(for_all, json={"title": "Mine"}), 403, "beyond-departments")
    refused(await key.patch(for_support, json={"audience": {}}), 403, "beyond-departments")
    refused(await key.post(f"{for_all}/closure", json={}), 403, "beyond-departments")
    exempt = {"employee_number": "E-2", "reason": "x"}
    refused(await key.post(f"{for_all}/exemptions", json=exempt), 404, "unknown-person")
    ok(await key.post(f"{for_support}/closure", json={}))


async def test_people_are_asked_for_what_is_in_force_and_told_of_by_nothing_but_ids(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    await service.publish()
    await campaign(service, audience={"regions": ["Americas"], "departments": ["Support"]})
    body = {"source": POLICY.replace("Nobody", "No one"), "change_note": "x", "material": False}
    ok(await service.client.post("/v1/policies/social-media/versions", json={**body, "employee_number": "E-1"}))
    await service.approve("/v1/policies/social-media/versions/2")
    ok(await service.client.post("/v1/policies/social-media/versions/2/publication", json={}))
    # Nobody was there to be asked before, however long that took.
    await service.hear_of("E-3", region="Americas", manager="E-2")
    await service.advance(timedelta())
    await service.advance(13 * DAY)
    (asked,) = await service.told("policy.acknowledgement.requested.v1")
    (escalated,) = await service.told("policy.acknowledgement.escalated.v1")
    assert asked["version"] == 2
    await accept(service, f"/v1/policies/social-media/versions/{asked['version']}", "E-3")
    assert (escalated["person"], escalated["manager"]) == (service.people["E-3"], service.people["E-2"])
    # The id is public, whom it is about is not.
    assert asked["id"] == escalated["id"]
    assert service.people["E-3"] not in str(asked["id"])


async def test_who_is_of_the_audience_no_more_by_the_clock_alone_is_left_alone(service: PolicyService) -> None:
    await service.publish()
    path = await campaign(service, days=20, audience={"certifications": ["coach"]})
    await certify(service, "E-4", days=1)
    assert await people(service, path) == {"E-4": "missing"}
    await service.advance(2 * DAY)
    assert await people(service, path) == {}
    assert await told(service, "reminded") == []


@pytest.mark.parametrize("path", [CAMPAIGNS, "/v1/policies/social-media/versions"])
async def test_a_list_reads_no_contents_and_asks_no_more_for_more_rows(
    service_on_both: PolicyService, path: str
) -> None:
    service = service_on_both
    asked: list[str] = []

    async def listing() -> list[str]:
        """Return what was asked, the least of some times: a timer asks in between, a first read in the loop twice."""
        times = []
        for _ in range(5):
            asked.clear()
            ok(await service.client.get(path))
            times.append([each for each in asked if "FROM campaign" in each or "FROM versions" in each])
        return min(times, key=len)

    await service.publish()
    await campaign(service)
    engine = service.app.state.db.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    one = await listing()
    for number in range(3):
        await service.publish(POLICY.replace("Nobody", f"Nobody of {number}"))
        await campaign(service)
    many = await listing()
    assert one
    assert len(many) == len(one)
    assert not [each for each in many if re.search(r"(?<!EXTRACT\()versions\.(source|content)\b(?! ->>)", each)]


async def test_an_audience_of_many_thousands_can_be_narrowed(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish()
    crowd = [
        {"id": f"crowd-{number}", "employee_number": f"C-{number}", "name": "x", "department": "Stores", "region": "x"}
        for number in range(33_000)
    ]
    rows = [{**each, "languages": [], "active": True} for each in crowd]
    await service.app.state.db.write(lambda session: session.execute(insert(Person), rows) and None)
    path = await campaign(service)
    assert ok(await service.client.get(path))["counts"]["people"] == 33_004
    narrowed = ok(await service.client.patch(path, json={"audience": {"departments": ["Support"]}}))
    assert narrowed["counts"]["people"] == 2
