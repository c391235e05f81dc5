"""A reply that nobody confirmed as sent is never lost: it stands in a queue until somebody did."""

from datetime import timedelta
from typing import Any

from tests.evidence import evidence_of
from tests.monitoring.organisation import hire
from tests.monitoring.serving import MonitoringService, refused

LATE = timedelta(minutes=16)


async def sent(service: MonitoringService) -> dict[str, Any]:
    """Let a reply be approved."""
    await hire(service.db, 1)
    conversation = await service.push()
    return await service.post(f"/v1/conversations/{conversation['id']}/reply", {"text": "It is on its way."})


async def unconfirmed(service: MonitoringService) -> list[str]:
    """Return which replies stand in the queue."""
    return [one["id"] for one in (await service.get("/v1/replies", status="unconfirmed"))["items"]]


async def test_a_reply_that_is_not_confirmed_in_time_is_told_of_once_until_it_is_sent_again(
    service: MonitoringService,
) -> None:
    reply = await sent(service)
    path = f"/v1/replies/{reply['id']}"
    assert refused(await service.client.post(f"{path}/resending", json={})) == (409, "reply-under-way")
    for _ in range(2):
        await service.advance(LATE)
    assert await unconfirmed(service) == [reply["id"]]
    assert [one["id"] for one in await service.told("monitoring.reply.unconfirmed.v1")] == [reply["id"]]

    stale = await service.client.post(f"{path}/resending", json={}, headers={"If-Match": f'"{reply["revision"]}"'})
    assert refused(stale) == (412, "stale")
    for _ in range(2):
        again = await service.post(f"{path}/resending", headers={"Idempotency-Key": "once"})
    assert (again["times_told"], again["unconfirmed_at"], await unconfirmed(service)) == (2, None, [])
    told = await service.told("monitoring.reply.approved.v1")
    assert [one["id"] for one in told] == [reply["id"], reply["id"]], "a tool that sent it before knows it by its id"
    assert len(await evidence_of(service.db, "reply.resend")) == 1

    await service.advance(LATE)
    assert await unconfirmed(service) == [reply["id"]], "the second time counts like the first"
    await service.post(f"{path}/delivery", {"status": "delivered", "network_id": "m-9"})
    assert await unconfirmed(service) == []
    assert refused(await service.client.post(f"{path}/resending", json={})) == (409, "reply-under-way")


async def test_a_reply_that_failed_stands_in_the_queue_with_the_reason_and_can_be_sent_again(
    service: MonitoringService,
) -> None:
    reply = await sent(service)
    path = f"/v1/replies/{reply['id']}"
    await service.post(f"{path}/delivery", {"status": "failed", "error": "The network said no."})
    (failed,) = (await service.get("/v1/replies", status="unconfirmed"))["items"]
    assert failed["error"] == "The network said no."
    again = await service.post(f"{path}/resending")
    assert (again["status"], again["error"]) == ("approved", None)
    await service.post(f"{path}/delivery", {"status": "delivered"})
    assert [one["status"] for one in await service.told("monitoring.reply.delivered.v1")] == ["failed", "delivered"]


async def test_nothing_is_sent_again_while_a_pause_lasts(service: MonitoringService) -> None:
    reply = await sent(service)
    await service.post(f"/v1/replies/{reply['id']}/delivery", {"status": "failed"})
    await service.post("/v1/pauses", {"scope": "network:email", "reason": "An outage."})
    assert refused(await service.client.post(f"/v1/replies/{reply['id']}/resending", json={})) == (409, "paused")
