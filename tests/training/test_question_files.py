"""Files of questions: what is written is read again, and what others write is ours, or said why not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.training.domain.question_files import aiken, gift, gift_writing, moodle, moodle_writing
from services.training.domain.question_files.writing import Written
from services.training.schemas.quizzes import Choice, Question
from tests.training.question_strategies import questions

FORMATS = {"gift": (gift_writing.write, gift.read), "moodle_xml": (moodle_writing.write, moodle.read)}
files = st.lists(questions, min_size=1, max_size=4, unique_by=lambda question: question.key)
CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.mark.parametrize("name", FORMATS)
@given(asked=files)
@settings(max_examples=50, deadline=None, suppress_health_check=CHECKS)
def test_what_is_written_is_read_again_as_the_same_question(name: str, asked: list[Question]) -> None:
    write, read = FORMATS[name]
    written: Written = write(asked)

    found = read(written.content.encode("utf-8", "surrogatepass"))

    assert [one.refused for one in found] == [None] * len(asked), written.content
    assert [one.question for one in found] == asked
    assert not set(written.left_out) & set(written.changed)


@given(asked=files)
@settings(max_examples=50, deadline=None, suppress_health_check=CHECKS)
def test_aiken_has_the_options_of_what_it_can_say_and_names_the_rest(asked: list[Question]) -> None:
    written = aiken.write(asked)
    there = [question for question in asked if question.key not in written.left_out]
    if not there:
        assert written.content == ""
        return
    found = aiken.read(written.content.encode())
    assert len(found) == len(there) == written.count
    for one, question in zip(found, there, strict=True):
        assert isinstance(one.question, Choice)
        assert isinstance(question, Choice)
        wanted = [(" ".join(option.text.split()), option.correct) for option in question.options]
        assert [(option.text, option.correct) for option in one.question.options] == wanted
        assert one.question.text == " ".join(question.text.split())
