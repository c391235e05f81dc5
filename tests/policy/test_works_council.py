"""In works-council mode, nobody counts who asked and who answered."""

from services.policy import handlers
from shared import works_council
from shared.events.training import WorksCouncilModeChangedV1
from tests.policy.conftest import PolicyService
from tests.policy.team import TEAM, ok, seat

QUESTIONS = f"{TEAM}/questions"


async def test_questions_name_those_in_the_mode_to_each_other_only(service: PolicyService) -> None:
    await service.publish()
    await seat(service, "care", "E-1")
    asked = ok(await service.as_person("E-4").post(QUESTIONS, json={"text": "May I?"}))
    names = ("asker", "assignee")
    (listed,) = ok(await service.client.get(QUESTIONS))["items"]
    assert [listed[name] for name in names] == ["E-4", "E-1"]

    told = WorksCouncilModeChangedV1(id="all", legal_entity="*", on=True, changed_at=service.clock.now())
    await service.app.state.db.write(lambda session: works_council.keep_mode(told, session))
    (listed,) = ok(await service.client.get(QUESTIONS))["items"]
    assert [listed[name] for name in names] == [None, None]
    for side in ("E-1", "E-4"):
        shown = ok(await service.as_person(side).get(f"{QUESTIONS}/{asked['id']}"))
        assert [shown[name] for name in names] == ["E-4", "E-1"]


def test_the_service_hears_of_modes() -> None:
    assert works_council.keep_mode in handlers.handlers.by_type[WorksCouncilModeChangedV1.type]
