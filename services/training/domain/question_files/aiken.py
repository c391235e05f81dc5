"""Aiken: one line of text, options `A. …`, and `ANSWER: A`. It has no comments, so what it cannot say is left out."""

import re
from collections.abc import Sequence

from services.training.domain.question_files import building
from services.training.domain.question_files.building import Weighed
from services.training.domain.question_files.reading import Draft, Found, enough, finish, limited, text_of
from services.training.domain.question_files.writing import Written
from services.training.schemas.quizzes import Choice, Question

OPTION = re.compile(r"([A-Z])[.)] *(.*)")
ANSWER = re.compile(r"ANSWER: *(.*)")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Reader:
    """Takes a file line by line; a question ends with its answer, or where the next begins."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self._begin()

    def _begin(self) -> None:
        self._line = 0
        self._text: list[str] = []
        self._options: list[str] = []
        self._wrong: str | None = None

    def take(self, number: int, line: str) -> None:
        """Take one line that is not blank."""
        if answer := ANSWER.fullmatch(line):
            self._line = self._line or number
            self._end(answer[1].strip())
        elif self._text and (option := OPTION.fullmatch(line)):
            self._take_option(number, option[1], option[2])
        else:
            if self._options:
                self.end()
            self._line = self._line or number
            self._text.append(line)

    def _take_option(self, number: int, letter: str, text: str) -> None:
        expected = LETTERS[len(self._options)] if len(self._options) < len(LETTERS) else None
        if letter != expected and self._wrong is None:
            self._wrong = f"line {number} is option {letter}, but {expected or 'no other'} comes next"
        self._options.append(text)

    def _refuse(self, why: str) -> None:
        self.found.append(Found(self._line, "", refused=why))
        self._begin()

    def end(self) -> None:
        """End a question without an answer, if one is under way."""
        if self._text or self._options:
            self._refuse("has no line “ANSWER: …” after its options")

    def _end(self, letter: str) -> None:
        if self._wrong is not None:
            self._refuse(self._wrong)
            return
        if len(letter) != 1 or letter not in LETTERS[: len(self._options)]:
            self._refuse(f"ANSWER: {building.brief(letter)} is none of its {len(self._options)} options")
            return
        draft = Draft(self._line)
        answers = [Weighed(text, building.ALL * (LETTERS[place] == letter)) for place, text in enumerate(self._options)]
        draft.fields = {"text": "\n".join(self._text), **building.choice(answers, single=True)}
        if len(self._text) > 1:
            draft.notes.append(f"its text goes over {len(self._text)} lines, of which Aiken reads one")
        self.found.append(finish(draft))
        self._begin()


def read(content: bytes) -> list[Found]:
    """Return the questions of a file, each as ours or with why it is not; raises NotAQuestionFile."""
    reader = Reader()
    for number, line in enumerate(text_of(content).split("\n"), start=1):
        if stripped := line.strip():
            reader.take(number, stripped)
        if enough(reader.found):
            break
    reader.end()
    return limited(reader.found)


def write(questions: Sequence[Question]) -> Written:
    """Return a file of the questions of which one option is right; the others are left out, and named beside the file."""
    lines: list[str] = []
    changed: list[str] = []
    left_out: list[str] = []
    for question in questions:
        text = one_of(question)
        if text is None:
            left_out.append(question.key)
            continue
        lines.append(text)
        if more_than_aiken(question):
            changed.append(question.key)
    return Written("\n".join(lines), len(lines), changed, left_out)


def one_of(question: Question) -> str | None:
    """Return a question, or none when Aiken has nothing that would be read as the same."""
    if not isinstance(question, Choice) or question.kind == "multiple":
        return None
    right = next(place for place, option in enumerate(question.options) if option.correct)
    options = [joined(option.text) for option in question.options]
    lines = [joined(question.text), *(f"{LETTERS[place]}. {text}" for place, text in enumerate(options))]
    text = "\n".join([*lines, f"ANSWER: {LETTERS[right]}", ""])
    reader = Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            reader.take(number, line.strip())
    reader.end()
    same = [one.question for one in reader.found]
    if len(same) != 1 or not isinstance(same[0], Choice):
        return None
    read_back = (same[0].text, [(option.text, option.correct) for option in same[0].options])
    wanted = (joined(question.text), [(text, place == right) for place, text in enumerate(options)])
    return text if read_back == wanted else None


def joined(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def more_than_aiken(question: Question) -> bool:
    """Say whether there is more to a question than Aiken writes."""
    assert isinstance(question, Choice)  # noqa: S101  the only kind that is written
    said = question.feedback or any(option.feedback for option in question.options)
    texts = [question.text, *(option.text for option in question.options)]
    other = question.points != 1 or question.tags or question.difficulty != "medium" or not question.shuffle
    return bool(said or other or question.partial != "none" or any(joined(text) != text for text in texts))
