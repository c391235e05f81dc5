"""Clients that never give up: each request is sent, with its Idempotency-Key, until it is answered.

What they were answered is kept here; what they sent without an answer is sent again, so at the end everything they
wanted must be there, and once.
"""

import asyncio
import contextlib
import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from shared.ids import new_id
from tests.faults.processes import Fleet

PAUSE = 0.1
"""Seconds that a client waits before it sends again."""
AWAY = frozenset({429, 502, 503, 504})
NDJSON = "application/x-ndjson"
COURSE, CERTIFICATION, POLICY = "answering", "responder", "social-media"
VERSION = f"/v1/policies/{POLICY}/versions/1"

SOURCE = """---
title: Social media policy
locale: en
---
# Promise only what we can keep {#promises}
We do not guarantee what depends on others.

```rule
id: no-guarantee
severity: block
detect:
  words: ["guarantee", "guaranteed"]
message: We do not guarantee delivery dates.
examples:
  match: ["Delivery on Friday is guaranteed."]
  pass: ["Delivery is planned for Friday."]
```
"""
MODULES = [
    {"kind": "lesson", "key": "read", "title": "Be kind", "minutes": 5, "markdown": "# Be kind\n\nFirst listen."},
    {
        "kind": "quiz",
        "key": "check",
        "title": "What do you remember?",
        "draw": 2,
        "pass_mark": 0.6,
        "questions": [
            {
                "key": f"q{n}",
                "kind": "single",
                "text": f"Question {n}: which answer is kind?",
                "options": [{"text": f"The kind one {n}", "correct": True}, {"text": f"The curt one {n}"}],
            }
            for n in range(4)
        ],
    },
]


