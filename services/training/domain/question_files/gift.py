"""GIFT, Moodle's format to write questions by hand, read: a blank line ends a question.

As Moodle's documentation has it, with ids and tags in comments. Each question stands alone, so one that is broken
hides no other; every scan goes over a text once.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.training.domain.question_files import building, markup
from services.training.domain.question_files.building import Weighed
from services.training.domain.question_files.reading import (
    Draft,
    Found,
    Refused,
    enough,
    finish,
    limited,
    path_of,
    refused,
    text_of,
)

OURS = "shareload: "
ID, TAG = re.compile(r"\[id:([^\x00-\x1f\x7f\]]{1,200})\]"), re.compile(r"\[tag:([^\x00-\x1f\x7f\]]{1,200})\]")
CATEGORY = re.compile(r"\s*\$CATEGORY:(.*)")
TITLE = re.compile(r"\s*::((?:\\.|[^\\:]|:(?!:))*)::", re.DOTALL)
FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
MARK = re.compile(r"\\.|####|[#=~]", re.DOTALL)
WEIGHT = re.compile(r"\s*%(-?[0-9]{1,3}(?:\.[0-9]{0,20})?)%")
ESCAPED = re.compile(r"\\([~=#{}:\\n])")
TRUE, FALSE = {"T", "TRUE"}, {"F", "FALSE"}
GAP = "_____"
LONGEST = 300_000
"""Characters of one question: what the longest of ours has, every one of them escaped."""
MOST = 250
"""Answers and feedbacks of one question."""


class Block(NamedTuple):
    """Lines between blank ones, with the number of the first."""

    line: int
    lines: list[str]


class Piece(NamedTuple):
    """What follows a mark up to the next."""

    mark: str
    text: str


def read(content: bytes) -> list[Found]:
    """Return the questions of a file, each as ours or with why it is not; raises NotAQuestionFile."""
    category: list[str] = []
    found: list[Found] = []
    draft = Draft(0)
    for block in blocks(text_of(content)):
        draft = Draft(block.line, ident=draft.ident, tags=draft.tags)  # of comments that stand alone
        lines, category = split_off(block, draft, category)
        if not lines and draft.extra is None:
            continue
        draft.categories = list(category)
        found.append(one_of(draft, "\n".join(lines)))
        draft = Draft(0)
        if enough(found):
            break
    return limited(found)


def blocks(text: str) -> Iterator[Block]:
    """Split a file at its blank lines."""
    lines: list[str] = []
    number = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            lines.append(line)
        elif lines:
            yield Block(number - len(lines), lines)
            lines = []
    if lines:
        yield Block(number + 1 - len(lines), lines)


def split_off(block: Block, draft: Draft, category: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of a question without comments and category, and the category that holds from here on."""
    lines: list[str] = []
    for number, line in enumerate(block.lines, start=block.line):
        if line.lstrip().startswith("//"):
            comment(line.lstrip()[2:].strip(), draft)
        elif matched := CATEGORY.fullmatch(line):
            category = path_of(matched[1])
        else:
            if not lines:
                draft.line = number
            lines.append(line)
    return lines, category


def comment(text: str, draft: Draft) -> None:
    """Take from a comment the id, the tags and what is ours."""
    if text.startswith(OURS):
        draft.extra = text.removeprefix(OURS)
        return
    if ident := ID.search(text):
        draft.ident = ident[1].strip()
    draft.tags += [one.strip() for one in TAG.findall(text)]


def one_of(draft: Draft, text: str) -> Found:
    """Read one question."""
    try:
        if text:
            read_question(draft, text)
    except Refused as why:
        return refused(draft, why)
    return finish(draft)


