"""More time in timed quizzes, for those who need it."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.training.domain.learning.sitting_times import GRACE, give_time
from services.training.tables import Attempt
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.quizzing import bodies_told, learner, slug, write_quiz

MINUTE = timedelta(minutes=1)


async def test_a_factor_lengthens_every_timed_quiz_and_x(service: TrainingService) -> None:
    await write_quiz(service, time_limit_minutes=10)
    ana, ben = await learner(service), await learner(service, "E-2")
    attempt = await ana.drawn()
    path = "/v1/people/E-1/accommodation"
    assert (await ana.client.get(path)).json() == {"employee_number": "E-1", "time_factor": 1.0, "revision": 0}

    async def put(factor: float, client: Any = service.client, **headers: str) -> Any:
        return await client.put(path, json={"time_factor": factor}, headers=headers)

    assert (await put(1.5)).json()["time_factor"] == 1.5
    longer = await ana.read(attempt)
    assert datetime.fromisoformat(longer["deadline"]) - datetime.fromisoformat(longer["started_at"]) == 15 * MINUTE
    service.clock.advance(14 * MINUTE)
    await ana.choose(attempt, "wrong")
    await ana.submit(attempt)
    assert (await put(2, **{"If-Match": '"0"'})).status_code == 412
    assert (await put(2, **{"If-Match": '"1"'})).status_code == 200
    again = await ana.drawn()
    assert again["time_factor"] == 2
    assert datetime.fromisoformat(again["deadline"]) - datetime.fromisoformat(again["started_at"]) == 20 * MINUTE
    assert (await ben.drawn())["time_factor"] == 1


async def test_a_factor_is_set_by_few_for_others_and_known_to_few(service: TrainingService) -> None:
    await write_quiz(service, time_limit_minutes=10)
    ana, ben = await learner(service), await learner(service, "E-2")
    path = "/v1/people/E-1/accommodation"

    async def put(factor: float, client: Any = service.client) -> Any:
        return await client.put(path, json={"time_factor": factor})

    assert (await put(1.5)).json()["time_factor"] == 1.5
    assert (await ana.client.get(path)).json()["time_factor"] == 1.5
    lead = await service.as_person("E-1", "training:write")
    assert slug(await put(3, lead)) == (403, "own-matter")
    for client, status in ((ben.client, 404), (await service.as_person("E-2", "people:read", "training:read"), 404)):
        assert (await client.get(path)).status_code == status
    assert (await put(2, ana.client)).status_code == 403
    assert [(await put(factor)).status_code for factor in (0.9, 3.1, 1, 1)] == [422, 422, 200, 200]
    told = await service.db.read(bodies_told)
    assert not [body for body in told if b"accommodation" in body or b"factor" in body]
    assert len(await evidence_of(service.db, "accommodation.set")) == 2


@given(st.integers(1, 600), st.integers(100, 300))
@example(7, 110)
@settings(max_examples=50, deadline=None)
def test_a_factor_gives_the_time_that_it_says_to_the_second(minutes: int, percent: int) -> None:
    began = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
    row = Attempt(enrolment="e", module="m", version=1, items=[], started_at=began, time_limit=minutes)
    give_time(row, percent / 100)
    assert row.deadline is not None
    assert row.closes_at is not None
    exactly = minutes * 60 * percent
    assert (row.deadline - began).total_seconds() == -(-exactly // 100)
    assert row.closes_at - row.deadline == GRACE
