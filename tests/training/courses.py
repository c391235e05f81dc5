"""Courses for tests: a version of every kind of module, and people who work through it."""

from typing import Any

import httpx

from services.training.handlers import handlers
from shared.db import Session
from shared.events.policy import SectionInForce, VersionInForceV1
from tests.training.conftest import TrainingService

LESSON: dict[str, Any] = {"kind": "lesson", "key": "listen", "title": "Listen", "minutes": 5, "markdown": "Listen."}
READING = {
    "kind": "policy_reading",
    "key": "policy",
    "title": "The policy",
    "policy": "social-media",
    "sections": ["be-kind", "gone"],
}
TASK = {
    "kind": "practical_task",
    "key": "reply",
    "title": "Reply",
    "minutes": 20,
    "markdown": "Answer one real post.",
    "criteria": ["It helps."],
    "accepts": ["text"],
}
LIVE = {"kind": "live_session", "key": "meet", "title": "Meet", "markdown": "We talk it through."}
SCENARIO = {
    "kind": "scenario",
    "key": "parcel",
    "title": "A lost parcel",
    "pass_mark": 0.6,
    "start": "hello",
    "nodes": [
        {
            "key": "hello",
            "author": "@mira",
            "post": "Where is my parcel?",
            "replies": [
                {"key": "ask", "text": "When did you order?", "feedback": "You listen.", "score": 2, "next": "answer"},
                {"key": "blame", "text": "Ask the courier.", "feedback": "Nobody is helped.", "next": "angry"},
            ],
        },
        {
            "key": "answer",
            "author": "@mira",
            "post": "On Monday.",
            "replies": [
                {"key": "look", "text": "I am looking.", "score": 1, "next": "glad"},
                {"key": "link", "text": "See our page.", "next": "glad"},
            ],
        },
        {"key": "glad", "post": "Thank you!", "ending": "good"},
        {"key": "angry", "post": "Never again.", "ending": "poor"},
    ],
}


async def write(service: TrainingService, key: str, modules: list[Any], **more: Any) -> Any:
    """Write a course with one version and return the version."""
    await service.post("/v1/courses", {"key": key, "title": key.title()})
    return await service.post(f"/v1/courses/{key}/versions", {"modules": modules, **more})


async def enrol(client: httpx.AsyncClient, course: str, **body: Any) -> str:
    """Put the person who asks, or the one named, on a course."""
    answer = await client.post("/v1/enrolments", json={"course": course, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def states(client: httpx.AsyncClient, enrolment: str) -> dict[str, str]:
    """Return the state of each module."""
    found = (await client.get(f"/v1/enrolments/{enrolment}")).json()
    return {module["key"]: module["state"] for module in found["modules"]}


def slug(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a problem and the last part of its type."""
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


async def hear_of_policy(service: TrainingService, version: int, words: str) -> None:
    """Let the service hear of a version of `social-media` whose section `be-kind` says this."""
    event = VersionInForceV1(
        policy="social-media",
        version=version,
        title="Social media policy",
        locale="en",
        effective_at=service.clock.now(),
        source="",
        sections=[SectionInForce(id="be-kind", heading="Be kind", hash=f"{version:064}", markdown=words)],
        rules=[],
    )

    def handle(session: Session) -> None:
        for handler in handlers.by_type[VersionInForceV1.type]:
            handler(event, session)

    await service.db.write(handle)