def read_question(draft: Draft, text: str) -> None:
    """Read title, text and answers; raises Refused."""
    if len(text) > LONGEST:
        raise Refused(f"has {len(text)} characters without a blank line, which ends a question; {LONGEST} are read")
    if title := TITLE.match(text):
        draft.name = unescaped(title[1]).strip()
        text = text[title.end() :]
    form, text = format_of(text, "moodle")
    before, inside, after = parts(text)
    words = shown(before, form, draft, "the text")
    if after.strip():
        words = f"{words} {GAP} {shown(after, form, draft, 'the text')}".strip()
    draft.fields = {"text": words, "feedback": None}
    if inside.strip().startswith("#") and not inside.strip().startswith("####"):
        draft.fields |= read_numbers(draft, inside.strip()[1:], form)
    else:
        draft.fields |= read_answers(draft, inside, form)


def parts(text: str) -> tuple[str, str, str]:
    """Return what stands before, in and after the braces; raises Refused unless there is exactly one pair."""
    found = [one for one in BRACE.finditer(text) if one[0] in "{}"]
    signs = "".join(one[0] for one in found)
    if not signs:
        raise Refused("a text without answers in braces is no question")
    if signs != "{}":
        counted = f"{signs.count('{')} opening and {signs.count('}')} closing"
        raise Refused(
            f"needs one pair of braces, but has {counted}; write \\{{ and \\}} in texts, and no blank line inside"
        )
    first, second = found
    return text[: first.start()], text[first.end() : second.start()], text[second.end() :]


def pieces(text: str) -> list[Piece]:
    """Split answers at their marks; the first piece has none. Raises Refused when there are too many."""
    found, mark, start = [], "", 0
    for one in MARK.finditer(text):
        if one[0].startswith("\\"):
            continue
        found.append(Piece(mark, text[start : one.start()]))
        mark, start = one[0], one.end()
        if len(found) > MOST:
            raise Refused(f"has more than {MOST} answers and feedbacks; write \\=, \\~ and \\# in texts")
    return [*found, Piece(mark, text[start:])]


def read_answers(draft: Draft, inside: str, form: str) -> dict[str, Any]:
    """Read what stands in braces, but for numbers; raises Refused."""
    first, *rest = general(draft, pieces(inside), form)
    alone = first.text.strip()
    if alone.upper() in TRUE | FALSE and all(one.mark == "#" for one in rest):
        wrong, right = [shown(one.text, form, draft, "feedback") for one in [*rest, Piece("", ""), Piece("", "")][:2]]
        return building.true_false(right=alone.upper() in TRUE, wrong_feedback=wrong, right_feedback=right)
    if not rest and not alone:
        raise Refused("an essay has no answers to compare with")
    if alone.startswith(">") or (alone and any(one.mark in "=~" for one in rest)):
        raise Refused(f"the braces begin with {building.brief(alone)}, which this does not understand")
    answers = answers_of([Piece("=", first.text), *rest] if alone else rest)
    if all(mark == "=" and "->" in text for mark, text, _ in answers):
        return read_pairs(draft, answers, form)
    return read_choices(draft, answers, form)


def general(draft: Draft, found: list[Piece], form: str) -> list[Piece]:
    """Take off what is said to everybody, which comes last; raises Refused when something follows."""
    at = next((place for place, one in enumerate(found) if one.mark == "####"), None)
    if at is None:
        return found
    if at < len(found) - 1:
        raise Refused(
            "something follows the feedback for everybody (####), which comes last; write \\# and \\= in texts"
        )
    draft.fields["feedback"] = shown(found[at].text, form, draft, "feedback") or None
    return found[:at]


def answers_of(found: list[Piece]) -> list[tuple[str, str, str | None]]:
    """Put each answer and its feedback together; raises Refused when a feedback has none, or an answer two."""
    answers: list[tuple[str, str, str | None]] = []
    for one in found:
        if one.mark != "#":
            answers.append((one.mark, one.text, None))
        elif not answers or answers[-1][2] is not None:
            raise Refused("a feedback (#) belongs to one answer before it; write \\# in texts")
        else:
            mark, text, _ = answers.pop()
            answers.append((mark, text, one.text))
    return answers


