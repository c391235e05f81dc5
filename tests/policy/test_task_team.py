"""The task team: who is nominated, who sits where, and where nobody stands."""

import asyncio
import hashlib
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.holes import Reach, gaps
from services.policy.handlers import free_seats
from shared.context import Principal
from shared.events.training import PersonLeftV1
from tests.policy.conftest import PolicyService

SEATS = (
    {"key": "emea-en", "role": "reviewer", "region": "EMEA", "language": "en", "network": "mastodon"},
    {"key": "americas-pt", "role": "coach", "region": "Americas", "language": "pt", "network": "mastodon"},
)


async def nominate(service: PolicyService, number: str, seat: str | None = None) -> Any:
    body = {
        "employee_number": number,
        "seat": seat,
        "experience": "Ran our forum.",
        "languages": ["en"],
        "why": "Patient.",
    }
    answer = await service.client.post("/v1/task-team/nominations", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def open_seats(service: PolicyService) -> None:
    for seat in SEATS:
        assert (await service.client.post("/v1/task-team/seats", json=seat)).status_code == 201


async def test_a_nominee_is_endorsed_by_colleagues_and_appointed(service: PolicyService) -> None:
    await open_seats(service)
    path = f"/v1/task-team/nominations/{(await nominate(service, 'E-1', 'emea-en'))['id']}"
    own = await service.as_person("E-1").post(f"{path}/endorsements", json={"words": "I am good."})
    assert own.status_code == 409
    endorsed = await service.as_person("E-2").post(f"{path}/endorsements", json={"words": "She is good."})
    assert [each["employee_number"] for each in endorsed.json()["endorsements"]] == ["E-2"]

    decided = await service.client.post(f"{path}/decision", json={"decision": "appoint", "reason": "We agree."})
    assert (decided.json()["state"], decided.json()["seat"]) == ("appointed", "emea-en")
    members = (await service.client.get("/v1/task-team/members")).json()["items"]
    assert [(each["employee_number"], each["seat"], each["role"]) for each in members] == [
        ("E-1", "emea-en", "reviewer")
    ]
    assert [(each["seat"], each["change"]) for each in await service.told("policy.task_team.changed.v1")][-1] == (
        "emea-en",
        "appointed",
    )


async def test_a_key_limited_to_departments_neither_sees_nor_decides_on_nominees_of_others(
    service: PolicyService,
) -> None:
    await service.hear_of("E-9", "Sales")
    path = f"/v1/task-team/nominations/{(await nominate(service, 'E-9'))['id']}"
    key = Principal(id="key:limited", scopes=frozenset({"team:read", "team:write"}), departments=frozenset({"Support"}))
    limited = service.ask_as(key)
    decline = {"decision": "decline", "reason": "Not now."}

    assert (await limited.get("/v1/task-team/nominations")).json()["items"] == []
    assert (await limited.get(path)).status_code == 404
    assert (await limited.post(f"{path}/decision", json=decline)).status_code == 404
    assert (await service.client.post(f"{path}/decision", json=decline)).status_code == 200


async def test_each_step_from_a_nomination_to_a_seat_is_in_evidence_with_whom_it_concerns(
    service: PolicyService,
) -> None:
    await open_seats(service)
    nomination = (await nominate(service, "E-1", "emea-en"))["id"]
    path = f"/v1/task-team/nominations/{nomination}"
    # A key speaks for E-2: the entry names her, not only the key.
    await service.client.post(f"{path}/endorsements", json={"employee_number": "E-2", "words": "She is good."})
    await service.client.post(f"{path}/decision", json={"decision": "appoint", "reason": "We agree."})

    nominee, colleague = service.people["E-1"], service.people["E-2"]
    said = hashlib.sha256(b"She is good.").hexdigest()
    assert await service.evidence("team.nominated") == [(f"nominations/{nomination}", None, nominee)]
    assert await service.evidence("team.endorsed") == [(f"nominations/{nomination}", said, colleague)]
    assert await service.evidence("team.nomination.appointed") == [(f"nominations/{nomination}", None, nominee)]
    assert await service.evidence("team.member.appointed") == [("seats/emea-en", None, nominee)]


async def test_a_person_is_nominated_once_by_many_at_the_same_time(service_on_both: PolicyService) -> None:
    client = service_on_both.client
    body = {"employee_number": "E-1", "experience": "Ran our forum.", "languages": ["en"], "why": "Patient."}
    answers = await asyncio.gather(*(client.post("/v1/task-team/nominations", json=body) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 11]


async def test_a_seat_is_given_only_once(service_on_both: PolicyService) -> None:
    await open_seats(service_on_both)
    nominations = [(await nominate(service_on_both, number, "emea-en"))["id"] for number in ("E-1", "E-2", "E-3")]
    body = {"decision": "appoint", "reason": "Welcome."}
    answers = await asyncio.gather(
        *(service_on_both.client.post(f"/v1/task-team/nominations/{each}/decision", json=body) for each in nominations)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_coverage_shows_what_nobody_covers(service: PolicyService) -> None:
    await open_seats(service)
    nomination = (await nominate(service, "E-1", "emea-en"))["id"]
    await service.client.post(
        f"/v1/task-team/nominations/{nomination}/decision", json={"decision": "appoint", "reason": "Yes."}
    )

    coverage = (await service.client.get("/v1/task-team/coverage")).json()
    assert coverage["dimensions"] == {
        "departments": ["Communications", "Support"],
        "regions": ["Americas", "EMEA"],
        "networks": ["mastodon"],
        "languages": ["en", "pt"],
    }
    assert (coverage["covered"], coverage["combinations"]) == (2, 8)
    nobody = {"accounts": 0, "conversations": 0, "networks": None, "departments": None}
    assert coverage["gaps"] == [
        # Two people are fewer than a group must have to be counted.
        nobody | {"regions": ["Americas"], "languages": None, "combinations": 4, "people": None},
        nobody | {"regions": ["EMEA"], "languages": ["pt"], "combinations": 2, "people": 0},
    ]
    assert [seat["key"] for seat in coverage["vacant"]] == ["americas-pt"]


async def test_who_leaves_holds_no_seat(service: PolicyService) -> None:
    await open_seats(service)
    nomination = (await nominate(service, "E-1"))["id"]
    path = f"/v1/task-team/nominations/{nomination}/decision"
    assert (await service.client.post(path, json={"decision": "appoint", "reason": "Yes."})).status_code == 422
    await service.client.post(path, json={"decision": "appoint", "reason": "Yes.", "seat": "emea-en"})

    left = PersonLeftV1(id=service.people["E-1"], left_at=service.clock.now())
    await service.app.state.db.write(lambda session: free_seats(left, session))
    assert (await service.client.get("/v1/task-team/members")).json()["items"] == []
    last = (await service.told("policy.task_team.changed.v1"))[-1]
    assert (last["seat"], last["person"], last["change"]) == ("emea-en", None, "left")


VALUES = (("a", "b", "c"), ("x", "y"), (), ("de", "en", "pt"))
reach = st.tuples(*(st.one_of(st.none(), st.sampled_from(values)) if values else st.none() for values in VALUES))


@given(st.lists(reach, max_size=8))
def test_gaps_are_exactly_the_combinations_that_no_seat_reaches(reaches: list[Reach]) -> None:
    found = [
        combination
        for hole in gaps(VALUES, reaches)
        for combination in product(
            *((values or ("",)) if part is None else part for part, values in zip(hole, VALUES, strict=True))
        )
    ]
    wanted = [
        combination
        for combination in product(*(values or ("",) for values in VALUES))
        if not any(all(own in {None, value} for own, value in zip(seat, combination, strict=True)) for seat in reaches)
    ]
    assert sorted(found) == wanted
