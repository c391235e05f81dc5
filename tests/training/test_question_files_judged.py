"""GIFT as we write it, read by a parser of others, which finds the same questions in it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.training.domain.question_files import gift_writing
from services.training.domain.question_files.writing import weights
from services.training.schemas.quizzes import Choice, Matching, Numeric, Question, ShortText
from tests.contracts.judges.install import FOLDER
from tests.contracts.test_documents import node
from tests.training.question_strategies import questions


def plain(text: str | None) -> str:
    """Return a text without what is not compared: how words are spaced."""
    return " ".join((text or "").split())


def meant(question: Question) -> dict[str, Any]:
    """Return what a question is, in the terms of the other parser."""
    common = {
        "id": question.key,
        "tags": question.tags or None,
        "text": plain(question.text),
        "said": plain(question.feedback),
    }
    match question:
        case Choice() if question.kind == "true_false" and [one.text for one in question.options] == ["True", "False"]:
            return common | {"type": "TF", "right": question.options[0].correct}
        case Choice():
            several = question.kind == "multiple"
            options = [
                (
                    plain(one.text),
                    not several and one.correct,
                    round(share, 5) if several or not one.correct else None,
                    plain(one.feedback),
                )
                for one, share in zip(question.options, weights(question), strict=True)
            ]
            return common | {"type": "MC", "options": options}
        case Matching():
            pairs = [(pair.prompt, pair.match) for pair in question.pairs] + [("", one) for one in question.distractors]
            return common | {"type": "Matching", "pairs": [(plain(one), plain(other)) for one, other in pairs]}
        case ShortText():
            return common | {
                "type": "Short",
                "options": [(plain(one.text), plain(one.feedback)) for one in question.accepted],
            }
        case Numeric():
            return common | {
                "type": "Numerical",
                "numbers": [
                    (one.value, one.tolerance) if one.value is not None else (one.minimum, one.maximum)
                    for one in question.accepted
                ],
            }
    raise AssertionError(question.kind)


def found(read: dict[str, Any]) -> dict[str, Any]:
    """Return what the other parser read, in the same terms; pairs keep its own signs for what was escaped."""
    common = {"id": read["id"], "tags": read["tags"], "type": read["type"], "text": plain(read["stem"]["text"])}
    common["said"] = said(read.get("globalFeedback"))
    match read["type"]:
        case "TF":
            return common | {"right": read["isTrue"]}
        case "MC":
            options = [
                (plain(one["text"]["text"]), one["isCorrect"], weight(one), said(one["feedback"]))
                for one in read["choices"]
            ]
            return common | {"options": options}
        case "Matching":
            pairs = [
                (plain(one["subquestion"]["text"]), plain(decoded(one["subanswer"]))) for one in read["matchPairs"]
            ]
            return common | {"pairs": pairs}
        case "Short":
            accepted = [
                (plain(one["text"]["text"].replace("\\*", "*")), said(one["feedback"])) for one in read["choices"]
            ]
            return common | {"options": accepted}
        case _:
            return common | {"numbers": [number(one["text"]) for one in read["choices"]]}


def weight(choice: dict[str, Any]) -> float | None:
    """Return what a choice earns in percent; none for the right one of several."""
    if choice["isCorrect"]:
        return None
    return round(choice["weight"] or 0.0, 5)


def said(feedback: dict[str, Any] | None) -> str:
    """Return a feedback's text."""
    return plain(feedback["text"]) if feedback else ""


def decoded(text: str) -> str:
    """Undo the signs that stand for escaped ones: the parser leaves them in what a prompt goes with."""
    for sign in "\\:#={}~":
        text = text.replace(f"&&{ord(sign):03};", sign)
    return text.replace("&&010;", "\n").replace("&&010", "\n")


def number(read: dict[str, Any]) -> tuple[float, float]:
    """Return a number with its tolerance, or a range."""
    if read["type"] == "range":
        return read["number"], read["range"]
    return read["numberLow"], read["numberHigh"]


def strings(value: object) -> Iterator[str]:
    """Return all texts in something."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from strings(one)


def sayable(question: Question) -> bool:
    """Say whether GIFT can say a question, as far as the other parser goes.

    What nobody can escape in it (an arrow, a weight before a right option) is told beside it, and not compared.
    """
    if question.kind in {"ordering", "rule_break"}:
        return False
    texts = list(strings(question.model_dump(mode="json")))
    return not any("->" in text or "&&" in text or text.lstrip().startswith("%") or not text.strip() for text in texts)


def test_another_parser_of_gift_reads_the_same_questions(tmp_path: Path) -> None:
    asked: dict[str, Question] = {}

    @given(st.lists(questions.filter(sayable), min_size=1, max_size=5))
    @settings(max_examples=20, deadline=None, suppress_health_check=[*HealthCheck])
    def collect(drawn: list[Question]) -> None:
        asked.update({question.key: question for question in drawn})

    # One run of the other parser for all: a process an example would take most of the time.
    collect()
    file = tmp_path / "questions.gift"
    file.write_text(gift_writing.write(list(asked.values())).content)
    (read,) = json.loads(node(tmp_path, FOLDER / "gift.mjs", file))
    assert [found(one) for one in read] == [meant(question) for question in asked.values()]
