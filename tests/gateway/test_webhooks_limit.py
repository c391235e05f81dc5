"""There is room for so many endpoints, however many set one up at the same time."""

import asyncio

from services.gateway.domain.webhooks import endpoints
from services.gateway.rights import SCOPES
from services.gateway.schemas.webhooks import WebhookIn
from shared.context import Principal
from shared.db import Session
from tests.gateway.telling import Telling

ROOM = 3


async def test_writers_at_the_same_time_do_not_set_up_more_endpoints_than_there_may_be(
    gateway_on_both: Telling,
) -> None:
    gateway = gateway_on_both

    def fill(session: Session) -> None:
        body = WebhookIn.model_validate({"name": "HR", "url": "https://hr.example/hook", "types": ["training"]})
        for _ in range(endpoints.MOST - ROOM):
            endpoints.create(session, body, Principal("key:test", scopes=SCOPES), gateway.sender.terms)

    await gateway.db.write(fill)
    asked = {"name": "BI", "url": "https://bi.example/hook", "types": ["training"]}
    answers = await asyncio.gather(*(gateway.client.post("/v1/webhooks", json=asked) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * ROOM + [409] * (12 - ROOM)
    assert {answer.json()["type"].rpartition("/")[2] for answer in answers if answer.is_error} == {"too-many-webhooks"}
