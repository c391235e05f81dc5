"""A refresher is proposed by monitoring; people are put on its course when a person says so."""

from datetime import UTC, datetime
from typing import Any

from services.training import handlers
from services.training.domain.planning.refreshers import CHUNK
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import RefresherProposedV1
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.courses import slug

PATH = "/v1/refresher-proposals"
CONFIRM = {"decision": "confirm", "reason": "Before the season.", "employee_number": "E-2"}


async def propose(service: TrainingService, name: str = "1", **changes: Any) -> str:
    """Hear, twice, that monitoring proposes a course."""
    facts = {"id": f"refresher-{name}", "course": "answering", "policy": "social-media", "section": "tone"}
    at = datetime(2026, 11, 20, tzinfo=UTC)
    told = RefresherProposedV1.model_validate({**facts, "findings": 3, "proposed_at": at, **changes})

    def hear(session: Session) -> None:
        handlers.keep_refresher(told, session)

    for _ in range(2):
        await service.db.write(hear)
    return f"{PATH}/{told.id}"


async def enrolled(service: TrainingService, number: str) -> list[str]:
    found = (await service.get("/v1/enrolments", employee_number=number))["items"]
    return [one["course"] for one in found]


async def test_a_person_is_put_on_the_course_only_when_somebody_else_confirms_it(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    await service.add_person("E-2")
    proposal = await propose(service, person=person)
    (listed,) = (await service.get(PATH, state="open"))["items"]
    assert (listed["employee_number"], listed["findings"], listed["section"]) == ("E-1", 3, "tone")
    assert await enrolled(service, "E-1") == []

    decision = f"{proposal}/decision"
    own = await service.as_person("E-1", "training:read", "training:write")
    assert slug(await own.post(decision, json={**CONFIRM, "employee_number": "E-1"})) == (403, "own-matter")
    nobody = {"decision": "confirm", "reason": "R"}
    assert slug(await service.client.post(decision, json=nobody))[0] == 422
    stale = await service.client.post(decision, json=CONFIRM, headers={"If-Match": '"7"'})
    assert slug(stale) == (412, "stale")
    decided = await service.post(decision, {**CONFIRM, "due_days": 10})
    assert (decided["state"], decided["enrolled"], decided["decided_by"]) == ("confirmed", 1, "E-2")
    assert await enrolled(service, "E-1") == ["answering"]
    again = await service.client.post(decision, json={**CONFIRM, "decision": "decline"})
    assert slug(again) == (409, "proposal-decided")
    await propose(service, person=person)
    assert (await service.get(proposal))["state"] == "confirmed", "a snapshot that tells it again asks nothing again"
    (told,) = await service.told("training.refresher.decided.v1")
    assert (told["person"], told["state"]) == (person, "confirmed")
    assert len(await evidence_of(service.db, "refresher.confirmed")) == 1


async def test_a_department_is_put_on_the_course_a_few_at_a_time_and_those_who_are_on_it_stay_as_they_are(
    service: TrainingService,
) -> None:
    for number in range(CHUNK + 3):
        await service.add_person(f"E-{number}", department="Care")
    await service.add_person("E-99", department="Legal")
    await service.post("/v1/enrolments", {"employee_number": "E-5", "course": "answering"})
    proposal = await propose(service, department="Care", findings=10)
    await service.post(f"{proposal}/decision", CONFIRM)
    for _ in range(3):
        await service.advance()
    shown = await service.get(proposal)
    assert (shown["enrolled"], shown["employee_number"], shown["department"]) == (CHUNK + 2, None, "Care")
    assert await enrolled(service, f"E-{CHUNK + 2}") == ["answering"]
    assert await enrolled(service, "E-99") == []


async def test_what_is_declined_or_of_another_department_puts_nobody_on_anything(service: TrainingService) -> None:
    person = await service.add_person("E-1", department="Legal")
    await service.add_person("E-2")
    proposal = await propose(service, person=person)
    await propose(service, "2", department="Legal")
    scopes = frozenset({"training:read", "training:write"})
    care = service.ask_as(Principal("key:care", scopes=scopes, departments=frozenset({"Care"})))
    assert (await care.get(PATH)).json()["items"] == []
    assert (await care.post(f"{proposal}/decision", json=CONFIRM)).status_code == 404
    declined = await service.post(f"{proposal}/decision", {**CONFIRM, "decision": "decline"})
    assert (declined["state"], declined["enrolled"]) == ("declined", 0)
    assert await enrolled(service, "E-1") == []
    unknown = await propose(service, "3", person=person, course="nowhere")
    assert (await service.client.post(f"{unknown}/decision", json=CONFIRM)).status_code == 404
