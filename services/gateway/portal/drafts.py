"""A draft as pages show it: what the rules say of it, which words they mean, and what a click does about them."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.gateway.portal.sections import policies_of, section_of
from services.gateway.portal.visit import Visit

WORST = ("advise", "hold", "block")
SENTENCE = re.compile(r"[^.!?\n]*[.!?]*")
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule matched: what it says, the section it stands in, and other words, if the rule has some."""

    told: dict[str, Any]
    section: dict[str, Any] | None
    policy: str
    words: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """A draft and what came of it; `marks` are the spans to show, worst where several lie on each other."""

    text: str
    found: dict[str, Any]
    reasons: list[Reason]
    marks: list[tuple[int, int, str]]


async def look_at(visit: Visit, draft: dict[str, Any]) -> Read | None:
    """Check a draft, of which nothing is kept; None where nothing is written yet."""
    if not draft["text"].strip():
        return None
    return await explain(visit, draft["text"], await visit.api.post("/v1/checks", draft))


async def explain(visit: Visit, text: str, found: dict[str, Any]) -> Read:
    """Put beside each reason the section that it rests on."""
    policies = await policies_of(visit, *(reason["policy"] for reason in found["reasons"]))
    reasons = []
    for reason in found["reasons"]:
        policy = policies.get(reason["policy"])
        title = policy["title"] if policy else reason["policy"]
        reasons.append(Reason(reason, section_of(policy, reason["section"]), title, words_in(reason["suggestion"])))
    return Read(text, found, reasons, marks_of(text, found["reasons"]))


def known(names: dict[str, str], numbers: Iterable[str]) -> list[tuple[str, str]]:
    """Return those of some employee numbers whose names the reader may know, with these."""
    return [(number, names[number]) for number in numbers if names.get(number, number) != number]


def words_in(suggestion: str | None) -> str | None:
    """Return the words that a suggestion gives to be used as they are: those that stand in quotation marks alone."""
    whole = re.fullmatch(r"\"([^\"]+)\"|“([^”]+)”", (suggestion or "").strip())
    return (whole[1] or whole[2]) if whole else None


def marks_of(text: str, reasons: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    """Return which parts of a text to mark, in order, none over another."""
    spans = [(reason["span"]["start"], reason["span"]["end"], WORST.index(reason["severity"])) for reason in reasons]
    edges = sorted({0, len(text)} | {min(edge, len(text)) for start, end, _ in spans for edge in (start, end)})
    marks: list[tuple[int, int, str]] = []
    for start, end in itertools.pairwise(edges):
        over = [severity for first, last, severity in spans if first <= start and end <= last]
        if not over:
            continue
        worst = WORST[max(over)]
        joined = marks.pop()[0] if marks and marks[-1][1:] == (start, worst) else start
        marks.append((joined, end, worst))
    return marks


def use(text: str, found: dict[str, Any], chosen: str) -> str:
    """Return a text with what was clicked put in: the disclosure, or the words that a rule suggests."""
    if chosen == "disclosure" and found["disclosure"]:
        return f"{text.rstrip()} {found['disclosure']}"
    reason = next((each for each in found["reasons"] if each["rule"] == chosen), None)
    words = words_in(reason["suggestion"]) if reason else None
    if reason is None or words is None:
        return text
    start, end = sentence_around(text, reason["span"]["start"], reason["span"]["end"])
    return f"{text[:start]}{words}{text[end:]}"


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentences lie that a span touches, without the blanks around them."""
    touched = [
        match
        for match in SENTENCE.finditer(text)
        if match.group().strip() and match.start() < end and match.end() > start
    ]
    if not touched:
        return start, end
    first, last = touched[0], touched[-1]
    lead = len(first.group()) - len(first.group().lstrip())
    return first.start() + lead, last.end()
