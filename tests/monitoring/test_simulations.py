"""What would happen if: asked through the API, answered by the simulator's own process."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.monitoring.domain import personal
from services.monitoring.domain.posts import posts
from services.monitoring.domain.simulations import draws, program, simulations
from services.monitoring.domain.simulations.model import Task
from services.monitoring.schemas.simulations import SimulationIn
from services.monitoring.simulating import Broken, in_a_process
from shared.db import Database, Session
from tests.monitoring.organisation import KEY, add_person, hire, person_id, post
from tests.monitoring.serving import MonitoringService, refused

SPANISH = {"language": "es", "topic": "billing", "network": "email", "kind": "question"}
ASKED = SimulationIn.model_validate({})
STREAM = {"days": 7, "conversations_per_day": 40, "pools": [{"language": "en", "weight": 3}, SPANISH]}


async def simulate(service: MonitoringService, **asked: Any) -> dict[str, Any]:
    """Ask, and wait for the end."""
    begun = await service.post("/v1/load/simulations", asked)
    assert begun["state"] == "queued"
    return await ended(service, begun["id"])


async def ended(service: MonitoringService, simulation_id: str) -> dict[str, Any]:
    """Return a simulation once it has ended."""
    async with asyncio.timeout(30):
        while True:
            simulation = await service.get(f"/v1/load/simulations/{simulation_id}")
            if simulation["state"] in {"done", "failed"}:
                return simulation
            await asyncio.sleep(0.05)


async def test_certifying_spanish_speakers_answers_those_who_wrote_in_spanish(service: MonitoringService) -> None:
    await hire(service.db, 1, 2, languages=["en"], weekly_minutes=10_000)
    await service.db.write(add_person, 3, languages=("es",))
    office = {"zone": "Europe/Madrid", "days": [0, 1, 2, 3, 4], "start": "08:00", "end": "18:00"}
    certify = [
        {"employee_number": "E-3", "weekly_minutes": 2000, "hours": office},
        {"count": 1, "languages": ["es"], "topics": ["billing"], "weekly_minutes": 2000, "hours": office},
    ]

    done = await simulate(service, generated=STREAM, what_if={"certify": certify}, seed=7)
    assert done["state"] == "done", done["failure"]
    assert done["request"]["what_if"]["certify"][0]["employee_number"] == "E-3"
    before, after = done["before"], done["after"]
    assert (before["people"], after["people"]) == (2, 4)
    assert before["arrived"] == after["arrived"] > 200
    spanish = {
        when: next(pool for pool in done[when]["pools"] if pool["language"] == "es") for when in ("before", "after")
    }
    assert (spanish["before"]["missing"], spanish["before"]["answered"]) == ("language:es", 0)
    assert before["unroutable"] == spanish["before"]["arrived"] == spanish["before"]["waiting"]
    assert (after["unroutable"], spanish["after"]["missing"], spanish["after"]["people"]) == (0, None, 2)
    assert spanish["after"]["answered"] > spanish["after"]["arrived"] / 2
    assert spanish["after"]["first_answer"]["p50"] < spanish["before"]["first_answer"]["p50"]
    assert len(after["queue"]) == 120
    assert after["queue"][-1]["waiting"] == after["waiting"]


async def test_the_last_days_are_replayed_as_customers_wrote_and_somebody_can_be_missed(
    service: MonitoringService,
) -> None:
    await hire(service.db, 1, 2, languages=["en"])
    await hire(service.db, 3, languages=["pt"])
    for number in range(6):
        await service.push(f"t-{number}", customer=f"c{number}@x.example", language="pt" if number % 2 else "en")
        service.clock.advance(timedelta(minutes=7))

    done = await simulate(service, days=1, what_if={"without": ["E-3"]})
    assert done["state"] == "done", done["failure"]
    assert done["request"]["what_if"]["without"] == ["E-3"]
    assert [done[when]["arrived"] for when in ("before", "after")] == [6, 6]
    assert (done["before"]["unroutable"], done["before"]["answered"]) == (
        0,
        5,
    )  # the last takes longer than there is time
    assert (done["after"]["unroutable"], done["after"]["waiting"]) == (3, 3)
    assert done["before"]["first_assignment"]["p95"] == 0.0


async def test_who_wrote_just_now_is_with_somebody_and_answered_once_there_was_time(service: MonitoringService) -> None:
    await hire(service.db, 1, 2, 3)
    for number in range(6):
        await service.push(f"t-{number}", customer=f"c{number}@x.example", language="en")
    new = (await simulate(service, days=1))["before"]
    assert (new["arrived"], new["answered"], new["with_someone"], new["waiting"]) == (6, 0, 6, 0)
    service.clock.advance(timedelta(hours=1))
    later = (await simulate(service, days=1))["before"]
    assert (later["arrived"], later["answered"], later["with_someone"], later["waiting"]) == (6, 6, 0, 0)


async def test_who_asks_for_too_much_or_in_the_name_of_some_departments_is_refused(service: MonitoringService) -> None:
    await hire(service.db, 1)
    client = service.client
    path = "/v1/load/simulations"
    bad: Sequence[dict[str, Any]] = (
        {"days": 61},
        {"days": 3, "generated": STREAM},
        {"generated": {**STREAM, "days": 60, "conversations_per_day": 20_000}},
        {"what_if": {"certify": [{"languages": ["es"]}]}},
        {"what_if": {"certify": [{"count": 2}]}},
        {"what_if": {"certify": [{"count": 2, "employee_number": "E-1", "languages": ["es"]}]}},
    )
    for body in bad:
        assert refused(await client.post(path, json=body)) == (422, "invalid"), body
    nobody = {"what_if": {"without": ["E-9"]}}
    assert refused(await client.post(path, json=nobody)) == (404, "unknown-person")
    limited = service.ask_as(replace(KEY, departments=frozenset({"Support"})))
    assert refused(await limited.post(path, json={})) == (403, "forbidden")

    done = await simulate(service)
    assert (await limited.get(f"{path}/{done['id']}")).status_code == 404
    read = await client.get(f"{path}/{done['id']}")
    again = await client.get(f"{path}/{done['id']}", headers={"If-None-Match": read.headers["ETag"]})
    assert again.status_code == 304


async def test_one_caller_has_one_simulation_under_way_and_a_repeated_request_is_the_same_one(
    service: MonitoringService,
) -> None:
    asked = {"generated": {**STREAM, "days": 30, "conversations_per_day": 400}}
    keyed = {"Idempotency-Key": "s-1"}
    first = await service.client.post("/v1/load/simulations", json=asked, headers=keyed)
    assert first.status_code == 202
    repeated = await service.client.post("/v1/load/simulations", json=asked, headers=keyed)
    assert repeated.json()["id"] == first.json()["id"]
    # Both are asked in one unit, so that the first cannot have ended meanwhile.
    with pytest.raises(simulations.OneAtATime):
        await service.db.write(ask_twice)


def ask_twice(session: Session) -> None:
    for _ in range(2):
        simulations.request(session, ASKED, replace(KEY, id="key:other"))


async def test_a_simulation_that_broke_off_with_its_process_is_begun_again_and_one_that_cannot_end_is_ended(
    service: MonitoringService,
) -> None:
    lost = await service.db.write(take_without_running)
    assert (await ended(service, lost.id))["state"] == "done"
    await service.db.write(simulations.fail, lost, "Too late.")
    assert (await ended(service, lost.id))["state"] == "done", "another runner has taken it"

    plain = task(seconds=1).to_plain()
    plain["stream"]["each_day"] = 2e6
    with pytest.raises(Broken):
        await in_a_process(orjson.dumps(plain))


def take_without_running(session: Session) -> simulations.Job:
    simulations.request(session, ASKED, KEY)
    job = simulations.take(session)
    assert job is not None
    return job


async def test_what_is_taken_from_the_past_is_read_from_either_database(db_on_both: Database) -> None:
    await hire(db_on_both, 1, 2)
    await db_on_both.write(posts.ingest, [post(str(number), lang="en", topic="billing") for number in range(3)])
    replayed = await db_on_both.write(gathered)
    assert [(pool.language, pool.topic) for pool in replayed.pools] == [("en", "billing")]
    assert len(replayed.wrote) == 3
    assert [one.person for one in replayed.before] == [person_id(1), person_id(2)]
    assert (replayed.minutes, replayed.silent) == ([10.0], 0.0)


def gathered(session: Session) -> Task:
    return simulations.task(session, take_without_running(session))


def task(**changes: Any) -> Task:
    """Return a small task."""
    plain: dict[str, Any] = {
        "seed": 5,
        "seconds": 10,
        "since": 0.0,
        "until": 86_400.0,
        "pools": [{"needs": ["language:en"], "language": "en", "topic": None}],
        "calendars": [[(0.0, 86_400.0)]],
        "before": [],
        "after": [
            {"person": "a", "skills": ["language:en"], "capacity": 2, "weekly_minutes": 600, "calendar": 0},
            {"person": "b", "skills": ["language:en"], "capacity": 2, "weekly_minutes": 600, "calendar": 0},
        ],
        "minutes": [4.0, 12.0],
        "silent": 0.2,
        "terms": {},
        "wrote": [],
        "stream": {"each_day": 90.0, "weights": [1.0], "stretches": [(0.0, 86_400.0)]},
    }
    return Task.from_plain({**plain, **changes})


async def test_the_same_seed_gives_the_same_answer_in_whatever_process() -> None:
    answer = orjson.loads(await in_a_process(orjson.dumps(task().to_plain())))
    assert answer == orjson.loads(orjson.dumps(program.compare(task())))
    assert answer != orjson.loads(orjson.dumps(program.compare(task(seed=6))))
    assert [len(one.arrivals) for one in draws.scenarios(task())] == [len(draws.scenarios(task())[0].arrivals)] * 2


async def test_an_erased_person_leaves_no_simulation_and_no_name_in_one(service: MonitoringService) -> None:
    await hire(service.db, 1, 2)
    theirs = replace(KEY, id=f"person:{person_id(1)}", person=person_id(1), employee_number="E-1")
    own = await service.db.write(simulations.request, ASKED, theirs)
    about = SimulationIn.model_validate({"what_if": {"without": ["E-1"]}})
    named = await service.db.write(simulations.request, about, KEY)
    await service.db.write(personal.forget, person_id(1))
    assert (await service.client.get(f"/v1/load/simulations/{own.id}")).status_code == 404
    assert "E-1" not in (await service.client.get(f"/v1/load/simulations/{named.id}")).text