def read_choices(draft: Draft, answers: list[tuple[str, str, str | None]], form: str) -> dict[str, Any]:
    """Read options, or texts that are accepted where all are right; raises Refused."""
    marks = {mark for mark, _, _ in answers}
    weighed = []
    for mark, text, feedback in answers:
        weight, said = weight_of(text)
        default = building.ALL if mark == "=" else 0.0
        words = shown(said, form, draft, "an answer")
        weighed.append(
            Weighed(
                words, default if weight is None else weight, shown(feedback or "", form, draft, "feedback") or None
            )
        )
    if marks == {"="}:
        return building.short_text(weighed, draft.notes)
    return building.choice(weighed, single="=" in marks)


def read_pairs(draft: Draft, answers: list[tuple[str, str, str | None]], form: str) -> dict[str, Any]:
    """Read prompts and what they go with, which has no format."""
    pairs = []
    for _, text, feedback in answers:
        prompt, _, match = text.partition("->")
        pairs.append((shown(prompt, form, draft, "a prompt"), unescaped(one_line(match))))
        if feedback:
            draft.notes.append(f"the feedback {building.brief(feedback)} was left out; pairs have none")
    return building.matching(pairs, draft.notes)


def read_numbers(draft: Draft, inside: str, form: str) -> dict[str, Any]:
    """Read numbers with tolerance, ranges, and what is said to those who give them; raises Refused."""
    first, *rest = general(draft, pieces(inside), form)
    if first.text.strip():
        rest = [Piece("=", first.text), *rest]
    answers = []
    for mark, text, feedback in answers_of(rest):
        weight, said = weight_of(text)
        default = building.ALL if mark == "=" else 0.0
        told = shown(feedback or "", form, draft, "feedback") or None
        one = Weighed(said.strip(), default if weight is None else weight, told)
        answers.append((number_of(said), one))
    return building.numeric(answers, draft.notes)


def number_of(text: str) -> dict[str, float] | None:
    """Read `5`, `5:0.1` or `1..5`; none for nothing or a star, which stand for any other number. Raises Refused."""
    plain = text.strip()
    if plain in {"", "*"}:
        return None
    if ".." in plain:
        low, _, high = plain.partition("..")
        return {"minimum": building.number_of(low), "maximum": building.number_of(high)}
    value, _, tolerance = plain.partition(":")
    return {"value": building.number_of(value), "tolerance": building.number_of(tolerance or "0")}


def weight_of(text: str) -> tuple[float | None, str]:
    """Return the weight in front of an answer, if there is one, and the answer; raises Refused beyond 100 %."""
    found = WEIGHT.match(text)
    if found is None:
        return None, text
    weight = float(found[1])
    if abs(weight) > building.ALL:
        raise Refused(f"a weight of {weight:g} % is beyond 100 %")
    return weight, text[found.end() :]


def format_of(text: str, inherited: str) -> tuple[str, str]:
    """Return in which format a text is, and the text."""
    found = FORMAT.match(text)
    return (found[1], text[found.end() :]) if found else (inherited, text)


def shown(raw: str, inherited: str, draft: Draft, where: str) -> str:
    """Return what is shown of a text: lines are joined where its format does not keep them."""
    form, text = format_of(raw, inherited)
    text = unescaped(one_line(text) if form in {"plain", "moodle"} else text.strip())
    if form == "html":
        return markup.plain(text, draft.notes, where)
    return markup.as_moodle_shows(text, draft.notes, where) if form == "moodle" else text


def one_line(text: str) -> str:
    """Return a text with its lines joined."""
    return " ".join(line.strip() for line in text.strip().split("\n"))


def unescaped(text: str) -> str:
    """Return a text without its backslashes."""
    return ESCAPED.sub(lambda one: "\n" if one[1] == "n" else one[1], text)
