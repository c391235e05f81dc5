"""Customers who write and colleagues who answer them, all through the gateway and none of whom ever gives up."""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from shared.ids import new_id
from tests.faults.load import NDJSON, PAUSE, Load
from tests.faults.processes import Fleet

CAPACITY = 10


@dataclass
class Customers:
    """What customers wrote and colleagues answered; beside them staff post as in `Load`.

    `threads` are the conversations that there must be, `replied` those that were answered.
    """

    STAFF: ClassVar = tuple(f"S-{number}" for number in range(4))
    fleet: Fleet
    threads: set[str] = field(default_factory=set)
    replied: list[str] = field(default_factory=list)
    answered: int = 0
    _going_on: bool = True
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.load = Load(self.fleet)

    async def prepare(self) -> None:
        """Bring a rule into force, and certify colleagues who have room for a few conversations each."""
        await self.load.prepare(len(self.STAFF))
        await asyncio.gather(*(self.certify(number) for number in self.STAFF))
        await self.fleet.settled(within=30)
        stated = {"languages": ["en"], "capacity": CAPACITY, "weekly_minutes": 10_000, "online": True}
        for number in self.STAFF:
            await self.load.send("monitoring", "PUT", f"/v1/availability/{number}", json=stated)

    async def certify(self, employee_number: str) -> None:
        """Give somebody the certificate to answer customers."""
        await self.load.acknowledge(employee_number)
        await self.load.take_course(employee_number)

    def start(self) -> None:
        """Let all begin."""
        clients: list[Coroutine[Any, Any, None]] = [self.post(), self.mention(), self.push()]
        clients += [self.work(number) for number in self.STAFF]
        self._tasks = [asyncio.create_task(client) for client in clients]

    def check(self) -> None:
        """Raise what ended somebody before their time."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def finish(self) -> None:
        """Begin nothing new, and wait until everything that was begun is answered."""
        self._going_on = False
        async with asyncio.timeout(60):
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """End all, whatever they wait for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.load.stop()

    async def post(self) -> None:
        """Send posts by staff, some of which break the rule."""
        while self._going_on:
            await self.send_lines(self.load.new_posts(random.randint(20, 100)))

    async def mention(self) -> None:
        """Write to us as customers, each of whom opens a conversation."""
        while self._going_on:
            posts = [
                {**post, "kind": "mention", "author": f"@c-{post['network_id']}", "text": "Hello?", "lang": "en"}
                for post in self.load.new_posts(random.randint(1, 6), breaking=0)
            ]
            self.threads.update(post["author"] for post in posts)
            await self.send_lines(posts)
            await asyncio.sleep(PAUSE)

    async def send_lines(self, posts: list[dict[str, Any]]) -> None:
        """Send posts as lines, and keep what each became."""
        lines = b"".join(orjson.dumps(post) + b"\n" for post in posts)
        headers = {"Content-Type": NDJSON}
        answers = await self.load.send("monitoring", "POST", "/v1/posts", content=lines, headers=headers)
        self.load.note_posts(posts, answers)
        self.answered += 1

    async def push(self) -> None:
        """Push threads of an inbox tool."""
        while self._going_on:
            thread = new_id()
            message = {"network_id": f"{thread}-1", "text": "Where is my order?", "sent_at": str(datetime.now(UTC))}
            body = {
                "network": "inbox", "thread": thread, "customer": f"@c-{thread}", "language": "en", "messages": [message],
            }  # fmt: skip
            self.threads.add(thread)
            await self.load.send("monitoring", "POST", "/v1/conversations", json=body)
            await asyncio.sleep(PAUSE)

    async def work(self, employee_number: str) -> None:
        """Accept, answer and resolve one conversation after the other."""
        mine = f"/v1/conversations?state=assigned&employee_number={employee_number}"
        while self._going_on:
            for one in (await self.load.send("monitoring", "GET", mine))["items"]:
                where, me = f"/v1/conversations/{one['id']}", {"employee_number": employee_number}
                await self.load.send("monitoring", "POST", f"{where}/acceptance", json=me)
                reply = {"text": "Thank you, we plan it for Friday.", **me}
                await self.load.send("monitoring", "POST", f"{where}/reply", json=reply)
                self.replied.append(one["id"])
                await self.load.send("monitoring", "POST", f"{where}/resolution", json={})
                if not self._going_on:
                    return
            await asyncio.sleep(PAUSE)
