"""All that is kept of one person: each service says where, and answers for its own part when it is asked for it.

Asked and answered over the broker, page by page, as snapshots are.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import structlog
from nats.aio.msg import Msg
from pydantic import BaseModel
from sqlalchemy import MetaData, Select

from shared import idempotency, inbox, outbox
from shared.bus import Bus, BusError
from shared.db import Database, Session
from shared.erasure import Log
from shared.events.erasures import ErasureFinished
from shared.problems import Unavailable
from shared.tasks import DATABASE_AWAY

PAGE_ROWS = 200
PAGE_BYTES = 512 * 1024
ANSWER_WITHIN = 10.0

log = structlog.get_logger()


class PersonalDataAway(Unavailable):
    """A service that keeps data of this person does not answer; nothing is left out, so nothing is answered."""


@dataclass(frozen=True)
class PersonalData:
    """What one service keeps of people.

    `kept` returns the queries for what is kept of a person, by the names under which they read it; `nobody` are tables
    that say nothing of anyone, each with the reason. `erased` is what the service tells when it has erased somebody,
    `logs` are the events that it keeps of others.
    """

    metadata: MetaData
    kept: Callable[[str], Mapping[str, Select[Any]]]
    nobody: Mapping[str, str]
    erased: type[ErasureFinished]
    logs: Sequence[Log] = field(default=())
    retention: Callable[[], Mapping[str, timedelta | None]] = dict
    """How long each kind of data is kept; None: until the person is erased."""


BACKBONE = {
    "answers to requests with an Idempotency-Key": idempotency.KEPT,
    "events that were told": outbox.KEPT,
    "ids of events that were handled": inbox.KEPT,
}
"""What every service keeps, and for how long."""


class PageAsked(BaseModel):
    """Which page of what is kept of a person: from which row of which part on."""

    person: str
    part: int = 0
    row: int = 0


def subject_for(service: str) -> str:
    """Return the subject on which a service answers."""
    return f"shareload.personal.{service}"


def read_page(session: Session, personal: PersonalData, asked: PageAsked) -> bytes:
    """Answer one page as JSON: `[name, row]` each, and where the next begins."""
    parts = list(personal.kept(asked.person).items())
    lines: list[bytes] = []
    size, part, at = 0, asked.part, asked.row
    while part < len(parts):
        name, query = parts[part]
        rows = session.execute(query.offset(at).limit(PAGE_ROWS - len(lines))).mappings().all()
        for row in rows:
            line = orjson.dumps([name, dict(row)], option=orjson.OPT_UTC_Z, default=str)
            if lines and size + len(line) > PAGE_BYTES:
                return page_of(lines, part, at)
            lines.append(line)
            size += len(line)
            at += 1
        if len(lines) == PAGE_ROWS:
            return page_of(lines, part, at)
        part, at = part + 1, 0
    return page_of(lines, None, 0)


def page_of(lines: Sequence[bytes], part: int | None, row: int) -> bytes:
    """Put an answer together."""
    return b'{"part":%s,"row":%d,"rows":[%s]}' % (orjson.dumps(part), row, b",".join(lines))


class PersonalServer:
    """A service's side; any of its replicas answers."""

    def __init__(self, name: str, db: Database, bus: Bus, personal: PersonalData) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._personal = personal

    async def run(self) -> None:
        """Answer, from when the broker is there until cancelled."""
        await self._bus.wait_connected()
        await self._bus.subscribe(subject_for(self._name), self._receive, queue=self._name)
        await asyncio.Event().wait()

    async def _receive(self, msg: Msg) -> None:
        if not msg.data:
            await msg.respond(orjson.dumps(days_of({**self._personal.retention(), **BACKBONE})))
            return
        try:
            answer = await self._db.read(read_page, self._personal, PageAsked.model_validate_json(msg.data))
        except DATABASE_AWAY as error:
            log.warning("personal data not read", service=self._name, error=repr(error))
            answer = orjson.dumps({"away": "the database does not answer"})
        await msg.respond(answer)


def days_of(kept: Mapping[str, timedelta | None]) -> dict[str, float | None]:
    """Return times in days."""
    return {kind: time / timedelta(days=1) if time is not None else None for kind, time in kept.items()}


async def ask_retention(bus: Bus, service: str) -> dict[str, float | None]:
    """Return for how many days a service keeps each kind of data; raises PersonalDataAway."""
    try:
        answer: dict[str, float | None] = orjson.loads(await bus.request(subject_for(service), within=ANSWER_WITHIN))
    except BusError as error:
        raise PersonalDataAway(f"The {service} service does not answer; ask again later.") from error
    return answer


async def ask(bus: Bus, service: str, person: str) -> dict[str, list[dict[str, Any]]]:
    """Return all that a service keeps of a person, by parts; raises PersonalDataAway."""
    kept: dict[str, list[dict[str, Any]]] = {}
    asked = PageAsked(person=person)
    while True:
        try:
            body = await bus.request(subject_for(service), asked.model_dump_json().encode(), within=ANSWER_WITHIN)
        except BusError as error:
            raise PersonalDataAway(f"The {service} service does not answer; ask again later.") from error
        answer = orjson.loads(body)
        if "away" in answer:
            raise PersonalDataAway(f"The {service} service cannot read its data at this moment; ask again later.")
        for name, row in answer["rows"]:
            kept.setdefault(name, []).append(row)
        if answer["part"] is None:
            return kept
        asked = PageAsked(person=person, part=answer["part"], row=answer["row"])
