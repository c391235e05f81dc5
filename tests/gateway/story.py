"""What the gateway's tests tell the platform: a person, a policy in force, events read from a stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from tests.platform import Platform

POLICY = """---
title: Social media policy
locale: de
---
# Speak as yourself {#speak-as-yourself}
Say who you work for when you talk about our products.

# Answering customers {#answering}
We answer within 24 hours.
"""


def person(number: int) -> dict[str, Any]:
    """Return the body of the n-th person."""
    return {
        "employee_number": f"E-{number}",
        "name": f"Person {number}",
        "email": f"e{number}@harbour.example",
        "department": "Care",
        "region": "EMEA",
        "languages": ["en"],
    }


async def add_people(platform: Platform, count: int) -> list[str]:
    """Add people and return their ids, in order."""
    answers = [await platform.client.post("/v1/people", json=person(number)) for number in range(1, count + 1)]
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    return [answer.json()["id"] for answer in answers]


async def publish(platform: Platform, source: str = POLICY, *, wait: int = 5) -> httpx.Response:
    """Bring a version of the policy `social-media` into force and return the answer of its publication."""
    client = platform.client
    await platform.settle()  # Who approves comes to the policy service by an event.
    await client.post("/v1/policies", json={"key": "social-media", "title": "Social media policy"})
    path = "/v1/policies/social-media/versions"
    made = await client.post(path, json={"source": source, "change_note": "As agreed.", "material": True})
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['number']}"
    for part, body in (("review", {}), ("approvals", {"decision": "approve", "employee_number": "E-2"})):
        answer = await client.post(f"{path}/{part}", json=body)
        assert answer.is_success, answer.text
    answer = await client.post(f"{path}/publication", json={}, headers={"Prefer": f"wait={wait}"})
    assert answer.is_success, answer.text
    return answer


@dataclass
class Told:
    """One Server-Sent Event as a browser gets it."""

    cursor: str
    type: str
    data: dict[str, Any]


class Listener:
    """Reads a stream of Server-Sent Events; `next` fails when nothing comes."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.last_id: str | None = None

    async def next(self, within: float = 10) -> Told:
        """Return the next event."""
        async with asyncio.timeout(within):
            fields: dict[str, str] = {}
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif "data" in fields:
                    self.last_id = fields["id"]
                    return Told(fields["id"], fields["event"], orjson.loads(fields["data"]))
                else:
                    self.last_id = fields.get("id", self.last_id)
                    fields = {}
        raise EOFError("the stream ended")

    async def take(self, count: int) -> list[Told]:
        """Return the next events."""
        return [await self.next() for _ in range(count)]

    async def ended(self, within: float = 10) -> bool:
        """Wait for the end of the stream, passing over what still comes."""
        async with asyncio.timeout(within):
            async for _line in self._lines:
                pass
        return True


@contextlib.asynccontextmanager
async def listening(client: httpx.AsyncClient, query: str = "", cursor: str | None = None) -> AsyncIterator[Listener]:
    """Open the event stream."""
    headers = {"Last-Event-ID": cursor} if cursor else {}
    async with client.stream("GET", f"/v1/events{query}", headers=headers, timeout=30) as response:
        assert response.status_code == 200, await response.aread()
        yield Listener(response)


async def client_with(platform: Platform, *scopes: str, departments: list[str] | None = None) -> httpx.AsyncClient:
    """Return a client with a new key of these scopes."""
    body = {"name": "test", "scopes": list(scopes), "departments": departments}
    key = (await platform.client.post("/v1/api-keys", json=body)).json()
    client = await platform.client_for(headers={"Authorization": f"Bearer {key['key']}"})
    client.params = httpx.QueryParams()
    return client
