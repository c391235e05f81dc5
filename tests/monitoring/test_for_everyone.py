"""What holds for all departments is not for a key of some to change."""

from dataclasses import replace
from typing import Any

from tests.monitoring.organisation import KEY
from tests.monitoring.serving import MonitoringService

WORDS = {"title": "Hello", "language": "en", "text": "It is on its way."}
TEMPLATE = {"policy": "social-media", "rule": "r", "language": "en", "title": "Hello", "message": "Think again."}
CONTENT = {"kind": "profile", "network": "mastodon", "title": "Us", "text": "We build boats."}
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/pauses", {"scope": "all", "reason": "A storm."}),
    ("DELETE", "/v1/pauses/any", None),
    ("PUT", "/v1/service-promises/question", {"first_answer_minutes": 60, "next_answer_minutes": 60}),
    ("DELETE", "/v1/service-promises/question", None),
    ("PUT", "/v1/routing-requirements", {"items": [{"network": "email", "certification": "lawyer"}]}),
    ("PUT", "/v1/triage-cues/en", {}),
    ("DELETE", "/v1/triage-cues/en", None),
    ("POST", "/v1/guidance-templates", TEMPLATE),
    ("PUT", "/v1/guidance-templates/any", TEMPLATE),
    ("DELETE", "/v1/guidance-templates/any", None),
    ("POST", "/v1/saved-answers", WORDS),
    ("PUT", "/v1/saved-answers/any", WORDS),
    ("DELETE", "/v1/saved-answers/any", None),
    ("POST", "/v1/static-content", CONTENT),
    ("POST", "/v1/static-content/any/versions/1/use", {}),
    ("PUT", "/v1/brand-terms", {"names": ["Acme"]}),
]


async def test_a_key_of_some_departments_changes_nothing_that_holds_for_all(service: MonitoringService) -> None:
    limited = service.ask_as(replace(KEY, departments=frozenset({"Support"})))
    for method, path, body in WRITES:
        answer = await limited.request(method, path, json=body)
        assert (answer.status_code, "limited to some" in answer.text) == (403, True), (method, path, answer.text)
        free = await service.client.request(method, path, json=body)
        assert "limited to some" not in free.text, (method, path, free.text)
