"""What followed from an event, asked service by service."""

from shared import outbox
from shared.consequences import EventName, consequences
from shared.db import Session
from shared.events.policy import TaskTeamChangedV1
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.inbox import Handlers
from tests.shared.conftest import Services, listening, person


async def test_the_causes_of_an_event_lead_to_all_that_followed_from_it(services: Services) -> None:
    team = Handlers()

    @team.on(PersonChangedV1)
    def seat(event: PersonChangedV1, session: Session) -> None:
        outbox.tell(session, TaskTeamChangedV1(seat=event.id, role="coach", change="filled"))

    teller = await services.start("training")
    policy = await services.start("policy", team)
    monitoring = await services.start("monitoring", listening())
    await teller.tell(person(1))
    await services.settle()
    asked = [EventName(id=each, type=PersonChangedV1.type) for each in await teller.told()]

    at_policy = await policy.db.read(consequences, policy.backbone.handlers, asked)
    assert at_policy.pending == []
    assert [told.type for told in at_policy.told] == [TaskTeamChangedV1.type]
    assert {told.id for told in at_policy.told} == await policy.told()

    at_monitoring = await monitoring.db.read(consequences, monitoring.backbone.handlers, asked)
    assert (at_monitoring.pending, at_monitoring.told) == ([], [])


async def test_an_event_is_pending_where_it_will_be_handled_and_nowhere_else(services: Services) -> None:
    node = await services.start("policy", listening())
    asked = [EventName(id="not-there-yet", type=PersonChangedV1.type), EventName(id="other", type=PersonLeftV1.type)]
    found = await node.db.read(consequences, node.backbone.handlers, asked)

    assert found.pending == ["not-there-yet"]
