"""Questions as Moodle XML. What it cannot say stands in an element of ours, which Moodle passes over."""

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from services.training.domain.question_files import extras, moodle
from services.training.domain.question_files.writing import ALL, Written, percent, plain, span, weights
from services.training.schemas.quizzes import Choice, Matching, Numeric, Ordering, Question, ShortText

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n<!-- Questions written by Shareload. The elements shareload hold what Moodle has not; Moodle passes them over. -->\n'
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(questions: Sequence[Question]) -> Written:
    """Return a file of questions."""
    changed: list[str] = []
    left_out: list[str] = []
    written = [one_of(question, changed, left_out) for question in questions]
    return Written("".join([HEAD, *written, "</quiz>\n"]), len(questions) - len(left_out), changed, left_out)


def one_of(question: Question, changed: list[str], left_out: list[str]) -> str:
    """Return one question, and note whether Moodle reads all of it."""
    body = body_of(question)
    if body is None:
        left_out.append(question.key)
        note = f"<!-- A {question.kind} question, which Moodle has not; it gets the text alone. -->\n"
        return note + element("description", question, [], extras.whole(question))
    kind, parts = body
    reread = moodle.read(f"<quiz>{element(kind, question, parts, None)}</quiz>".encode())[0].question
    if reread is None:
        left_out.append(question.key)
        note = "<!-- Moodle cannot say the next one; it gets the text alone. -->\n"
        return note + element("description", question, [], extras.whole(question))
    extra, lost = extras.beside(question, reread)
    if extra is None:
        return element(kind, question, parts, None)
    changed.append(question.key)
    return f"<!-- Moodle does not get: {', '.join(lost)}. -->\n" + element(kind, question, parts, extra)


def element(kind: str, question: Question, parts: Iterable[str], extra: str | None) -> str:
    """Return a question's element: what all kinds have, and its own parts."""
    tags = "".join(f"<tag>{text(tag)}</tag>" for tag in question.tags)
    lines = [
        f'<question type="{kind}">',
        f"<name>{text(question.key)}</name>",
        formatted("questiontext", question.text),
        formatted("generalfeedback", question.feedback or ""),
        f"<defaultgrade>{question.points}</defaultgrade>",
        f"<idnumber>{question.key}</idnumber>",
        *parts,
        f"<tags>{tags}</tags>" if tags else "",
        f"<shareload>{safe(extra)}</shareload>" if extra else "",
        "</question>\n",
    ]
    return "\n".join(line for line in lines if line)


def body_of(question: Question) -> tuple[str, list[str]] | None:
    """Return Moodle's kind of a question and its parts; none for a kind that Moodle has not."""
    match question:
        case Choice():
            return choice_of(question)
        case Matching():
            return "matching", [shuffle(question), *pairs(question)]
        case Ordering():
            grading = "ALL_OR_NOTHING" if question.partial == "none" else "RELATIVE_NEXT_EXCLUDE_LAST"
            entries = [answer(entry, ALL, None) for entry in question.entries]
            return "ordering", ["<selecttype>ALL</selecttype>", f"<gradingtype>{grading}</gradingtype>", *entries]
        case ShortText():
            accepted = [answer(one.text.replace("*", "\\*"), one.credit, one.feedback) for one in question.accepted]
            return "shortanswer", [f"<usecase>{int('case' not in question.ignore)}</usecase>", *accepted]
        case Numeric():
            return "numerical", list(numbers(question))
        case _:
            return None


def choice_of(question: Choice) -> tuple[str, list[str]]:
    """Return Moodle's kind of a question with options, and its parts."""
    if question.kind == "true_false" and [option.text for option in question.options] == ["True", "False"]:
        return "truefalse", list(choices(question, lower=True))
    single = f"<single>{'false' if question.kind == 'multiple' else 'true'}</single>"
    return "multichoice", [single, shuffle(question), *choices(question)]


def choices(question: Choice, *, lower: bool = False) -> Iterable[str]:
    """Return the options with what each earns."""
    for option, share in zip(question.options, weights(question), strict=True):
        yield answer(option.text.lower() if lower else option.text, share, option.feedback)


def pairs(question: Matching) -> Iterable[str]:
    """Return prompts with what they go with; a distractor has no prompt."""
    both = [*((pair.prompt, pair.match) for pair in question.pairs), *(("", one) for one in question.distractors)]
    for prompt, match in both:
        yield f'<subquestion format="plain_text">{text(prompt)}<answer>{text(match)}</answer></subquestion>'


def numbers(question: Numeric) -> Iterable[str]:
    """Return numbers with their tolerance; a range is its middle and how far from it."""
    for one in question.accepted:
        value, tolerance = span(one)
        yield answer(plain(value), one.credit, one.feedback, f"<tolerance>{plain(tolerance)}</tolerance>")


def answer(said: str, weight: float, feedback: str | None, more: str = "") -> str:
    """Return one answer."""
    told = formatted("feedback", feedback or "")
    return f'<answer fraction="{percent(weight)}" format="plain_text">{text(said)}{told}{more}</answer>'


def shuffle(question: Choice | Matching) -> str:
    """Return whether options are shuffled."""
    return f"<shuffleanswers>{'true' if question.shuffle else 'false'}</shuffleanswers>"


def formatted(name: str, content: str) -> str:
    """Return an element with a text of its own."""
    return f'<{name} format="plain_text">{text(content)}</{name}>'


def text(content: str) -> str:
    """Return a text element."""
    return f"<text>{safe(content)}</text>"


def safe(content: str) -> str:
    """Return a text as XML has it; a character that XML cannot have is replaced."""
    return escape(NOT_XML.sub("\ufffd", content), {"\r": "&#13;"})
