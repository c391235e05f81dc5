"""Coverage: whom the team does not reach, ranked, and what hangs on one person."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.holes import Reach, gaps, sole_holders
from services.policy.domain.reach import Group, Unreached, needs
from services.policy.handlers import count_conversation, forget_account, keep_account
from shared import works_council
from shared.db import Session
from shared.events.monitoring import AccountRegisteredV1, AccountRemovedV1, ConversationOpenedV1
from shared.events.training import WorksCouncilModeChangedV1
from shared.ids import new_id
from tests.policy.conftest import PolicyService
from tests.policy.team import TEAM, ok, seat


async def register(service: PolicyService, network: str, number: str | None, times: int = 1) -> str:
    """Let the service hear of accounts; returns the id of the last."""
    events = [
        AccountRegisteredV1(
            id=new_id(),
            network=network,
            kind="staff" if number else "brand",
            person=service.people[number] if number else None,
            registered_at=service.clock.now(),
        )
        for _ in range(times)
    ]

    def keep(session: Session) -> None:
        for event in events:
            keep_account(event, session)

    await service.app.state.db.write(keep)
    return events[-1].id


async def open_conversations(service: PolicyService, network: str, language: str, times: int) -> None:
    def count(session: Session) -> None:
        for _ in range(times):
            opened = ConversationOpenedV1(
                id=new_id(), network=network, state="waiting", language=language, opened_at=service.clock.now()
            )
            count_conversation(opened, session)

    await service.app.state.db.write(count)


async def coverage(service: PolicyService) -> Any:
    return ok(await service.client.get(f"{TEAM}/coverage"))


async def test_the_gaps_that_leave_most_without_anybody_come_first(service_on_both: PolicyService) -> None:
    service = service_on_both
    for number in range(20, 40):
        await service.hear_of(f"E-{number}", "Sales" if number < 30 else "Legal")
    await register(service, "bluesky", "E-1", times=9)
    gone = await register(service, "bluesky", "E-1")
    await register(service, "mastodon", "E-31")
    removed = AccountRemovedV1(id=gone)
    await service.app.state.db.write(lambda session: forget_account(removed, session))
    await open_conversations(service, "mastodon", "de-AT", 50)
    await seat(service, "all-but-sales", "E-1", department="Legal")
    await seat(service, "support", "E-2", department="Support", network="mastodon", language="en")

    found = await coverage(service)
    assert found["dimensions"] == {
        "departments": ["Communications", "Legal", "Sales", "Support"],
        "regions": ["Americas", "EMEA"],
        "networks": ["bluesky", "mastodon"],
        "languages": ["de", "en"],
    }
    # The conversations are reached by the seat for Legal, the ten of Legal too; two people are too few to be counted.
    shown = [(gap["departments"], gap["people"], gap["accounts"], gap["conversations"]) for gap in found["gaps"]]
    assert shown == [(["Communications", "Sales"], 12, 0, 0), (["Support"], 0, 9, 0), (["Support"], 0, 0, 0)]
    (first, second) = found["dependencies"]
    assert (first["employee_number"], first["conversations"], first["people"]) == ("E-1", 50, 10)
    assert (second["employee_number"], second["combinations"], second["people"]) == ("E-2", 2, None)

    told = WorksCouncilModeChangedV1(id="all", legal_entity="*", on=True, changed_at=service.clock.now())
    await service.app.state.db.write(lambda session: works_council.keep_mode(told, session))
    assert (await coverage(service))["dependencies"] == [], "what hangs on one person measures them"


VALUES = (("a", "b", "c"), ("x", "y"), ("m",), ("de", "en", "pt"))
reach = st.tuples(*(st.one_of(st.none(), st.sampled_from(values)) for values in VALUES))
group = st.builds(
    Group,
    kind=st.sampled_from(["people", "accounts", "conversations"]),
    department=st.one_of(st.none(), st.sampled_from(VALUES[0])),
    region=st.one_of(st.none(), st.sampled_from(VALUES[1])),
    network=st.one_of(st.none(), st.sampled_from(VALUES[2])),
    languages=st.frozensets(st.sampled_from(VALUES[3])),
    count=st.integers(1, 5),
)


def touches(one: Group, combination: tuple[str, ...]) -> bool:
    """Tell whether a group is, or may be, within a combination."""
    place = zip((one.department, one.region, one.network), combination, strict=False)
    return all(own in {None, value} for own, value in place) and (not one.languages or combination[3] in one.languages)


@given(st.lists(reach, max_size=6), st.lists(group, max_size=8))
def test_a_gap_counts_exactly_those_within_it_whom_no_seat_reaches(reaches: list[Reach], groups: list[Group]) -> None:
    def meets(seat: Reach, one: Group) -> bool:
        language = seat[3] is None or not one.languages or seat[3] in one.languages
        own = (one.department, one.region, one.network)
        return language and all(a is None or b is None or a == b for a, b in zip(seat, own, strict=False))

    missed = [one for one in groups if not any(meets(seat, one) for seat in reaches)]
    everyone = needs(groups, reaches, [str(at) for at in range(len(reaches))])
    assert [need.group for need in everyone if not need.persons] == missed
    left = Unreached(missed)
    for hole in gaps(VALUES, reaches):
        cells = combinations([values if part is None else part for part, values in zip(hole, VALUES, strict=True)])
        inside = [one for one in missed if any(touches(one, cell) for cell in cells)]
        assert sum(left.within(hole).values()) == sum(one.count for one in inside)


def combinations(parts: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return all combinations, the slow way."""
    found: list[tuple[str, ...]] = [()]
    for part in parts:
        found = [(*before, value) for before in found for value in part]
    return found


@given(st.lists(st.tuples(reach, st.sampled_from("ABC")), max_size=7))
def test_what_hangs_on_one_person_is_what_only_they_cover(seats: list[tuple[Reach, str]]) -> None:
    expected: dict[str, int] = {}
    for cell in combinations(list(VALUES)):
        holders = {
            person
            for place, person in seats
            if all(own in {None, value} for own, value in zip(place, cell, strict=True))
        }
        if len(holders) == 1:
            (person,) = holders
            expected[person] = expected.get(person, 0) + 1
    assert sole_holders(VALUES, seats) == expected


def test_many_seats_of_many_kinds_are_no_burden() -> None:
    """Counted in steps of the algorithm rather than in seconds: few holes for many combinations."""
    rng = random.Random(7)
    values = [[f"{name}{n}" for n in range(size)] for name, size in (("d", 20), ("r", 6), ("n", 6), ("l", 15))]
    reaches = [tuple(rng.choice([None, *part]) for part in values) for _ in range(100)]
    holes = gaps(values, reaches)  # type: ignore[arg-type]
    assert 0 < len(holes) < 5_000
