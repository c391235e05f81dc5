"""What the outermost layer does with every request, also with one that breaks."""

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import Scope

from shared import answers
from shared.edge import Edge
from shared.telemetry import HttpMetrics


async def nobody(_scope: Scope) -> None:
    """Let everyone in."""


async def test_a_request_that_breaks_is_counted_and_its_answer_carries_the_request_id() -> None:
    app, registry = FastAPI(), CollectorRegistry()
    answers.register(app)
    app.add_middleware(Edge, authenticate=nobody, metrics=HttpMetrics(registry))

    @app.get("/broken")
    async def read_broken() -> None:
        raise LookupError("a fault of ours")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/broken", headers={"X-Request-Id": "asked-1"})

    assert (answer.status_code, answer.headers["X-Request-Id"], answer.json()["request_id"]) == (
        500,
        "asked-1",
        "asked-1",
    )
    labels = {"method": "GET", "route": "/broken", "status": "500"}
    assert registry.get_sample_value("shareload_http_requests_total", labels) == 1
