"""Campaigns that ask some of the same people: no arithmetic with their figures tells of a few."""

from collections.abc import Mapping, Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.policy.domain.overlaps import Compared, Overlaps, Pair
from tests.policy.conftest import PolicyService
from tests.policy.team import ok
from tests.policy.test_campaign_figures import HIDDEN, limited_to
from tests.policy.test_campaigns import accept, campaign
from tests.shared.test_small_groups import MINIMUM, Row, learnt_of_few

People = Mapping[tuple[int, Pair], int]

CAMPAIGNS = 3
people = st.dictionaries(
    st.tuples(st.integers(0, 2**CAMPAIGNS - 1), st.tuples(st.sampled_from("AB"), st.sampled_from("XY"))),
    st.integers(1, 20),
    min_size=1,
    max_size=7,
)
kinds = st.lists(st.tuples(st.booleans(), st.integers(1, 2)), min_size=CAMPAIGNS, max_size=CAMPAIGNS)
OPEN = [(True, 1)] * CAMPAIGNS


def answers_of(overlaps: Overlaps, campaigns: Sequence[Compared], ids: Sequence[str], people: People) -> list[Row]:
    """Return whom each figure of these campaigns is about, cell by cell: totals, and both kinds of groups."""
    cells = list(people)
    answers: list[Row] = []
    for each in ids:
        bit = [campaign.id for campaign in campaigns].index(each)
        asked = {cell for cell in cells if cell[0] >> bit & 1}
        alone = overlaps.alone(each)
        blocks = [asked]
        for at, names in enumerate((alone.department, alone.region)):
            blocks += [{cell for cell in asked if cell[1][at] == name} for name in names]
            blocks.append({cell for cell in asked if cell[1][at] not in names})
        answers += [[int(cell in block) for cell in cells] for block in blocks]
    return answers


@given(people, kinds)
@example({(1, ("A", "X")): 18, (3, ("A", "X")): 2}, OPEN)
@example({(1, ("A", "X")): 9, (3, ("A", "X")): 9, (3, ("B", "X")): 5, (1, ("B", "X")): 4}, OPEN)
@example({(1, ("A", "X")): 9, (2, ("A", "X")): 9, (7, ("B", "X")): 9, (4, ("B", "Y")): 9}, OPEN)
@settings(max_examples=60, deadline=None)
def test_who_solves_all_equations_of_campaigns_that_can_be_compared_learns_nothing_of_a_few(
    people: People, kinds: list[tuple[bool, int]]
) -> None:
    campaigns = [Compared(str(at), goes_on, ("policy", number)) for at, (goes_on, number) in enumerate(kinds)]
    overlaps = Overlaps(campaigns, people, sum(people.values()), MINIMUM)
    counted = [each for each in campaigns if overlaps.is_counted(each.id)]

    for comparable in (
        [each.id for each in counted if each.goes_on],
        *([each.id for each in counted if each.round == one.round] for one in counted),
    ):
        answers = answers_of(overlaps, campaigns, comparable, people)
        everybody = [[1] * len(people)] if answers else []
        assert learnt_of_few([*answers, *everybody], list(people.values())) == []


async def test_what_two_campaigns_count_cannot_be_subtracted(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.publish()
    for number in range(50, 60):
        await service.hear_of(f"E-{number}", "Office", region="Asia")
    for number in range(20, 50):
        region = "EMEA" if number < 38 else "Americas" if number < 40 else "Asia"
        await service.hear_of(f"E-{number}", "Stores" if number < 40 else "Care", region=region)
    stores = await campaign(service, audience={"departments": ["Stores"]})
    but_two = await campaign(service, audience={"departments": ["Stores"], "regions": ["EMEA"]})
    both = await campaign(service, audience={"departments": ["Stores", "Care"]})
    await accept(service, version, "E-39")
    colleague = service.as_person("E-3")

    def figures(path: str) -> str:
        return f"{path}/statistics"

    # Eighteen of the twenty: what both tell less what the other does would be that one of two has accepted.
    assert ok(await colleague.get(figures(but_two)))["total"] == HIDDEN
    assert ok(await colleague.get(but_two))["counts"] == HIDDEN
    assert ok(await service.client.get(figures(but_two)))["total"]["people"] == 18
    shown = ok(await colleague.get(figures(both)))
    assert {each["name"]: each["people"] for each in shown["groups"]} == {"Care": 10, "Stores": 20}
    assert (shown["total"]["people"], ok(await colleague.get(stores))["counts"]["done"]) == (30, 1)
    of_care = ok(await limited_to(service, "Care").get(figures(both)))
    assert ({each["name"] for each in of_care["groups"]}, of_care["total"]["people"]) == ({"Care"}, 10)
    assert ok(await limited_to(service, "Care").get(figures(both), params={"by": "region"}))["groups"] == []
    # By region the two are with others: they are what is left of Stores without those in EMEA.
    regions = ok(await colleague.get(figures(both), params={"by": "region"}))["groups"]
    assert all(each["people"] >= 8 for each in regions)
    assert "Americas" not in {each["name"] for each in regions}
