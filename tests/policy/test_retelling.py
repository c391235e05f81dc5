"""What the policy service tells: to the others as it happens, and again to who is new."""

from datetime import timedelta

from services.policy.domain import reach
from services.policy.handlers import (
    count_conversation,
    recorded_acknowledgements,
    seats_held,
    snapshots,
    versions_in_force,
)
from shared.events.base import Event
from shared.events.monitoring import ConversationOpenedV1
from tests.platform import Platform
from tests.policy.conftest import POLICY, PolicyService


async def test_a_person_who_came_through_the_stream_accepts_what_is_in_force(platform: Platform) -> None:
    for number in ("E-1", "E-2"):
        person = {"employee_number": number, "name": "Ana Sá", "email": f"{number}@acme.example"}
        await platform.client.post(
            "/v1/people", json={**person, "department": "Support", "region": "EMEA", "languages": ["pt"]}
        )
    await platform.settle()
    await platform.client.post("/v1/policies", json={"key": "social-media", "title": "Ours"})
    version = "/v1/policies/social-media/versions/1"
    written = {"source": POLICY, "change_note": "First.", "employee_number": "E-1"}
    await platform.client.post("/v1/policies/social-media/versions", json=written)
    await platform.client.post(f"{version}/review", json={})
    await platform.client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-2"})
    at = platform.clock.now() + timedelta(days=1)
    await platform.client.post(f"{version}/publication", json={"effective_at": at.isoformat()})

    assert (await platform.client.get("/v1/policies/social-media")).status_code == 404
    await platform.advance(timedelta(days=1))
    assert (await platform.client.get("/v1/policies/social-media")).json()["version"] == 1
    ana = await platform.as_person("E-1")
    receipt = await ana.post(f"{version}/acknowledgements", json={})
    assert (receipt.status_code, receipt.json()["employee_number"]) == (201, "E-1")


async def test_a_snapshot_tells_the_state_that_the_events_led_to(service: PolicyService) -> None:
    for key in ("social-media", "customer-care", "crisis"):
        version = await service.publish(key=key)
        await service.client.post(f"{version}/acknowledgements", json={"employee_number": "E-1"})
    await service.publish()
    for seat in ("lead", "coach"):
        await service.client.post("/v1/task-team/seats", json={"key": seat, "role": seat})

    async def retold(of: object) -> list[dict[str, object]]:
        (source,) = (source for source in snapshots.sources if source.read is of)
        found: list[Event] = []
        while page := await service.app.state.db.read(of, source.key(found[-1]) if found else None, 2):
            found.extend(page)
        return [event.model_dump(mode="json") for event in found]

    in_force = await service.told("policy.version.in_force.v1")
    assert await retold(versions_in_force) == [in_force[2], in_force[1], in_force[0], in_force[3]]
    assert await retold(recorded_acknowledgements) == await service.told("policy.acknowledgement.recorded.v1")
    seats = [{**each, "change": "told_again"} for each in await service.told("policy.task_team.changed.v1")]
    assert await retold(seats_held) == [seats[1], seats[0]]


async def test_a_conversation_that_is_told_of_again_counts_once(service: PolicyService) -> None:
    opened = ConversationOpenedV1(
        id="c-1", network="mastodon", state="queued", language="pt-BR", opened_at=service.app.state.clock.now()
    )
    for event in (opened, opened, opened.model_copy(update={"id": "c-2", "state": "resolved"})):
        await service.app.state.db.write(lambda session, event=event: count_conversation(event, session))
    groups = await service.app.state.db.read(reach.groups)
    assert [(one.network, one.count) for one in groups if one.kind == "conversations"] == [("mastodon", 2)]
