"""Whoever shows or sends deadlines hears when one moves, before anybody is reminded of one that does not hold."""

from datetime import datetime, timedelta

import pytest

from services.monitoring.settings import terms
from shared.clock import ShiftedClock
from shared.db import Database
from shared.events.monitoring import ConversationRescheduledV1
from tests.monitoring.organisation import only
from tests.monitoring.serving import MonitoringService
from tests.monitoring.test_lapsing import HOUR, Act, accepted, draft, holder, note, pause
from tests.monitoring.test_notices import MINUTE, assigned, deliver_notice, plan_notice


@pytest.mark.parametrize("act", [note, draft])
async def test_a_sign_moves_the_time_at_once_and_it_is_told(service: MonitoringService, act: Act) -> None:
    conversation = await accepted(service)
    await service.advance(HOUR)
    await act(service, conversation)
    [told] = await service.told(ConversationRescheduledV1.type)
    shown = await service.get(f"/v1/conversations/{conversation}")
    assert datetime.fromisoformat(told["theirs_until"]) == datetime.fromisoformat(shown["theirs_until"])
    assert datetime.fromisoformat(shown["theirs_until"]) >= service.clock.now() + terms().act_within - MINUTE


@pytest.mark.parametrize("act", [draft, pause])
async def test_time_that_does_not_run_is_put_off_before_anybody_is_reminded_of_its_end(
    service: MonitoringService, act: Act
) -> None:
    conversation = await accepted(service)
    await act(service, conversation)
    before = len(await service.told(ConversationRescheduledV1.type))
    await service.advance(3 * HOUR + 10 * MINUTE)
    assert len(await service.told(ConversationRescheduledV1.type)) == before
    await service.advance(12 * MINUTE)
    told = await service.told(ConversationRescheduledV1.type)
    assert len(told) == before + 1
    assert datetime.fromisoformat(told[-1]["theirs_until"]) > service.clock.now() + 3 * HOUR
    assert await holder(service, conversation) == ("accepted", "E-1")


async def test_a_colleagues_note_is_no_sign_of_whoever_has_it(service: MonitoringService) -> None:
    conversation = await accepted(service, 2)
    await service.advance(HOUR)
    body = {"text": "I know them.", "employee_number": "E-2"}
    await service.post(f"/v1/conversations/{conversation}/notes", body)
    assert await service.told(ConversationRescheduledV1.type) == []


async def test_a_late_message_moves_the_time_to_accept_and_it_is_told(db: Database, clock: ShiftedClock) -> None:
    await assigned(db)
    await db.write(plan_notice)
    clock.advance(timedelta(minutes=5))
    until = clock.now() + terms().accept_within
    await db.write(deliver_notice)
    shown = (await only(db)).accept_by
    assert shown is not None
    assert until <= shown <= until + MINUTE
