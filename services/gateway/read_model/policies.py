"""The policies in force, kept in memory as their owner answers them, byte by byte.

An event of a policy's versions says that the answer may have changed; it is then asked of the owner once, kept in
the gateway's own table, and served from memory, also while the owner is away.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson
import structlog
from sqlalchemy import delete, select

from services.gateway.domain.event_log import Logged
from services.gateway.forward import Answer, Forwarder, ServiceAway
from services.gateway.tables import PolicyAnswer
from shared.auth import Principal
from shared.clock import Clock
from shared.db import Database, Session, insert

log = structlog.get_logger()

OWNER = "policy"
READER = Principal(id="gateway", scopes=frozenset({"policies:read"}))
CHANGES = "policy.version."
RETRY = 1.0
PATIENCE = 60.0
"""Seconds after which a reader who wrote something is no longer sent to the owner for it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The owner's answer for one policy, with the headers that it goes out with."""

    etag: str | None
    body: bytes
    fetched_at: datetime
    headers: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, row: PolicyAnswer) -> Self:
        """Make the headers once."""
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(row.body)).encode()),
            (b"cache-control", b"private, no-cache"),
        ]
        if row.etag:
            headers.append((b"etag", row.etag.encode("latin-1")))
        return cls(row.etag, row.body, row.fetched_at, headers)


class Policies:
    """Answers for policies in force, and who must still be sent to the owner to read what they wrote."""

    def __init__(self, db: Database, forwarder: Forwarder, clock: Clock) -> None:
        self._db = db
        self._forwarder = forwarder
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._outdated: dict[str, set[str]] = {}
        self._changed = asyncio.Event()
        self._awaited: dict[str, tuple[float, set[str]]] = {}
        self._applied: deque[str] = deque(maxlen=1000)

    async def load(self) -> None:
        """Take up what was kept, and ask the owner again for each."""
        for row in await self._db.read(read_kept):
            self._kept[row.policy] = Kept.of(row)
            self._outdated[row.policy] = set()
        self._changed.set()

    def follow(self, _epoch: str, stretch: Sequence[Logged]) -> None:
        """Note which answers an event makes outdated."""
        for logged in stretch:
            if logged.type.startswith(CHANGES):
                policy = str(orjson.loads(logged.body)["data"].get("policy", ""))
                self._outdated.setdefault(policy, set()).add(logged.id)
                self._changed.set()

    async def run(self) -> None:
        """Ask the owner for what is outdated, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for policy in list(self._outdated):
                await self._refresh(policy)
            if self._outdated:
                await asyncio.sleep(RETRY)
                self._changed.set()

    async def _refresh(self, policy: str) -> None:
        because = set(self._outdated[policy])
        try:
            answer = await self._forwarder.ask(OWNER, "GET", f"/v1/policies/{policy}", READER)
        except ServiceAway:
            return
        if answer.status == 200:
            await self._keep(policy, answer)
        elif answer.status == 404:
            self._kept.pop(policy, None)
            await self._db.write(drop, policy)
        else:
            log.warning("the owner does not answer for a policy", policy=policy, status=answer.status)
            return
        if self._outdated[policy] == because:
            del self._outdated[policy]
        else:
            self._outdated[policy] -= because
            self._changed.set()
        self._applied.extend(because)
        for principal, (until, awaited) in list(self._awaited.items()):
            awaited.difference_update(because)
            if not awaited or until < time.monotonic():
                del self._awaited[principal]

    async def _keep(self, policy: str, answer: Answer) -> None:
        row = PolicyAnswer(policy=policy, etag=answer.header(b"etag"), body=answer.body, fetched_at=self._clock.now())
        await self._db.write(keep, row.model_dump())
        self._kept[policy] = Kept.of(row)

    def get(self, policy: str, principal: Principal) -> Kept | None:
        """Return the answer, or None where the owner must be asked: it is not kept, or the reader just changed it."""
        awaited = self._awaited.get(principal.id)
        if awaited is not None and awaited[0] > time.monotonic():
            return None
        return self._kept.get(policy)

    def expect(self, principal: Principal, told: dict[str, str]) -> None:
        """Send a principal to the owner until the events of its own write are applied here."""
        concerned = {event_id for event_id, event_type in told.items() if event_type.startswith(CHANGES)}
        concerned.difference_update(self._applied)
        if concerned:
            _, awaited = self._awaited.get(principal.id, (0.0, set()))
            self._awaited[principal.id] = (time.monotonic() + PATIENCE, awaited | concerned)

    def applied(self, principal: Principal) -> bool:
        """Say whether all that a principal wrote is in the answers."""
        return principal.id not in self._awaited


def read_kept(session: Session) -> list[PolicyAnswer]:
    """Return all kept answers."""
    rows = list(session.execute(select(PolicyAnswer)).scalars())
    session.expunge_all()
    return rows


def keep(session: Session, values: dict[str, object]) -> None:
    """Keep an answer."""
    statement = insert(session, PolicyAnswer.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["policy"], set_=values))


def drop(session: Session, policy: str) -> None:
    """Drop the answer for a policy that is not in force."""
    session.execute(delete(PolicyAnswer).where(PolicyAnswer.policy == policy))  # type: ignore[arg-type]
