"""What there is to learn: a course with a module of each kind, what it leads to, and a person who is in the midst of it."""

from typing import Any

from tests.browser.story import PEOPLE, ask
from tests.gateway.story import POLICY, publish
from tests.platform import Platform

ME = PEOPLE["employee"]
QUESTIONS: list[dict[str, Any]] = [
    {
        "kind": "single",
        "key": "who",
        "text": "Who are you when you praise our tents?",
        "feedback": "Readers deserve to know.",
        "options": [{"text": "A member of staff", "correct": True}, {"text": "Just a fan"}],
    },
    {
        "kind": "multiple",
        "key": "kind",
        "text": "What is kind?",
        "options": [
            {"text": "To listen", "correct": True},
            {"text": "To thank", "correct": True},
            {"text": "To pitch"},
        ],
    },
    {
        "kind": "matching",
        "key": "match",
        "text": "What goes with what?",
        "pairs": [{"prompt": "A question", "match": "An answer"}, {"prompt": "A complaint", "match": "An apology"}],
    },
    {"kind": "ordering", "key": "order", "text": "In which order?", "entries": ["Thank", "Name it", "Do it"]},
    {"kind": "short_text", "key": "word", "text": "Which word opens doors?", "accepted": [{"text": "please"}]},
    {"kind": "numeric", "key": "hours", "text": "Within how many hours do we answer?", "accepted": [{"value": 24}]},
]
RIGHT: dict[str, Any] = {
    "who": ["A member of staff"],
    "kind": ["To listen", "To thank"],
    "match": {"A question": "An answer", "A complaint": "An apology"},
    "order": ["Thank", "Name it", "Do it"],
    "word": "please",
    "hours": "24",
}
"""The right answers, as they stand on the page."""
QUIZ = {"kind": "quiz", "key": "quiz", "title": "What would you do?", "pass_mark": 0.8, "questions": QUESTIONS}
LESSON = {"kind": "lesson", "key": "listen", "title": "Listen first", "minutes": 5, "markdown": "# Ears\nListen."}
READING = {
    "kind": "policy_reading",
    "key": "rules",
    "title": "In the policy's words",
    "policy": "social-media",
    "sections": ["answering"],
}
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
                {"key": "ask", "text": "When did you order?", "feedback": "You listen.", "score": 2, "next": "glad"},
                {"key": "blame", "text": "Ask the courier.", "feedback": "Nobody is helped.", "next": "angry"},
            ],
        },
        {"key": "glad", "post": "Mira has her parcel.", "ending": "good"},
        {"key": "angry", "post": "Mira tells all her friends.", "ending": "poor"},
    ],
}
TASK = {"kind": "practical_task", "key": "reply", "title": "Reply for real", "markdown": "Answer one post."}
LIVE = {"kind": "live_session", "key": "meet", "title": "Meet", "markdown": "We talk it through."}


async def write_course(platform: Platform, key: str, modules: list[dict[str, Any]]) -> None:
    """Write a course, and a certification that it leads to."""
    await ask(platform, "/v1/courses", {"key": key, "title": f"The {key} course", "summary": "How to be helpful."})
    await ask(platform, f"/v1/courses/{key}/versions", {"modules": modules})
    tier = {"key": f"{key}-badge", "title": f"Friend of {key}", "courses": [key], "policies": ["social-media"]}
    await ask(platform, "/v1/certifications", tier)


async def teach(platform: Platform) -> None:
    """Put somebody in the midst of a course, with a certificate under which a section changed."""
    await ask(platform, "/v1/certifications", {"key": "reader", "title": "Reader", "policies": ["social-media"]})
    await ask(platform, "/v1/policies/social-media/versions/1/acknowledgements", {"employee_number": ME})
    await write_course(platform, "greeting", [LESSON, READING, QUIZ, SCENARIO, TASK, LIVE])
    now = platform.clock.now()
    date = {
        "starts_at": now.replace(year=now.year + 1).isoformat(),
        "ends_at": now.replace(year=now.year + 2).isoformat(),
    }
    live = {"course": "greeting", "module": "meet", "capacity": 8, "place": "The barn", "host": PEOPLE["coach"]}
    await ask(platform, "/v1/live-sessions", live | date)
    await platform.settle()
    enrolment = (await ask(platform, "/v1/enrolments", {"employee_number": ME, "course": "greeting"}))["id"]
    me = await platform.as_person(ME)
    for part, body in (
        ("attempts", {}),
        ("scenarios/parcel/runs", {}),
        ("tasks/reply/submissions", {"text": "Hello!"}),
    ):
        answer = await me.post(f"/v1/enrolments/{enrolment}/{part}", json=body)
        assert answer.is_success, answer.text
    await publish(platform, POLICY.replace("24 hours", "4 hours"))
    await platform.settle()
