"""`Prefer: wait=N`: hold an answer back until all that its events caused has been applied everywhere.

An event's handling may tell further events, so what a service told while handling one is followed as well.
"""

import asyncio
from dataclasses import dataclass, field

import orjson

from services.gateway.areas import SERVICES
from services.gateway.domain import event_log
from services.gateway.forward import Forwarder, ServiceAway
from services.gateway.read_model.certificates import Certificates
from services.gateway.read_model.policies import Policies
from services.gateway.stream.tail import Tail
from shared.auth import INTERNAL, Principal
from shared.db import Database

LONGEST = 10.0
FIRST_PAUSE = 0.004
LONGEST_PAUSE = 0.1
ASKING = Principal(id="gateway", scopes=frozenset({INTERNAL}))


@dataclass
class Followed:
    """The events that belong to one write, and what each service has still to say about them."""

    events: dict[str, str]
    unsettled: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nobody has said anything yet."""
        self.unsettled = {service: set(self.events) for service in SERVICES}

    def settle(self, service: str, asked: set[str], pending: set[str], told: dict[str, str]) -> None:
        """Take in what a service said; what it told concerns all services."""
        self.unsettled[service] -= asked - pending
        for event_id, event_type in told.items():
            if event_id not in self.events:
                self.events[event_id] = event_type
                for waiting in self.unsettled.values():
                    waiting.add(event_id)

    @property
    def settled(self) -> bool:
        """Say whether every service has handled all that it handles of these events."""
        return not any(self.unsettled.values())


class Waiting:
    """Follows what a write caused through all services, into the gateway's own log and its memory."""

    def __init__(
        self, forwarder: Forwarder, db: Database, tail: Tail, policies: Policies, certificates: Certificates
    ) -> None:
        self._forwarder = forwarder
        self._db = db
        self._tail = tail
        self._policies = policies
        self._certificates = certificates

    async def follow(self, told: dict[str, str], seconds: float) -> bool:
        """Wait until everything is applied, at most `seconds`; say whether it is."""
        try:
            async with asyncio.timeout(min(seconds, LONGEST)):
                await self._follow(Followed(dict(told)))
        except TimeoutError:
            return False
        return True

    async def _follow(self, followed: Followed) -> None:
        pause = FIRST_PAUSE
        while not (followed.settled and await self._logged(followed)):
            await asyncio.gather(*(self._ask(service, followed) for service in SERVICES if followed.unsettled[service]))
            if not followed.settled:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _ask(self, service: str, followed: Followed) -> None:
        asked = set(followed.unsettled[service])
        events = [{"id": event_id, "type": followed.events[event_id]} for event_id in asked]
        try:
            answer = await self._forwarder.ask(
                service, "POST", "/internal/consequences", ASKING, json={"events": events}
            )
        except ServiceAway:
            return
        if answer.status == 200:
            body = orjson.loads(answer.body)
            followed.settle(
                service, asked, set(body["pending"]), {event["id"]: event["type"] for event in body["told"]}
            )

    async def _logged(self, followed: Followed) -> bool:
        position = await self._db.read(event_log.position_of_all, list(followed.events))
        if position is None:
            await asyncio.sleep(FIRST_PAUSE)
            return False
        await self._tail.until(position)
        await self._policies.until(followed.events)
        await self._certificates.until(position)
        return True


def seconds_of(prefer: str) -> float | None:
    """Return N of `Prefer: wait=N` (RFC 7240), or None where the header does not ask for it."""
    for part in prefer.split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "wait" and value.strip('"').isascii() and value.strip('"').isdigit():
            return float(value.strip('"')[:3])
    return None


def told_of(header: str) -> dict[str, str]:
    """Return the events that a write's `Shareload-Events` names: id to type."""
    pairs = (part.strip().partition(":") for part in header.split(",") if part.strip())
    return {event_id: event_type for event_id, _, event_type in pairs}
