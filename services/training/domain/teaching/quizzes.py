"""What a quiz needs before anybody can sit it."""

from typing import Any

from services.training.domain.learning import drawing
from services.training.domain.teaching import questions, rules
from services.training.schemas.quizzes import Quiz
from shared.db import Session


def publish(session: Session, course: str, modules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the modules of a version as they come into force: questions on a post get their options.

    Raises rules.NoSuchRule, or questions.NotEnoughQuestions where the course's bank cannot fill a quiz's draws.
    """
    return [
        publish_quiz(session, course, module, f"/modules/{place}") if module["kind"] == "quiz" else module
        for place, module in enumerate(modules)
    ]


def publish_quiz(session: Session, course: str, module: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Return a quiz as it is sat."""
    quiz = Quiz.model_validate({name: module[name] for name in Quiz.model_fields if name in module})
    if quiz.draws and len(drawing.pick(quiz, questions.candidates(session, course, quiz.draws), {})) < (quiz.draw or 0):
        raise questions.NotEnoughQuestions(f"The bank of {course} cannot fill the draws of the quiz {quiz.key}.")
    ready = [
        rules.publish(session, question, f"{pointer}/questions/{place}")
        for place, question in enumerate(quiz.questions)
    ]
    return {**module, "questions": [question.model_dump(mode="json", exclude_none=True) for question in ready]}
