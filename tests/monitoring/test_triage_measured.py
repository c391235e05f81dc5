"""How well complaints and languages are told, on posts that were not looked at when the cues were written.

The posts are those of `POSTS` (JSON Lines with `id`, `text`, `complaint`). A post was looked at if the first byte of its
id's SHA-256 is even; this measures the others.

Of the other languages there are no posts: `labelled.jsonl` has sentences of our own, 42 a language. Of their complaints,
22 of 40 were found at first, and 16 of 40 that were written after those had been mended: cues know words of fault and
anger, and who tells soberly what went wrong uses none. Cues were added for what these showed, too. No cue was ever looked
for in those that are still `held_out`; none of their complaints is found, so what is asked is that nothing is mistaken.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.monitoring.domain.triage import triage

POSTS = Path(os.environ.get("POSTS") or "../shared/data/posts.jsonl")


OURS = [json.loads(line) for line in (Path(__file__).parent / "labelled.jsonl").read_text().splitlines()]


def held_out() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in POSTS.read_text().splitlines()] if POSTS.exists() else []
    return [row for row in rows if hashlib.sha256(row["id"].encode()).digest()[0] % 2]


def test_complaints_that_nobody_looked_at_are_found_with_f1_of_at_least_0_70() -> None:
    labelled = [(row["text"], row["complaint"]) for row in held_out() if "complaint" in row]
    if not labelled:
        pytest.skip("POSTS names no labelled posts")
    said = [triage.shipped_sorter("en").sort(text).kind == "complaint" for text, _ in labelled]
    right = sum(found and true for found, (_, true) in zip(said, labelled, strict=True))
    f1 = 2 * right / (sum(said) + sum(true for _, true in labelled))
    assert f1 >= 0.70, f"{f1:.3f} on {len(labelled)} posts"


def test_the_language_that_is_told_is_nearly_always_right_and_mostly_told() -> None:
    rows = held_out()
    if not rows:
        pytest.skip("POSTS names no posts")
    told = [(row["lang"], triage.detect(row["text"])) for row in rows]
    sure = [(true, said) for true, said in told if said is not None]
    assert len(sure) >= 0.9 * len(told)
    assert sum(true == said for true, said in sure) >= 0.99 * len(sure)


def sorted_ones(language: str, *, held_out: bool) -> list[tuple[str, str]]:
    """Return of each sentence in a language what it is, and what it is taken for."""
    sorter = triage.shipped_sorter(language)
    ours = [one for one in OURS if one["lang"] == language and one["held_out"] is held_out]
    return [(one["kind"], sorter.sort(one["text"]).kind) for one in ours]


@pytest.mark.parametrize("language", ["de", "fr", "es", "pt"])
def test_in_other_languages_plain_complaints_are_found_and_all_else_is_told_apart(language: str) -> None:
    kinds = sorted_ones(language, held_out=False)
    found = [true for true, said in kinds if said == "complaint"]
    right = found.count("complaint")
    assert len(kinds) >= 30
    assert right >= 0.94 * sum(true == "complaint" for true, _ in kinds), "recall"
    assert right == len(found), "precision"
    assert [pair for pair in kinds if pair[0] != "complaint" and pair[0] != pair[1]] == []


@pytest.mark.parametrize("language", ["de", "fr", "es", "pt"])
def test_in_other_languages_nobody_is_taken_for_somebody_who_complains(language: str) -> None:
    kinds = sorted_ones(language, held_out=True)
    assert {true for true, _ in kinds} == {"complaint", "question", "praise"}
    assert all(said in {true, "other"} for true, said in kinds)
    assert all(true == said for true, said in kinds if true != "complaint")
