"""Which sections are asked anew, against the plainest reading of a policy's history."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.training.domain.relearning.section_changes import Changed, Known, Wording, all_changed, changed

SECTIONS = ("a", "b", "c")
texts = st.dictionaries(st.sampled_from(SECTIONS), st.sampled_from(("one", "two", "three")), min_size=1)
pasts = st.lists(st.tuples(st.booleans(), texts), min_size=1, max_size=6).map(
    lambda told: [Wording(number, material, hashes) for number, (material, hashes) in enumerate(told, 1)]
)


def asked(history: list[Wording], issued: int, section: str) -> bool:
    """Say whether a section is asked of whom a certificate covers the version `issued`, told from the newest backwards.

    It is, unless what it says now is what they know: read back from now to the last time it said that, or was not
    there, or was not there yet, some material version has to have changed it.
    """
    known = next(one for one in history if one.number == issued).hashes.get(section)
    later = [one for one in history if one.number >= issued]
    for before, after in reversed(list(pairwise(later))):
        says = after.hashes.get(section)
        if says is None or says == known:
            return False
        if after.material and before.hashes.get(section) != says:
            return True
    return False


@given(pasts, st.data())
def test_what_is_asked_is_what_an_oracle_says(history: list[Wording], data: st.DataObject) -> None:
    issued = data.draw(st.sampled_from(history))
    covered = [
        {"policy": "p", "version": issued.number, "section": section, "hash": text}
        for section, text in issued.hashes.items()
    ]

    found = all_changed(covered, "p", history)

    assert {one.section for one in found} == {one for one in SECTIONS if asked(history, issued.number, one)}
    assert all(one.hash == history[-1].hashes[one.section] for one in found)
    assert all_changed(covered, "another", history) == []


@given(pasts, st.data())
def test_whoever_learns_what_is_asked_is_asked_no_more(history: list[Wording], data: st.DataObject) -> None:
    issued = data.draw(st.sampled_from(history))
    covered = [
        {"policy": "p", "version": issued.number, "section": section, "hash": text}
        for section, text in issued.hashes.items()
    ]
    found = data.draw(st.permutations(all_changed(covered, "p", history)))

    for done, change in enumerate(found, 1):
        covered = [one for one in covered if one["section"] != change.section]
        now = {"policy": "p", "version": change.version, "section": change.section, "hash": change.hash}
        covered.append({**now, "since": issued.number})
        left = {one.section for one in all_changed(covered, "p", history)}
        assert left == {one.section for one in found[done:]}


def test_layout_alone_changes_no_hash_and_asks_nobody() -> None:
    history = [Wording(1, True, {"a": "one"}), Wording(2, True, {"a": "one"}), Wording(3, True, {"a": "two"})]

    assert changed("a", Known(1, "one"), history[:2]) is None
    assert changed("a", Known(1, "one"), history) == Changed("a", 3, "two", 3)
