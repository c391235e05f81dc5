"""A real mail server in the test's own loop, and a gateway that hears what services tell and writes to people by it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlmodel import col

from services.gateway.connectors.notices import Notices
from services.gateway.domain.notices import outgoing
from services.gateway.domain.sign_in.sessions import Arrival, open_session
from services.gateway.handlers import handlers
from services.gateway.rights import Role
from services.gateway.tables import Notice, NoticeMessage, NoticePreferences, NoticeSending
from shared.clock import ShiftedClock
from shared.db import Session as Unit
from shared.events.base import Envelope as Told
from shared.events.base import Event
from shared.events.monitoring import ConversationAssignedV1, GuidanceGivenV1
from shared.events.training import PersonChangedV1
from shared.ids import new_id
from shared.inbox import Heard, handle
from tests.gateway.telling import Telling, receiving, settings_for, telling, until
from tests.servers import NatsServer


def id_of(number: int) -> str:
    """Return the id of a person."""
    return f"00000000-0000-7000-8000-{number:012}"


@dataclass
class Mailbox:
    """What the server has taken; `refusals` says what it answers to an address, or to a message, instead."""

    mails: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    port: int = 0
    server: asyncio.Server | None = None

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Take an address, unless it is refused."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message, unless all are refused."""
        content = envelope.content
        assert isinstance(content, bytes)
        if "*" in self.refusals:
            return self.refusals["*"]
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    async def open(self) -> None:
        """Listen, on the port of before where there was one."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: SMTP(self, loop=loop, hostname="mail"), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None


@contextlib.asynccontextmanager
async def mailing() -> AsyncIterator[Mailbox]:
    """Run a mail server."""
    box = Mailbox()
    await box.open()
    try:
        yield box
    finally:
        await box.close()


@dataclass
class Post:
    """What a test of notices holds: the gateway, and the mail server that it sends by."""

    gateway: Telling
    box: Mailbox

    @property
    def worker(self) -> Notices:
        """What sends."""
        worker: Notices = self.gateway.app.state.notices
        return worker

    async def hear(self, *events: Event, event_id: str | None = None, days_ago: int = 0) -> None:
        """Let the gateway handle events as its consumer does."""
        await self.gateway.db.write(
            lambda session: handle(session, handlers, as_heard(session, events, event_id, timedelta(days=days_ago)))
        )
        self.worker.wake()

    async def joins(self, number: int, **other: Any) -> str:
        """Let a person join, and return their id."""
        told = {
            "id": id_of(number),
            "employee_number": f"E-{number}",
            "user_name": f"e{number}",
            "name": f"Ada {number}",
            "email": f"e{number}@harbour.example",
            "department": "Care",
            "region": "EMEA",
            "languages": ["en"],
        }
        await self.hear(PersonChangedV1.model_validate(told | other))
        return id_of(number)

    async def as_person(self, person: str, role: Role = Role.EMPLOYEE) -> httpx.AsyncClient:
        """Return the browser of somebody who is signed in."""
        arrival = Arrival(person, person, role)
        token: str = await self.gateway.db.write(open_session, arrival)
        await self.gateway.app.state.doors.keyring.load()
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.gateway.app),
            base_url="http://gateway",
            headers={"Origin": "http://gateway"},
            cookies={"shareload_session": token},
        )

    async def prefer(self, client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
        """Let somebody choose how they are told."""
        answer = await client.put("/v1/notice-preferences", json=body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def pass_time(self, **by: float) -> None:
        """Let time pass, and what is due be looked at."""
        self.gateway.clock.advance(timedelta(**by))
        self.worker.wake()

    async def arrive(self, count: int) -> list[EmailMessage]:
        """Wait until so many e-mails have come and been noted, and return them."""
        await until(lambda: len(self.box.mails) >= count)
        await self.ended("sent", count)
        assert len(self.box.mails) == count
        return self.box.mails

    async def messages(self) -> list[NoticeMessage]:
        """Return what was sent, or is to be."""

        def all_of(session: Unit) -> list[NoticeMessage]:
            return list(session.execute(select(NoticeMessage).order_by(col(NoticeMessage.id))).scalars())

        return await self.gateway.db.read(all_of)

    async def rows(self) -> int:
        """Return how many rows of all that notices leave behind there are."""
        tables = (Notice, NoticeMessage, NoticePreferences, NoticeSending)

        def count(session: Unit) -> int:
            return sum(int(session.execute(select(func.count()).select_from(each)).scalar_one()) for each in tables)

        counted: int = await self.gateway.db.read(count)
        return counted

    async def ended(self, state: str, count: int = 1) -> list[NoticeMessage]:
        """Wait until so many messages are in a state."""

        async def enough() -> bool:
            return len([each for each in await self.messages() if each.state == state]) >= count

        await self.gateway.eventually(enough)
        return [each for each in await self.messages() if each.state == state]

    async def tried(self, times: int) -> NoticeMessage:
        """Wait until the one message that waits was tried so often in vain."""

        async def so_often() -> bool:
            return [each.tries for each in await self.messages() if each.state == "waiting"] == [times]

        await self.gateway.eventually(so_often)
        [waiting] = [each for each in await self.messages() if each.state == "waiting"]
        return waiting

    async def idle(self) -> None:
        """Wait until the worker has looked at all that is there now, and found nothing to do."""

        async def nothing() -> bool:
            return not await self.gateway.db.read(outgoing.anything)

        await self.gateway.eventually(nothing)


def as_heard(session: Unit, events: tuple[Event, ...], event_id: str | None, ago: timedelta) -> list[Heard]:
    """Return events as they come from the stream."""
    return [
        Heard(
            Told(
                id=event_id or new_id(),
                source=f"/{event.teller()}",
                type=event.type,
                subject=f"{event.resource()}/{event.aggregate_id}",
                time=session.now - ago,
                data=event.model_dump(mode="json"),
            ),
            event if event.type in handlers.classes else None,
        )
        for event in events
    ]


@contextlib.asynccontextmanager
async def running(folder: Path, nats: NatsServer, url: str, clock: ShiftedClock, box: Mailbox) -> AsyncIterator[Post]:
    """Run the gateway at noon of a Wednesday, so that nothing depends on when this runs."""
    noon = datetime.combine(date(2031, 1, 8), time(12), UTC)
    clock.advance(noon - clock.now())
    mail = {
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{box.port}"),
        "smtp_from": "Shareload <shareload@harbour.example>",
        "public_url": "http://gateway",
    }
    given = settings_for(folder, nats.url, url).model_copy(update=mail)
    async with receiving() as receiver, telling(given, clock, receiver) as gateway:
        yield Post(gateway, box)


def assigned(post: Post, person: str, name: str = "c-1", **other: object) -> ConversationAssignedV1:
    """Return that a conversation is somebody's, who has a quarter of an hour to accept and four hours to answer."""
    now = post.gateway.clock.now()
    told = {
        "id": name,
        "network": "mastodon",
        "state": "assigned",
        "assignee": person,
        "assignment": f"a-{name}",
        "opened_at": now,
        "accept_by": now + timedelta(minutes=15),
        "due_at": now + timedelta(hours=4),
        "why": "a word that no mail holds",
    }
    return ConversationAssignedV1.model_validate(told | other)


def guidance(person: str, name: str = "g-1") -> GuidanceGivenV1:
    """Return that a coach wrote to somebody."""
    return GuidanceGivenV1(id=name, finding="f-1", person=person, coach="p-9", message="", state="given")
