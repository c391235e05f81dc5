"""Questions as GIFT. What it cannot say stands in comments, which Shareload reads and others pass over."""

from collections.abc import Sequence

from services.training.domain.question_files import extras, gift
from services.training.domain.question_files.writing import ALL, Written, percent, plain, weights
from services.training.schemas.quizzes import Choice, Matching, Numeric, Question, ShortText

HEAD = (
    "// Questions written by Shareload. Lines that begin with // are comments to other systems; those with “shareload:”\n"
    "// hold what GIFT cannot say, and are read again by Shareload.\n"
)
ESCAPES = str.maketrans({**{sign: f"\\{sign}" for sign in "\\~=#{}:"}, "\n": "\\n", "\r": " "})


def write(questions: Sequence[Question]) -> Written:
    """Return a file of questions."""
    changed: list[str] = []
    left_out: list[str] = []
    written = [one_of(question, changed, left_out) for question in questions]
    return Written("\n".join([HEAD, *written]), len(questions) - len(left_out), changed, left_out)


def one_of(question: Question, changed: list[str], left_out: list[str]) -> str:
    """Return the lines of one question, and note whether others read all of it."""
    marks = f"// [id:{question.key}]" + "".join(f" [tag:{tag}]" for tag in question.tags) + "\n"
    body = body_of(question)
    reread = gift.read(f"{marks}{body}".encode())[0].question if body else None
    if body is None or reread is None:
        left_out.append(question.key)
        reason = f"// {question.key} is a {question.kind} question, which GIFT has not; other systems do not get it.\n"
        return f"{reason}{marks}// {gift.OURS}{extras.whole(question)}\n"
    extra, lost = extras.beside(question, reread)
    if extra is None:
        return marks + body
    changed.append(question.key)
    return f"// Other systems do not get: {', '.join(lost)}.\n{marks}// {gift.OURS}{extra}\n{body}"


def body_of(question: Question) -> str | None:
    """Return a question without its comments; none for a kind that GIFT has not."""
    match question:
        case Choice():
            answers = true_false(question) or "\n".join(options(question))
        case Matching():
            pairs = [
                *((pair.prompt, pair.match) for pair in question.pairs),
                *(("", one) for one in question.distractors),
            ]
            answers = "\n".join(f"={escaped(prompt)} -> {match.translate(ESCAPES)}" for prompt, match in pairs)
        case ShortText():
            answers = "\n".join(
                f"={weight(one.credit)}{escaped(one.text.replace('*', chr(92) + '*'), star=True)}{feedback(one.feedback)}"
                for one in question.accepted
            )
        case Numeric():
            answers = "#\n" + "\n".join(numbers(question))
        case _:
            return None
    everybody = f"\n####{escaped(question.feedback)}" if question.feedback else ""
    return f"::{question.key}::[plain]{question.text.translate(ESCAPES)} {{\n{answers}{everybody}\n}}\n"


def true_false(question: Choice) -> str | None:
    """Return the short form of a statement, where the options are called True and False."""
    if question.kind != "true_false" or [option.text for option in question.options] != ["True", "False"]:
        return None
    right, wrong = sorted(question.options, key=lambda option: not option.correct)
    said = (
        f"#{escaped(wrong.feedback or '')}#{escaped(right.feedback or '')}" if wrong.feedback or right.feedback else ""
    )
    return f"{'T' if right.text == 'True' else 'F'}{said}"


def options(question: Choice) -> list[str]:
    """Return the options, one a line."""
    single = question.kind != "multiple"
    lines = []
    for option, share in zip(question.options, weights(question), strict=True):
        right = single and option.correct
        needs = not right and (share or option.text.startswith("%"))
        lines.append(
            f"{'=' if right else '~'}{f'%{percent(share)}%' if needs else ''}{escaped(option.text)}{feedback(option.feedback)}"
        )
    return lines


def numbers(question: Numeric) -> list[str]:
    """Return the numbers that are accepted, one a line."""
    lines = []
    for one in question.accepted:
        if one.value is not None:
            said = f"{plain(one.value)}:{plain(one.tolerance)}"
        else:
            said = f"{plain(one.minimum or 0.0)}..{plain(one.maximum or 0.0)}"
        lines.append(f"={weight(one.credit)}{said}{feedback(one.feedback)}")
    return lines


def weight(credit: float) -> str:
    """Return a weight where it is not all."""
    return "" if credit == ALL else f"%{percent(credit)}%"


def feedback(said: str | None) -> str:
    """Return what is said to whoever gives an answer."""
    return f"#{escaped(said)}" if said else ""


def escaped(text: str, *, star: bool = False) -> str:
    """Return a text in which GIFT sees no marks; `star` leaves the backslash before a star."""
    safe = ("[plain]" if gift.FORMAT.match(text) else "") + text.translate(ESCAPES)
    return safe.replace("\\\\*", "\\*") if star else safe
