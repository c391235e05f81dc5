"""Courses with one quiz, and how a person sits it, for tests of questions and sittings."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from shared.db import Session
from shared.tables import outbox
from tests.training.conftest import TrainingService

COURSE = "tested"


def single(number: int, **more: Any) -> dict[str, Any]:
    """Return a question whose right option says so."""
    options = [
        {"text": f"right {number}", "correct": True, "feedback": f"Secret praise {number}."},
        {"text": f"wrong {number}", "feedback": f"Secret hint {number}."},
    ]
    return {"key": f"q{number}", "kind": "single", "text": f"What about {number}?", "options": options, **more}


async def write_quiz(service: TrainingService, **parts: Any) -> None:
    """Write the next version of a course that is one quiz, of two questions unless told otherwise."""
    quiz = {"kind": "quiz", "key": "quiz", "title": "Quiz", "pass_mark": 1, **parts}
    if "draws" not in quiz:
        quiz.setdefault("questions", [single(1), single(2)])
    await service.client.post("/v1/courses", json={"key": COURSE, "title": "Tested"})
    await service.post(f"/v1/courses/{COURSE}/versions", {"modules": [quiz]})


async def fill_bank(service: TrainingService, *questions: dict[str, Any]) -> None:
    """Add questions to the bank of the course, which needs no version for it."""
    await service.client.post("/v1/courses", json={"key": COURSE, "title": "Tested"})
    for question in questions:
        await service.post(f"/v1/courses/{COURSE}/questions", question)


@dataclass
class Learner:
    """A person on the course; each method returns the answer as it came."""

    client: httpx.AsyncClient
    enrolment: str

    async def start(self) -> httpx.Response:
        """Begin a sitting."""
        return await self.client.post(f"/v1/enrolments/{self.enrolment}/attempts", json={})

    async def drawn(self) -> Any:
        """Begin a sitting that must be possible."""
        answer = await self.start()
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def put(self, attempt: Any, item: Any, **answer: Any) -> httpx.Response:
        """Answer a question."""
        return await self.client.put(f"/v1/attempts/{attempt['id']}/answers/{item['id']}", json=answer)

    async def choose(self, attempt: Any, word: str = "right", **more: Any) -> None:
        """Answer all questions with the option that begins with a word."""
        for item in attempt["items"]:
            (option,) = [one["id"] for one in item["options"] if one["text"].startswith(word)]
            saved = await self.put(attempt, item, options=[option], **more)
            assert saved.status_code == 200, saved.text

    async def submit(self, attempt: Any) -> Any:
        """Hand in a sitting."""
        answer = await self.client.post(f"/v1/attempts/{attempt['id']}/submission")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def read(self, attempt: Any) -> Any:
        """Read a sitting."""
        answer = await self.client.get(f"/v1/attempts/{attempt['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fail(self) -> Any:
        """Sit the quiz and pass it not; returns the sitting."""
        attempt = await self.drawn()
        assert not (await self.submit(attempt))["passed"]
        return attempt


async def learner(service: TrainingService, number: str = "E-1") -> Learner:
    """Add a person and put them on the course."""
    await service.add_person(number)
    client = await service.as_person(number)
    answer = await client.post("/v1/enrolments", json={"course": COURSE})
    assert answer.status_code == 201, answer.text
    return Learner(client, answer.json()["id"])


def slug(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a problem, and which it is."""
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


def bodies_told(session: Session) -> list[bytes]:
    """Return all that is told to other services."""
    return [bytes(body) for body in session.execute(select(outbox.c.body)).scalars()]
