"""What the tests of all resources send and expect: a person, and a refusal in the shape that every one has."""

from typing import Any

import httpx

PERSON = {
    "employee_number": "E-1",
    "name": "Ana Sá",
    "email": "ana@x.example",
    "department": "Care",
    "region": "EMEA",
    "languages": ["pt", "en"],
}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Return the body of an answer, which must be this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"].endswith(f"/{slug}"), body
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body
