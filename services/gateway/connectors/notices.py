"""Sends people what they should know, by e-mail and in their chats, where the gateway's lease is held.

Each message is noted as soon as it was taken: a process that dies in between sends one message once more, under the
same id, and loses none.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from services.gateway.connectors import chats, mail
from services.gateway.connectors.chats import ChatRefusedError
from services.gateway.connectors.mail import MailServerAwayError, RefusedError
from services.gateway.domain.notices import outgoing, unsubscribing
from services.gateway.domain.notices.outgoing import Outgoing
from services.gateway.domain.notices.preferences import Terms
from services.gateway.domain.webhooks.addresses import AddressRefused
from services.gateway.settings import GatewaySettings
from shared.bus import Bus
from shared.db import Database
from shared.safe import KeyFileLost, Safe
from shared.tasks import AGAIN, DATABASE_AWAY, end

if TYPE_CHECKING:
    from aiosmtplib import SMTP

LOOK = 1.0
"""Seconds between looks for what is due."""
CHATS_AT_ONCE = 20
UNSUBSCRIBE = "/notices/unsubscribe/"

log = structlog.get_logger()


class Notices:
    """The worker, and what routes need of it."""

    def __init__(self, settings: GatewaySettings) -> None:
        safe = Safe(settings.webhook_key or settings.data_dir / "webhook-secrets.json", "notices")
        self._url = settings.smtp_url.get_secret_value() if settings.smtp_url else ""
        self._settings = settings
        self._portal = settings.public_url.rstrip("/")
        self._woken = asyncio.Event()
        self._places = asyncio.Semaphore(CHATS_AT_ONCE)
        self.terms = Terms(safe, settings.webhooks_also, settings.notice_zone, bool(self._url))

    def wake(self) -> None:
        """Look at what is due now."""
        self._woken.set()

    async def run(self, db: Database, _bus: Bus) -> None:
        """Send until cancelled: a worker of the gateway."""
        going: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                self._woken.clear()
                try:
                    self._reap(going)
                    if await db.read(outgoing.anything):
                        self._begin(await db.write(outgoing.work, self.terms), going, db)
                except DATABASE_AWAY as error:
                    log.warning("the database is away", error=str(error))
                    await asyncio.sleep(AGAIN)
                try:
                    async with asyncio.timeout(LOOK):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            await end(*going.values())

    def _begin(self, due: Sequence[Outgoing], going: dict[str, asyncio.Task[None]], db: Database) -> None:
        """Begin to send, beside what is under way: a chat that hangs holds up nobody, nor does a slow mail server."""
        mails = [one for one in due if one.channel == "email"]
        if mails and "email" not in going:
            going["email"] = asyncio.create_task(self._send_mails(mails, db), name="notices by e-mail")
            # What became due meanwhile, or is left of many, follows at once.
            going["email"].add_done_callback(lambda _done: self.wake())
        for one in due:
            if one.channel == "chat" and one.id not in going:
                going[one.id] = asyncio.create_task(self._post(one, db), name=f"notice {one.id}")

    def _reap(self, going: dict[str, asyncio.Task[None]]) -> None:
        for name in [name for name, task in going.items() if task.done()]:
            going.pop(name).result()

    async def _send_mails(self, due: Sequence[Outgoing], db: Database) -> None:
        left = list(due)
        try:
            async with mail.connected(self._url) as client:
                while left:
                    await self._send_mail(client, left[0], db)
                    left.pop(0)
        except MailServerAwayError as error:
            log.warning("no notices by e-mail for now", error=str(error), waiting=len(left))
            for one in left:
                await db.write(outgoing.refused, one.id, str(error))

    async def _send_mail(self, client: "SMTP", one: Outgoing, db: Database) -> None:
        stop = f"{self._portal}{UNSUBSCRIBE}{unsubscribing.token_for(one.person, self.terms.safe)}"
        try:
            message = mail.compose(one, self._settings.smtp_from, self._portal, stop, self._settings.clock)
            await mail.send(client, message)
        except RefusedError as error:
            await db.write(partial(outgoing.refused, for_good=error.for_good), one.id, str(error))
        except ValueError:
            await db.write(partial(outgoing.refused, for_good=True), one.id, "no e-mail address")
        else:
            await db.write(outgoing.sent, one)

    async def _post(self, one: Outgoing, db: Database) -> None:
        async with self._places:
            try:
                await chats.post(one, self._portal, self.terms, self._settings.clock)
            except ChatRefusedError as error:
                await db.write(partial(outgoing.refused, for_good=error.for_good), one.id, str(error))
            except (AddressRefused, KeyFileLost) as problem:
                await db.write(outgoing.refused, one.id, problem.title())
            else:
                await db.write(outgoing.sent, one)
