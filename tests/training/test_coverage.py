"""How far departments are with a tier."""

from datetime import timedelta
from typing import Any

from shared.context import Principal
from tests.training.conftest import TrainingService

SIZES = {"Support": 9, "Sales": 10, "Legal": 2, "Press": 3, "Board": 3}


async def staff(service: TrainingService, *certified: str) -> None:
    """Bring in five departments, three of them small, and certify some people: E-1 is of Support, E-20 of Legal."""
    number = 0
    for department, size in SIZES.items():
        for _ in range(size):
            number += 1
            await service.add_person(f"E-{number}", department=department)
    for one in certified:
        await service.certify(one)


def by_department(answer: Any) -> dict[str, tuple[int, ...]]:
    """Return the figures of the only tier's departments."""
    (tier,) = answer["items"]
    names = ("people", "certified", "expiring", "missing", "merged")
    return {each["department"]: tuple(each[name] for name in names) for each in tier["departments"]}


async def test_small_departments_are_counted_as_one_and_certificates_that_end_soon_are_named(
    service: TrainingService,
) -> None:
    await staff(service, "E-1", "E-2", "E-20")
    answer = await service.get("/v1/certificate-coverage")
    assert by_department(answer) == {
        "Sales": (10, 0, 0, 10, 0),
        "Support": (9, 2, 0, 7, 0),
        "other": (8, 1, 0, 7, 3),
    }
    assert {name: answer["items"][0][name] for name in ("people", "certified", "missing")} == {
        "people": 27, "certified": 3, "missing": 24,
    }  # fmt: skip

    await service.advance(timedelta(days=340))
    assert by_department(await service.get("/v1/certificate-coverage"))["Support"] == (9, 2, 2, 7, 0)
    await service.advance(timedelta(days=40))
    assert by_department(await service.get("/v1/certificate-coverage"))["Support"] == (9, 0, 0, 9, 0)


async def test_a_key_of_one_department_reads_whole_groups_only_and_a_tier_counts_whom_it_is_meant_for(
    service: TrainingService,
) -> None:
    await staff(service)
    limited = Principal(
        id="key:some", scopes=frozenset({"certificates:read"}), departments=frozenset({"Sales", "Legal"})
    )
    async with service.ask_as(limited) as client:
        answer = (await client.get("/v1/certificate-coverage")).json()
    assert by_department(answer) == {"Sales": (10, 0, 0, 10, 0)}
    assert answer["items"][0]["people"] == 10

    await service.define("speaker", courses=["answering"], audience={"departments": ["Legal", "Press"]})
    tiers = (await service.get("/v1/certificate-coverage"))["items"]
    (speaker,) = [tier for tier in tiers if tier["certification"] == "speaker"]
    # Five people are too few for any figure.
    assert (speaker["people"], speaker["certified"], speaker["departments"]) == (0, 0, [])
