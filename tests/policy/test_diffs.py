"""What a new version changes, as its readers and reviewers are shown it."""

import time
import tracemalloc
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.diffs import increasing
from services.policy.domain.wording import Budget, compare, marked
from tests.policy.conftest import POLICY, PolicyService

OUTLINE = """# Answering {#answering}
We answer within 24 hours.
# Kindness {#kindness}
Be kind to everyone you meet.
# Secrets {#secrets}
Keep them.
"""


async def diff(service: PolicyService, before: str, after: str) -> Any:
    await service.write(before)
    version = await service.write(after)
    answer = await service.client.get(f"{version}/diff", params={"against": 1})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_changed_words_are_marked_one_by_one(service: PolicyService) -> None:
    found = await diff(service, OUTLINE, OUTLINE.replace("within 24 hours", "within 4 working hours"))
    answering, kindness, _ = found["sections"]
    assert (answering["change"], answering["moved"]) == ("changed", False)
    assert answering["html"] == ("<p>Answering</p>\n<p>We answer within <del>24</del> <ins>4 working</ins> hours.</p>")
    assert "".join(each["text"] for each in answering["words"] if each["change"] != "removed") == (
        "Answering\n\nWe answer within 4 working hours."
    )
    assert (kindness["change"], kindness["html"], kindness["words"]) == ("unchanged", "", [])
    assert found["material"] == {
        "suggested": True,
        "stated": True,
        "reasons": ["The section “Answering” asks something else: “24”, “4” changed."],
    }


async def test_a_section_that_only_moved_keeps_its_id_and_asks_nobody_anew(service: PolicyService) -> None:
    answering, rest = OUTLINE.split("# Kindness")
    found = await diff(service, OUTLINE, f"# Kindness{rest}{answering}")
    assert [(each["id"], each["change"]) for each in found["sections"]] == [
        ("kindness", "unchanged"),
        ("secrets", "unchanged"),
        ("answering", "moved"),
    ]
    assert found["material"]["suggested"] is False


async def test_a_section_put_under_another_has_moved(service: PolicyService) -> None:
    found = await diff(service, OUTLINE, OUTLINE.replace("# Secrets", "## Secrets"))
    secrets = found["sections"][2]
    assert (secrets["change"], secrets["before_parent"], secrets["parent"]) == ("moved", None, "kindness")


async def test_other_formatting_is_no_difference_and_a_small_correction_no_reason_to_ask_anew(
    service: PolicyService,
) -> None:
    formatted = OUTLINE.replace("Be kind to everyone you meet.", "- *Be kind* to\n  **everyone** you meet.")
    found = await diff(service, OUTLINE, formatted.replace("Keep them.", "Keep these."))
    assert [each["change"] for each in found["sections"]] == ["unchanged", "unchanged", "changed"]
    assert found["material"]["suggested"] is False


async def test_what_is_struck_through_or_links_elsewhere_has_changed(service: PolicyService) -> None:
    before = "# A\nDo [ask](https://a.example).\n# B\nDo not post.\n"
    found = await diff(service, before, before.replace("a.example", "b.example").replace("Do not", "Do ~~not~~"))
    assert [each["change"] for each in found["sections"]] == ["changed", "changed"]
    assert found["material"]["reasons"] == ["The section “B” strikes out something else."]


async def test_rules_are_compared_by_what_they_say(service: PolicyService) -> None:
    relaid = POLICY.replace("words: [idiot, idiots]", "words:\n    - idiot\n    - idiots").replace(
        "severity: hold", "severity: block"
    )
    found = await diff(service, POLICY, relaid)
    disclose, insults = found["rules"]
    assert (disclose["change"], disclose["fields"]) == ("changed", ["severity"])
    assert "<del>hold</del> <ins>block</ins>" in disclose["html"]
    assert insults["change"] == "unchanged"
    assert found["material"]["reasons"] == ["The rule “disclose-employer” does something else: severity changed."]


async def test_without_a_number_a_version_is_compared_with_the_one_in_force(service: PolicyService) -> None:
    await service.publish(OUTLINE)
    version = await service.write(OUTLINE.replace("24", "12"))
    assert (await service.client.get(f"{version}/diff")).json()["against"] == 1
    assert (await service.client.get(f"{version}/diff", params={"against": 7})).status_code == 404


async def test_markup_in_a_text_is_shown_and_never_run(service: PolicyService) -> None:
    found = await diff(service, OUTLINE, OUTLINE.replace("Keep them.", "Keep `<img src=x onerror=alert(1)>` out."))
    html = found["sections"][2]["html"]
    assert "<img" not in html
    assert "&lt;img" in html.replace("<ins>", "").replace("</ins>", "")


@given(st.permutations(range(6)))
def test_as_few_sections_as_can_be_have_moved(order: list[int]) -> None:
    steady = [order[place] for place in increasing(order)]
    assert steady == sorted(steady)
    longest = max(size for size in range(7) for part in combinations(order, size) if list(part) == sorted(part))
    assert len(steady) == longest


WORDS = st.lists(st.sampled_from(["a", "b", "c", "\n\n", ".", "ö", "字", " "]), max_size=30).map(" ".join)


@given(WORDS, WORDS)
def test_pieces_make_up_both_texts_and_mark_as_little_as_can_be(before: str, after: str) -> None:
    changes = compare(before, after, Budget())
    for text, gone in ((before, "added"), (after, "removed")):
        said = "".join(each.text for each in changes if each.change != gone)
        assert "".join(said.split()) == "".join(text.split())
    same = sum(len(each.text.split()) for each in changes if each.change == "same")
    assert same == longest_common(before.split(), after.split())
    assert marked(changes).count("<ins>") == marked(changes).count("</ins>")


def longest_common(old: list[str], new: list[str]) -> int:
    """Return the length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(new) + 1)
    for word in old:
        above = row[:]
        for place, other in enumerate(new, 1):
            row[place] = above[place - 1] + 1 if word == other else max(above[place], row[place - 1])
    return row[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 40_000, "b a " * 40_000),
        (" ".join(map(str, range(30_000))), " ".join(map(str, range(30_000, 0, -1)))),
        ("x" * 180_000, "y" * 180_000),
    ],
    ids=["repeats", "reversed", "one word"],
)
def test_texts_that_share_nothing_useful_are_compared_soon(before: str, after: str) -> None:
    started = time.process_time()
    changes = compare(before, after, Budget())
    assert {each.change for each in changes} >= {"added", "removed"}
    assert time.process_time() - started < 10


def test_texts_that_share_nothing_take_little_memory() -> None:
    old, new = (" ".join(f"{name}{number}" for number in range(5000)) for name in "ab")
    tracemalloc.start()
    compare(old, new, Budget(200_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