@dataclass
class Load:
    """What the clients want, what they were answered, and what is in flight at this moment.

    `posts`, `people`, `acknowledgements`, `submissions` and `keys` map what was asked for to the id in the answer.
    """

    fleet: Fleet
    in_flight: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    posts: dict[str, str] = field(default_factory=dict)
    matching: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    acknowledgements: dict[str, str] = field(default_factory=dict)
    submissions: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    certified: set[str] = field(default_factory=set)
    _waiting: deque[str] = field(default_factory=deque)
    _going_on: bool = True
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _client: httpx.AsyncClient | None = None

    async def send(self, service: str, method: str, path: str, *, again: frozenset[int] = AWAY, **what: Any) -> Any:
        """Send a request to a service, through the gateway, until it is answered; return the answer's content.

        Raises AssertionError for an answer that says neither "done" nor "not now".
        """
        assert self._client is not None
        headers = {"Idempotency-Key": new_id(), **what.pop("headers", {})}
        lines = headers.get("Content-Type") == NDJSON
        while True:
            self.in_flight.update((service, "gateway"))
            try:
                answer = await self._client.request(method, path, headers=headers, **what)
            except httpx.TransportError:
                self.unanswered[service] += 1
            else:
                if answer.is_success:
                    return [orjson.loads(line) for line in answer.content.splitlines()] if lines else answer.json()
                assert answer.status_code in again, f"{method} {path}: {answer.status_code} {answer.text}"
                self.unanswered[service] += 1
            finally:
                self.in_flight.subtract((service, "gateway"))
            await asyncio.sleep(PAUSE)

    async def prepare(self, people: int) -> None:
        """Bring a policy, a course and a certification into force, and people in."""
        self._client = self.fleet.client()
        rows = [f"S-{n},Person {n},s-{n}@harbour.example,Care,EMEA,,en" for n in range(people)]
        table = "\n".join(["employee_number,name,email,department,region,manager,languages", *rows])
        await self.send("training", "POST", "/v1/people/imports", content=table, headers={"Content-Type": "text/csv"})
        await self.fleet.settled(within=30)
        draft = {"source": SOURCE, "change_note": "first", "material": True, "employee_number": "S-0"}
        await self.send("policy", "POST", "/v1/policies", json={"key": POLICY, "title": "Social media policy"})
        await self.send("policy", "POST", f"/v1/policies/{POLICY}/versions", json=draft)
        await self.send("policy", "POST", f"{VERSION}/review", json={})
        approval = {"decision": "approve", "employee_number": "S-1"}
        await self.send("policy", "POST", f"{VERSION}/approvals", json=approval)
        await self.send("policy", "POST", f"{VERSION}/publication", json={})
        await self.send("training", "POST", "/v1/courses", json={"key": COURSE, "title": "Answering customers"})
        await self.send("training", "POST", f"/v1/courses/{COURSE}/versions", json={"modules": MODULES})
        certification = {
            "key": CERTIFICATION, "title": "Responder", "description": "Answers customers.", "courses": [COURSE],
            "policies": [POLICY], "certifications": [], "validity_days": 365, "expiring_days": 60,
        }  # fmt: skip
        await self.send("training", "POST", "/v1/certifications", json=certification)
        await self.fleet.settled(within=30)
        self._waiting.extend(f"S-{n}" for n in range(people))

    def start(self) -> None:
        """Let the clients begin."""
        clients = [self.post(), self.post_lines(), self.hire(), *(self.learn() for _ in range(3)), self.make_keys()]
        self._tasks = [asyncio.create_task(client) for client in clients]

    def check(self) -> None:
        """Raise what ended a client before its time."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def finish(self) -> None:
        """Begin nothing new, and wait until everything that was begun is answered."""
        self._going_on = False
        async with asyncio.timeout(60):
            await asyncio.gather(*self._tasks)
        assert self._client is not None
        await self._client.aclose()

    async def stop(self) -> None:
        """End the clients, whatever they wait for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            with contextlib.suppress(RuntimeError):
                await self._client.aclose()

    def new_posts(self, count: int, breaking: float = 0.3) -> list[dict[str, Any]]:
        """Write posts, a share of which break the rule in force."""
        posts = []
        for _ in range(count):
            network_id = new_id()
            breaks = random.random() < breaking
            if breaks:
                self.matching.add(network_id)
            posts.append(
                {
                    "network": "mastodon",
                    "network_id": network_id,
                    "kind": "staff",
                    "author": "@somebody",
                    "text": f"We {'guarantee' if breaks else 'plan'} it for Friday, {network_id[-6:]}",
                    "posted_at": datetime.now(UTC).isoformat(),
                }
            )
        return posts

    async def post(self) -> None:
        """Send posts as lists."""
        while self._going_on:
            posts = self.new_posts(random.randint(1, 8))
            answer = await self.send("monitoring", "POST", "/v1/posts", json=posts)
            self.note_posts(posts, answer["items"])

    async def post_lines(self) -> None:
        """Send posts as lines; a stream that broke off is sent again from its beginning."""
        while self._going_on:
            posts = self.new_posts(random.randint(10, 60))
            lines = b"".join(orjson.dumps(post) + b"\n" for post in posts)
            headers = {"Content-Type": NDJSON}
            self.note_posts(posts, await self.send("monitoring", "POST", "/v1/posts", content=lines, headers=headers))

    def note_posts(self, posts: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        """Keep which id each post was given; what a first, unanswered try brought in is a duplicate now."""
        assert [item["network_id"] for item in answers] == [post["network_id"] for post in posts]
        for item in answers:
            assert item["status"] in {"accepted", "duplicate"}, item
            self.posts[item["network_id"]] = item["id"]

    async def hire(self) -> None:
        """Add people one by one, who then learn."""
        number = 0
        while self._going_on:
            number += 1
            person = {
                "employee_number": f"N-{number}", "name": f"New {number}", "email": f"n-{number}@harbour.example",
                "department": "Sales", "region": "APAC", "languages": ["en"],
            }  # fmt: skip
            self.people[f"N-{number}"] = (await self.send("training", "POST", "/v1/people", json=person))["id"]
            self._waiting.append(f"N-{number}")

    async def learn(self) -> None:
        """Take person after person through course and policy, both at the same time."""
        while self._going_on:
            if not self._waiting:
                await asyncio.sleep(PAUSE)
                continue
            employee_number = self._waiting.popleft()
            async with asyncio.TaskGroup() as both:
                both.create_task(self.acknowledge(employee_number))
                both.create_task(self.take_course(employee_number))
            self.certified.add(employee_number)

    async def acknowledge(self, employee_number: str) -> None:
        """Acknowledge the version in force; a person hired a moment ago may be unknown there still."""
        body = {"employee_number": employee_number}
        path = f"{VERSION}/acknowledgements"
        receipt = await self.send("policy", "POST", path, json=body, again=AWAY | {404})
        self.acknowledgements[employee_number] = receipt["id"]

    async def take_course(self, employee_number: str) -> None:
        """Enrol, read, sit the quiz and submit it."""
        body = {"employee_number": employee_number, "course": COURSE}
        path = f"/v1/enrolments/{(await self.send('training', 'POST', '/v1/enrolments', json=body))['id']}"
        await self.send("training", "POST", f"{path}/lessons/read/completion", json={})
        attempt = await self.send("training", "POST", f"{path}/attempts", json={"module": "check"})
        sitting = f"/v1/attempts/{attempt['id']}"
        for item in attempt["items"]:
            kind = next(option["id"] for option in item["options"] if "kind" in option["text"])
            await self.send("training", "PUT", f"{sitting}/answers/{item['id']}", json={"options": [kind]})
        result = await self.send("training", "POST", f"{sitting}/submission", json={})
        assert result["passed"], result
        self.submissions[employee_number] = result["id"]

    async def make_keys(self) -> None:
        """Make API keys, slowly; an answer with a secret is not kept, so what was not answered may be there twice."""
        while self._going_on:
            body = {"name": f"Key {new_id()}", "scopes": ["policies:read"]}
            key = await self.send("gateway", "POST", "/v1/api-keys", json=body)
            self.keys[key["name"]] = key["id"]
            await asyncio.sleep(PAUSE)
