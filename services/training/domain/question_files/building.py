"""How answers with weights, as other systems have them, become a question of ours."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from services.training.domain.question_files.reading import Refused

ALL = 100.0
MOST_POINTS = 100
ROUNDED = 0.01
"""Percent by which weights may miss 100 and are taken for rounded."""
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")


class Weighed(NamedTuple):
    """An answer as a file has it, with what it earns in percent and what is said to whoever gives it."""

    text: str
    weight: float
    feedback: str | None = None


def choice(answers: Sequence[Weighed], *, single: bool) -> dict[str, Any]:
    """Return the fields of a question with options; raises Refused where its weights mean nothing we have."""
    return one_of(answers) if single else several_of(answers)


def one_of(answers: Sequence[Weighed]) -> dict[str, Any]:
    """Return the fields of a question of which one option is right; others may earn a part."""
    right = [one for one in answers if one.weight >= ALL - ROUNDED]
    if len(right) != 1:
        raise Refused(f"{len(right)} options earn all points, but only one can be chosen; exactly one must be right")
    weighted = any(one.weight for one in answers if one is not right[0])
    options = [option(one, correct=one is right[0], credit=one.weight if weighted else None) for one in answers]
    if weighted:
        next(one for one in options if one["correct"])["credit"] = ALL
    return {"kind": "single", "options": options, "partial": "weighted" if weighted else "none"}


def several_of(answers: Sequence[Weighed]) -> dict[str, Any]:
    """Return the fields of a question with several right options.

    Weights that are the same share for each right one, and as much less for each wrong one, are `proportional`.
    """
    right = [one for one in answers if one.weight > 0]
    total = sum(one.weight for one in right)
    if abs(total - ALL) > 0.5:
        raise Refused(f"the weights of the right options add up to {total:g} %, not to 100 %")
    share = ALL / len(right)
    same = all(abs(one.weight - share) <= ROUNDED for one in right)
    taken = [one.weight for one in answers if one.weight <= 0]
    proportional = same and all(abs(weight + share) <= ROUNDED for weight in taken)
    exact = [
        one.weight if abs(total - ALL) <= 0.0005 or one.weight <= 0 else one.weight * ALL / total for one in answers
    ]
    options = [
        option(one, correct=one.weight > 0, credit=None if proportional else weight)
        for one, weight in zip(answers, exact, strict=True)
    ]
    return {"kind": "multiple", "options": options, "partial": "proportional" if proportional else "weighted"}


def option(answer: Weighed, *, correct: bool, credit: float | None) -> dict[str, Any]:
    """Return one option."""
    return {"text": answer.text, "correct": correct, "feedback": answer.feedback or None, "credit": credit}


def true_false(*, right: bool, wrong_feedback: str | None, right_feedback: str | None) -> dict[str, Any]:
    """Return the fields of a statement that is true or not; its options keep their order."""
    options = [
        {
            "text": text,
            "correct": value is right,
            "feedback": (right_feedback if value is right else wrong_feedback) or None,
        }
        for text, value in (("True", True), ("False", False))
    ]
    return {"kind": "true_false", "options": options, "shuffle": False}


def short_text(answers: Sequence[Weighed], notes: list[str], *, case: bool = False) -> dict[str, Any]:
    """Return the fields of a question that is answered in words.

    A star stands for anything elsewhere; here each text is written out, so those with a star are left out.
    """
    accepted: list[dict[str, Any]] = []
    for one in answers:
        if starred(one.text):
            notes.append(
                f"the answer {brief(one.text)} was left out: a * stands for anything in it, and is none here{said(one)}"
            )
        elif one.weight <= 0:
            notes.append(f"the answer {brief(one.text)} was left out: it earns nothing{said(one)}")
        else:
            text = one.text.replace("\\*", "*")
            accepted.append({"text": text, "credit": one.weight, "feedback": one.feedback or None})
    if not any(one["credit"] >= ALL - ROUNDED for one in accepted):
        raise Refused("no answer without a * earns all points")
    return {"kind": "short_text", "accepted": accepted, "ignore": ["space"] if case else ["case", "space"]}


def starred(text: str) -> bool:
    """Say whether a text has a star that stands for anything; one after a backslash is a star."""
    return "*" in text.replace("\\*", "")


def numeric(answers: Sequence[tuple[dict[str, float] | None, Weighed]], notes: list[str]) -> dict[str, Any]:
    """Return the fields of a question that is answered by a number; no number stands for all others."""
    accepted = []
    for number, one in answers:
        if number is None:
            notes.append(f"what stands for all other numbers was left out{said(one)}")
        elif one.weight <= 0:
            notes.append(f"the number {brief(one.text)} was left out: it earns nothing{said(one)}")
        else:
            accepted.append({**number, "credit": one.weight, "feedback": one.feedback or None})
    if not accepted:
        raise Refused("no number earns anything")
    return {"kind": "numeric", "accepted": accepted}


def number_of(text: str) -> float:
    """Read a number as it is written in English; raises Refused."""
    plain = text.strip()
    if not NUMBER.fullmatch(plain):
        raise Refused(f"{brief(text)} is not a number")
    return float(plain)


def whole_points(points: float, notes: list[str]) -> int:
    """Return what a question is worth in whole points, and note where that is not what the file says."""
    whole = min(max(round(points), 1), MOST_POINTS)
    if whole != points:
        notes.append(f"is worth {whole} instead of {points:g}; points are whole, from 1 to {MOST_POINTS}")
    return whole


def matching(pairs: Sequence[tuple[str, str]], notes: list[str]) -> dict[str, Any]:
    """Return the fields of a question of pairs; what goes with nothing is a distractor."""
    right = [{"prompt": prompt, "match": match} for prompt, match in pairs if prompt]
    matches = {one["match"] for one in right}
    distractors: list[str] = []
    for prompt, match in pairs:
        if not prompt and match in {*matches, *distractors}:
            notes.append(
                f"{brief(match)}, which goes with nothing, is among what goes with something, and was left out"
            )
        elif not prompt:
            distractors.append(match)
    return {"kind": "matching", "pairs": right, "distractors": distractors}


def said(one: Weighed) -> str:
    """Say which feedback goes with an answer that was left out."""
    return f", with its feedback {brief(one.feedback)}" if one.feedback else ""


def brief(text: str) -> str:
    """Quote the beginning of a text."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= 40 else f"“{line[:39]}…”"
