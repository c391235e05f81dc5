"""Monitoring and the gateway together, by a real broker and a real mail server: time to accept runs from the e-mail."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from services.monitoring.settings import terms
from services.monitoring.tables import Assignment
from shared.clock import ShiftedClock
from shared.db import Session
from tests.conftest import Templates
from tests.gateway.mailing import Mailbox, Post, mailing, running
from tests.monitoring.organisation import hire
from tests.monitoring.serving import MonitoringService, serve
from tests.servers import NatsServer

MINUTE = timedelta(minutes=1)
WITHIN = 20.0


@dataclass
class Office:
    """Both services, on one clock."""

    monitoring: MonitoringService
    post: Post

    @property
    def box(self) -> Mailbox:
        """Return what the mail server took."""
        return self.post.box

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass for both."""
        await self.monitoring.advance(by)
        self.post.worker.wake()

    async def holder(self, path: str) -> tuple[str, str | None]:
        """Return how a conversation stands, and with whom."""
        one = await self.monitoring.get(path)
        return one["state"], one["assignee"]

    async def assignment(self) -> Assignment:
        """Return the newest assignment."""

        def newest(session: Session) -> Assignment:
            return session.exec(select(Assignment).order_by(col(Assignment.id).desc()).limit(1)).one()

        found: Assignment = await self.monitoring.db.read(newest)
        return found

    async def heard(self, field: str) -> Assignment:
        """Wait until monitoring has heard of the message about the newest assignment."""
        async with asyncio.timeout(WITHIN):
            while getattr(await self.assignment(), field) is None:  # noqa: ASYNC110  only its database shows it
                await asyncio.sleep(0.01)
        return await self.assignment()


@pytest.fixture
async def office(tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock) -> AsyncIterator[Office]:
    folders = [tmp_path / name for name in ("gateway", "monitoring")]
    for folder in folders:
        folder.mkdir()
    urls = [templates.copy("sqlite", folder.name, folder) for folder in folders]
    async with (
        mailing() as box,
        running(folders[0], nats, urls[0], clock, box) as post,
        serve(folders[1], nats.url, urls[1], clock) as monitoring,
    ):
        yield Office(monitoring, post)


async def test_an_offer_is_mailed_and_goes_on_when_nobody_accepts_within_the_time_that_the_mail_began(
    office: Office,
) -> None:
    for number in (1, 2):
        await office.post.joins(number)
    await hire(office.monitoring.db, 1)
    office.box.refusals["*"] = "451 later"
    path = f"/v1/conversations/{(await office.monitoring.push())['id']}"
    await hire(office.monitoring.db, 2)
    await office.heard("told_from")
    await office.pass_time(terms().accept_within + MINUTE)
    assert await office.holder(path) == ("assigned", "E-1"), "nobody has told them yet"
    assert office.box.mails == []

    del office.box.refusals["*"]
    await office.pass_time(10 * MINUTE)
    told_at = (await office.heard("told_at")).told_at
    [mail] = office.box.mails
    assert (mail["To"], mail["Subject"]) == ("e1@harbour.example", "A conversation is with you")
    assert f"http://gateway{path.removeprefix('/v1')}" in mail.get_content()
    assert told_at is not None
    until = datetime.fromisoformat((await office.monitoring.get(path))["accept_by"])
    assert until == told_at + terms().accept_within

    await office.pass_time(until - MINUTE - office.monitoring.clock.now())
    assert await office.holder(path) == ("assigned", "E-1")
    await office.pass_time(MINUTE + timedelta(seconds=1))
    assert await office.holder(path) == ("assigned", "E-2")
    await office.heard("told_at")
    assert [mail["To"] for mail in office.box.mails] == ["e1@harbour.example", "e2@harbour.example"]
