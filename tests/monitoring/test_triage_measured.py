"""How well complaints and languages are told, on posts that were not looked at when the cues were written.

The posts are those of `POSTS` (JSON Lines with `id`, `text`, `complaint`). A post was looked at if the first byte of its
id's SHA-256 is even; this measures the others.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.monitoring.domain.triage import triage

POSTS = Path(os.environ.get("POSTS") or "../shared/data/posts.jsonl")


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
