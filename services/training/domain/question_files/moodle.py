"""Moodle XML read: questions as Moodle exports them, each kind by its element `type`."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from services.training.domain.question_files import building, markup
from services.training.domain.question_files.building import Weighed
from services.training.domain.question_files.reading import (
    Draft,
    Found,
    NotAQuestionFile,
    Refused,
    enough,
    finish,
    limited,
    path_of,
    refused,
)
from services.training.domain.question_files.xml_tree import line_of, parse, word

OURS = "shareload"
SILENT = frozenset(
    [
        "name",
        "questiontext",
        "generalfeedback",
        "defaultgrade",
        "penalty",
        "idnumber",
        "tags",
        "answer",
        "subquestion",
        "single",
        "shuffleanswers",
        "usecase",
        "answernumbering",
        "showstandardinstruction",
        "shownumcorrect",
        "layouttype",
        "selecttype",
        "selectcount",
        "gradingtype",
        "showgrading",
        "numberingstyle",
        "units",
        "unitgradingtype",
        "unitpenalty",
        "showunits",
        "unitsleft",
        "hidden",
        "versions",
        "shareload",
    ]
)
"""What is read below, or says only how Moodle shows or repeats a question."""
COMBINED = {"correctfeedback", "partiallycorrectfeedback", "incorrectfeedback", "shareload"}
"""What Moodle says to all answers of a kind; its own words when nobody wrote others."""
USUAL = {"", "Your answer is correct.", "Your answer is partially correct.", "Your answer is incorrect."}
NOT_OURS = {
    "essay": "an essay has no answers to compare with",
    "cloze": "a text with several gaps is not one question; write one for each gap",
    "multianswer": "a text with several gaps is not one question; write one for each gap",
    "description": "a text without answers is no question",
}
BY_NEIGHBOURS, BY_ALL = {"RELATIVE_NEXT_EXCLUDE_LAST", "1"}, {"ALL_OR_NOTHING", "-1"}


def read(content: bytes) -> list[Found]:
    """Return the questions of a file, each as ours or with why it is not; raises NotAQuestionFile."""
    root = parse(content)
    if root.tag != "quiz":
        raise NotAQuestionFile(f"Is not Moodle XML: it begins with <{root.tag[:50]}>, not with <quiz>.")
    category: list[str] = []
    found: list[Found] = []
    for element in root:
        if enough(found):
            break
        if element.tag == "question" and element.get("type") == "category":
            category = path_of(word(element, "category/text"))
        elif element.tag == "question":
            found.append(one_of(element, category))
        else:
            found.append(Found(line_of(element), "", refused=f"<{element.tag[:50]}> is no question"))
    return limited(found)


def one_of(element: Element, category: list[str]) -> Found:
    """Read one question."""
    draft = Draft(line_of(element), name=word(element, "name/text"), ident=word(element, "idnumber"))
    draft.categories = list(category)
    draft.tags = [word(tag, "text") for tag in element.iterfind("tags/tag")]
    draft.extra = element.findtext(OURS)
    try:
        read_question(element, draft)
    except Refused as why:
        return refused(draft, why)
    return finish(draft)


def read_question(element: Element, draft: Draft) -> None:
    """Read what a question says; raises Refused."""
    kind = element.get("type", "")
    if kind == "description" and draft.extra is not None:
        return
    reader = KINDS.get(kind)
    if reader is None:
        raise Refused(NOT_OURS.get(kind, f"{building.brief(kind)} questions are none that there are here"))
    text = shown(element, "questiontext", draft, "the text")
    everybody = shown(element, "generalfeedback", draft, "feedback") or None
    points = building.whole_points(building.number_of(word(element, "defaultgrade", "1") or "1"), draft.notes)
    draft.fields = {"text": text, "feedback": everybody, "points": points}
    draft.fields |= reader(element, draft)
    if element.get("type") in {"multichoice", "matching"}:
        draft.fields["shuffle"] = truth(element, "shuffleanswers", default=True)
    left_out(element, draft)


def left_out(element: Element, draft: Draft) -> None:
    """Note what a question has that was not read."""
    for child in element:
        if child.tag in COMBINED:
            words = markup.plain(child.findtext("text") or "", [], "")
            if words not in USUAL:
                draft.notes.append(
                    f"<{child.tag}> {building.brief(words)} was left out; feedback is for one answer, or for all"
                )
        elif child.tag not in SILENT:
            draft.notes.append(f"<{child.tag[:50]}> was left out")
    if truth(element, "hidden", default=False):
        draft.notes.append("it is hidden in Moodle; here it may be drawn")


def read_choice(element: Element, draft: Draft) -> dict[str, Any]:
    """Read options."""
    return building.choice(answers_of(element, draft), single=truth(element, "single", default=True))


def read_true_false(element: Element, draft: Draft) -> dict[str, Any]:
    """Read a statement that is true or not."""
    answers = {one.text.lower(): one for one in answers_of(element, draft)}
    if answers.keys() != {"true", "false"}:
        raise Refused("the answers of a truefalse question are true and false")
    right = [text for text, one in answers.items() if one.weight >= building.ALL]
    if len(right) != 1:
        raise Refused("one of true and false must have the fraction 100")
    wrong = answers["false" if right[0] == "true" else "true"]
    return building.true_false(
        right=right[0] == "true", wrong_feedback=wrong.feedback, right_feedback=answers[right[0]].feedback
    )


def read_short_text(element: Element, draft: Draft) -> dict[str, Any]:
    """Read texts that are accepted."""
    return building.short_text(answers_of(element, draft), draft.notes, case=truth(element, "usecase", default=False))


def read_numeric(element: Element, draft: Draft) -> dict[str, Any]:
    """Read numbers that are accepted, each with its tolerance."""
    if element.find("units/unit") is not None:
        draft.notes.append("its units were left out; say in the text in which unit the number is")
    answers: list[tuple[dict[str, float] | None, Weighed]] = []
    for answer in element.iterfind("answer"):
        one = answer_of(answer, draft)
        if one.text in {"*", ""}:
            answers.append((None, one))
            continue
        tolerance = building.number_of(word(answer, "tolerance", "0") or "0")
        answers.append(({"value": building.number_of(one.text), "tolerance": tolerance}, one))
    return building.numeric(answers, draft.notes)


def read_matching(element: Element, draft: Draft) -> dict[str, Any]:
    """Read prompts and what they go with."""
    pairs = [
        (words(one, draft, "a prompt", default="html"), word(one, "answer/text"))
        for one in element.iterfind("subquestion")
    ]
    return building.matching(pairs, draft.notes)


def read_ordering(element: Element, draft: Draft) -> dict[str, Any]:
    """Read entries, which stand in their right order."""
    if word(element, "selecttype", "ALL") not in {"ALL", "0"}:
        draft.notes.append("all its entries are shown, not a choice of them")
    grading = word(element, "gradingtype", "ABSOLUTE_POSITION")
    if grading not in BY_NEIGHBOURS | BY_ALL:
        draft.notes.append("what is partly right earns the share of neighbours that follow each other as they should")
    entries = [one.text for one in answers_of(element, draft)]
    return {"kind": "ordering", "entries": entries, "partial": "none" if grading in BY_ALL else "proportional"}


def answers_of(element: Element, draft: Draft) -> list[Weighed]:
    """Read the answers of a question; raises Refused."""
    return [answer_of(answer, draft) for answer in element.iterfind("answer")]


def answer_of(answer: Element, draft: Draft) -> Weighed:
    """Read one answer; its text is plain unless it says otherwise."""
    weight = building.number_of(answer.get("fraction", "0") or "0")
    if abs(weight) > building.ALL:
        raise Refused(f"a fraction of {weight:g} is beyond 100")
    feedback = answer.find("feedback")
    said = words(feedback, draft, "feedback", default="html") if feedback is not None else None
    return Weighed(words(answer, draft, "an answer", default="plain_text"), weight, said or None)


def shown(element: Element, name: str, draft: Draft, where: str) -> str:
    """Return a text of a question, empty when it is not there."""
    found = element.find(name)
    return words(found, draft, where, default="html") if found is not None else ""


def words(element: Element, draft: Draft, where: str, default: str) -> str:
    """Return a text in its format as plain text, and note files that go with it. Raises Refused."""
    for file in element.iterfind("file"):
        draft.notes.append(
            f"the file {building.brief(file.get('name', ''))} of {where} was left out; questions are texts"
        )
    text = element.findtext("text") or ""
    match element.get("format", default):
        case "html":
            return markup.plain(text, draft.notes, where)
        case "moodle_auto_format":
            return markup.as_moodle_shows(text.strip(), draft.notes, where)
        case _:
            return text.strip()


def truth(element: Element, name: str, *, default: bool) -> bool:
    """Return whether an element says yes."""
    said = word(element, name).lower()
    return said in {"1", "true"} if said else default


KINDS: dict[str, Callable[[Element, Draft], dict[str, Any]]] = {
    "multichoice": read_choice,
    "multichoiceset": read_choice,
    "truefalse": read_true_false,
    "shortanswer": read_short_text,
    "numerical": read_numeric,
    "matching": read_matching,
    "ordering": read_ordering,
}
