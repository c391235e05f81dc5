"""Questions of all kinds that hypothesis makes up, also with signs that mean something in files of others."""

from typing import Any, cast

from hypothesis import strategies as st
from pydantic import ValidationError

from services.training.domain.teaching.questions import QUESTION
from services.training.schemas.quizzes import Question

MARKS = ["=", "~", "#", "####", "{", "}", ":", "::", "\\", "->", "%50%", "*", "\\*", "[html]", "[id:x]", "[tag:y]", "//", "<b>",
         "&amp;", "]]>", "--", "\n", "\n\n", "$CATEGORY: x", "A. ", "ANSWER: B", "T", " ", "?", "é", "日本", "🙂", "\u2028", "\x01"]  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
texts = st.lists(st.sampled_from(MARKS) | WORDS, min_size=1, max_size=6).map("".join)
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)
feedbacks = st.none() | texts
parts = st.sampled_from([100.0, 50.0, 33.33333, 12.5, 0.1])
numbers = st.floats(-1e15, 1e15, allow_nan=False) | st.integers(-1000, 1000).map(float)
common: dict[str, st.SearchStrategy[Any]] = {
    "key": slugs,
    "text": texts,
    "tags": st.lists(slugs, max_size=3),
    "difficulty": st.sampled_from(["easy", "medium", "hard"]),
    "points": st.integers(1, 100),
    "feedback": feedbacks,
    "shuffle": st.booleans(),
}


def options(correct: st.SearchStrategy[bool], credit: st.SearchStrategy[float | None]) -> Any:
    """Return some options, right or wrong."""
    one = st.fixed_dictionaries({"text": texts, "correct": correct, "feedback": feedbacks, "credit": credit})
    return st.lists(one, min_size=2, max_size=5)


def of_choices() -> st.SearchStrategy[dict[str, Any]]:
    """Return questions with options, of all ways to grade them."""
    plain = st.fixed_dictionaries(
        common
        | {
            "kind": st.sampled_from(["single", "multiple", "true_false"]),
            "partial": st.sampled_from(["none", "proportional"]),
            "options": options(st.booleans(), st.none()),
        }
    )

    @st.composite
    def weighted(draw: st.DrawFn) -> dict[str, Any]:
        kind = draw(st.sampled_from(["single", "multiple"]))
        right = 1 if kind == "single" else draw(st.integers(1, 4))
        wrong = draw(st.lists(st.sampled_from([-100.0, -33.33333, -5.0, 0.0]), min_size=1, max_size=3))
        credits_ = [100 / right] * right + wrong
        made = [
            {"text": draw(texts), "correct": place < right, "credit": one, "feedback": draw(feedbacks)}
            for place, one in enumerate(credits_)
        ]
        return {**draw(st.fixed_dictionaries(common)), "kind": kind, "partial": "weighted", "options": made}

    statement = st.fixed_dictionaries(common | {"kind": st.just("true_false"), "options": st.sampled_from(STATEMENTS)})
    return plain | weighted() | statement


STATEMENTS: list[Any] = [
    [{"text": "True", "correct": value, "feedback": "One."}, {"text": "False", "correct": not value, "feedback": said}]
    for value in (True, False)
    for said in (None, "Other: #1.")
]
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "choice": of_choices(),
    "matching": st.fixed_dictionaries(
        common
        | {
            "kind": st.just("matching"),
            "pairs": st.lists(st.fixed_dictionaries({"prompt": texts, "match": texts}), min_size=2, max_size=4),
            "distractors": st.lists(texts, max_size=2),
            "partial": st.sampled_from(["none", "proportional"]),
        }
    ),
    "ordering": st.fixed_dictionaries(
        common
        | {
            "kind": st.just("ordering"),
            "entries": st.lists(texts, min_size=2, max_size=5),
            "partial": st.sampled_from(["none", "proportional"]),
        }
    ),
    "short_text": st.fixed_dictionaries(
        common
        | {
            "kind": st.just("short_text"),
            "accepted": st.lists(
                st.fixed_dictionaries({"text": texts, "credit": parts, "feedback": feedbacks}), min_size=1, max_size=4
            ),
            "ignore": st.lists(st.sampled_from(["case", "space", "accents"]), unique=True),
        }
    ),
    "numeric": st.fixed_dictionaries(
        common
        | {
            "kind": st.just("numeric"),
            "accepted": st.lists(
                st.fixed_dictionaries(
                    {"value": numbers, "tolerance": st.floats(0, 1e6), "credit": parts, "feedback": feedbacks}
                )
                | st.fixed_dictionaries({"minimum": numbers, "maximum": numbers, "credit": parts}),
                min_size=1,
                max_size=3,
            ),
        }
    ),
    "rule_break": st.fixed_dictionaries(
        common
        | {
            "kind": st.just("rule_break"),
            "post": st.fixed_dictionaries({"text": texts, "network": st.sampled_from(["", "mastodon"])}),
            "policy": slugs,
            "rules": st.none() | st.lists(slugs, min_size=1, max_size=3),
        }
    ),
}


def valid(question: dict[str, Any]) -> Question | None:
    """Return a question, or none when its parts do not fit together."""
    try:
        return QUESTION.validate_python(question)
    except ValidationError:
        return None


questions = cast(
    "st.SearchStrategy[Question]", st.one_of(*KINDS.values()).map(valid).filter(lambda one: one is not None)
)
