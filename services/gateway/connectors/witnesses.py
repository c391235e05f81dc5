"""Sends the signed heads of all evidence logs to witnesses outside: the works council's own machine, or its mailbox.

A witness is named in the settings and not in the database: who could change the logs there could otherwise also end
who watches over them. Each has a mark of its own: what it did not take it is sent again, in order.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import orjson
import structlog

from services.gateway.connectors import mail
from services.gateway.connectors.mail import MailServerAwayError, RefusedError
from services.gateway.connectors.post import Line
from services.gateway.domain.webhooks.addresses import parse
from services.gateway.evidence.gathering import Evidence, HeadsOut, heads_after
from services.gateway.forward import Forwarder
from services.gateway.settings import GatewaySettings
from shared.auth import Principal, TokenSigner
from shared.bus import Bus
from shared.clock import Clock
from shared.db import Database
from shared.evidence import Sealer
from shared.marks import read_mark, write_mark
from shared.pages import decode_cursor
from shared.tasks import DATABASE_AWAY

AT_ONCE = 200
"""Heads of each service in one message."""
BY_MAIL_AT_ONCE = 1000
BY_MAIL_EVERY = timedelta(hours=1)
"""Heads come every second, and somebody has to keep these letters."""
MAILTO = "mailto"
LETTER = """This letter has the signed heads of Shareload's evidence logs that are new since the last one. Keep it where
nobody who runs Shareload can delete it. Nothing in it says anything of anybody.

To compare what you kept with the logs as they are, write all attachments one after another into a file, and give it to
"shareload audit verify --heads FILE".
"""
ASKING = Principal(id="gateway", scopes=frozenset({"admin:read"}))

HandOver = Callable[[HeadsOut], Awaitable[str | None]]
"""Gives heads to a witness, and says why it did not take them, if it did not."""

log = structlog.get_logger()


class Witnesses:
    """The worker that keeps witnesses up to date, where the gateway's lease is held.

    Raises AddressRefused for a witness at an address that nothing is sent to, and ValueError for one that is to be
    written to where there is no mail server.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._written_at: dict[str, datetime] = {}
        for url in settings.witnesses:
            if urlsplit(url).scheme != MAILTO:
                parse(url, settings.webhooks_also)
            elif settings.smtp_url is None or not mail.is_address(mailbox(url)):
                raise ValueError(f"the witness {url} needs smtp_url, and to be an e-mail address")

    async def run(self, db: Database, _bus: Bus) -> None:
        """Send what is new until cancelled."""
        settings = self._settings
        if not settings.witnesses:
            await asyncio.Event().wait()
        sealer = Sealer("gateway", settings.evidence_key or settings.data_dir / "evidence-gateway.json")
        signer = TokenSigner(settings.signing_key)
        async with Forwarder(settings.services, signer, settings.answer_timeout, settings.max_body) as forwarder:
            evidence = Evidence(forwarder, db, sealer.public_key().public_bytes_raw().hex())
            while True:
                for url in self.due(settings.clock):
                    try:
                        await self.send(url, evidence, db, settings.clock)
                    except DATABASE_AWAY as error:
                        log.warning("a witness waits", witness=url, error=str(error))
                await asyncio.sleep(settings.witness_every)

    def due(self, clock: Clock) -> list[str]:
        """Return who is told now: whoever is written to, once an hour."""
        before = clock.now() - BY_MAIL_EVERY
        waiting = {url for url, at in self._written_at.items() if at > before}
        return [url for url in self._settings.witnesses if url not in waiting]

    async def send(self, url: str, evidence: Evidence, db: Database, clock: Clock) -> bool:
        """Send a witness all that is new to it, part by part; say whether it took it."""
        if urlsplit(url).scheme == MAILTO:
            taken = await self._deliver(
                url, evidence, db, BY_MAIL_AT_ONCE, lambda heads: self._write(url, heads, clock)
            )
            if taken:
                self._written_at[url] = clock.now()
            return taken
        line = Line(url, self._settings.webhooks_also, clock)
        try:
            return await self._deliver(url, evidence, db, AT_ONCE, lambda heads: post(line, heads))
        finally:
            line.close()

    async def _deliver(self, url: str, evidence: Evidence, db: Database, at_once: int, hand_over: HandOver) -> bool:
        """Hand a witness over what is new to it, and note how far it has come."""
        mark = f"witness.{hashlib.sha256(url.encode()).hexdigest()}"
        after = heads_after(await db.read(read_mark, mark))
        while (heads := await evidence.heads(ASKING, after, at_once)).items:
            refusal = await hand_over(heads)
            if refusal is not None:
                log.warning("a witness took nothing", witness=url, error=refusal)
                return False
            after = heads_after(decode_cursor(heads.next_cursor))
            await db.write(write_mark, mark, orjson.dumps(after).decode())
        return True

    async def _write(self, url: str, heads: HeadsOut, clock: Clock) -> str | None:
        """Write a letter to a witness; say why the mail server did not take it, if it did not."""
        server = self._settings.smtp_url.get_secret_value() if self._settings.smtp_url else ""
        try:
            async with mail.connected(server) as client:
                await mail.send(client, letter(mailbox(url), self._settings, heads, clock))
        except (MailServerAwayError, RefusedError) as error:
            return str(error)
        return None


async def post(line: Line, heads: HeadsOut) -> str | None:
    """Post heads to a witness; say why it did not take them, if it did not."""
    attempt = await line.post(message(heads), [])
    return None if attempt.arrived else attempt.error or f"it answered {attempt.status}"


def mailbox(url: str) -> str:
    """Return the address that a `mailto:` names."""
    return unquote(urlsplit(url).path)


def letter(address: str, settings: GatewaySettings, heads: HeadsOut, clock: Clock) -> EmailMessage:
    """Return heads as an e-mail with what a witness is posted attached, as one line of a file.

    Its Message-ID is made of what is in it: a letter that is sent again is the same one.
    """
    content = message(heads) + b"\n"
    written = EmailMessage()
    written["From"], written["To"] = settings.smtp_from, address
    written["Subject"] = "Signed heads of Shareload's evidence"
    written["Date"] = format_datetime(clock.now())
    written["Message-ID"] = f"<{hashlib.sha256(content).hexdigest()}@{urlsplit(settings.public_url).hostname}>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(LETTER)
    written.add_attachment(content, maintype="application", subtype="x-ndjson", filename="heads.jsonl")
    return written


def message(heads: HeadsOut) -> bytes:
    """Return what a witness is sent: the heads, each signed by its service, and the keys of the services."""
    said = {"kind": "shareload.evidence_heads.v1", **heads.model_dump(include={"items", "public_keys"})}
    return orjson.dumps(said)
