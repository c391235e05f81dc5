"""What a format cannot carry, kept beside a question as JSON that only we read.

It names the visible part that it belongs to by a hash: after that was edited, only what stands alone is put back.
"""

import hashlib
import json
from typing import Any

from services.training.domain.teaching.questions import QUESTION
from services.training.schemas.quizzes import Question

ALONE = ("kind", "points", "difficulty", "shuffle", "partial", "ignore")
"""Fields that hold whatever the texts beside them say."""
DERIVED = frozenset({"options", "version"})
"""Fields of a question on a post that the rule engine fills in anew."""
LONGEST = 2_000_000
WORDS = {
    "points": "its points",
    "difficulty": "its difficulty",
    "shuffle": "whether options are shuffled",
    "partial": "how much a partly right answer earns",
    "ignore": "what does not matter in a written answer",
    "kind": "its kind",
    "tags": "its tags",
    "key": "its key",
}


def content_of(question: Question) -> dict[str, Any]:
    """Return what a question says, as JSON has it, without what is derived from the rules in force."""
    derived = DERIVED if question.kind == "rule_break" else frozenset()
    return question.model_dump(mode="json", exclude=set(derived))


def whole(question: Question) -> str:
    """Return all of a question, for a format that has nothing like it."""
    return dumped({"question": content_of(question)})


def beside(question: Question, reread: Question) -> tuple[str | None, list[str]]:
    """Return what a file must carry beside a question so that reading it gives the same, and its words for readers."""
    full, seen = content_of(question), content_of(reread)
    of = digest(seen)
    if full.get("partial", "weighted") != "weighted":
        without_credits(seen)
    lost = {name: value for name, value in full.items() if seen.get(name) != value}
    lost.pop("key", None)
    if not lost:
        return None, []
    return dumped({"of": of, "and": lost}), [WORDS.get(name, f"the exact {name}") for name in lost]


def put_back(visible: dict[str, Any], extra: str | None) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a question with what stood beside it, and what an author is told of that."""
    if extra is None:
        return dict(visible), []
    try:
        kept = json.loads(extra[:LONGEST])
    except (ValueError, RecursionError):
        return dict(visible), ["what Shareload kept beside the question is damaged and was left out"]
    match kept:
        case {"question": dict(question)}:
            return {key: value for key, value in question.items() if key != "key"}, []
        case {"of": str(of), "and": dict(lost)}:
            return joined(visible, of, lost)
    return dict(visible), ["what Shareload kept beside the question is damaged and was left out"]


def joined(visible: dict[str, Any], of: str, lost: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Put fields back: all where the visible part is as it was, else those that stand alone."""
    told: list[str] = []
    if of != digest_of(visible):
        left = sorted(set(lost) - set(ALONE))
        lost = {name: value for name, value in lost.items() if name in ALONE}
        if left:
            told.append(f"was edited after Shareload wrote it, so the exact {', '.join(left)} of then were left out")
    fields = {**visible, **lost}
    if lost.get("partial", "weighted") != "weighted":
        without_credits(fields)
    return fields, told


def without_credits(fields: dict[str, Any]) -> None:
    """Take the credits off options, in place."""
    if "options" in fields:
        fields["options"] = [{**option, "credit": None} for option in fields["options"]]


def digest_of(visible: dict[str, Any]) -> str:
    """Return the hash of fields that were read; empty when they are no question by themselves."""
    try:
        return digest(content_of(QUESTION.validate_python({"key": "q", **visible})))
    except ValueError:
        return ""


def digest(content: dict[str, Any]) -> str:
    """Return the hash of what a question says, but for its key and tags."""
    said = {name: value for name, value in content.items() if name not in {"key", "tags"}}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def dumped(content: dict[str, Any]) -> str:
    """Return JSON in ASCII on one line in which no reader of comments finds ids or tags of its own."""
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("[id:", "\\u005bid:").replace("[tag:", "\\u005btag:").replace("--", "\\u002d-")
