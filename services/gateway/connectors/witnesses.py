"""Sends the signed heads of all evidence logs to witnesses outside, for example the works council's own machine.

A witness is named in the settings and not in the database: who could change the logs there could otherwise also end
who watches over them. Each has a mark of its own: what it did not take it is sent again, in order.
"""

import asyncio
import hashlib

import orjson
import structlog

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
ASKING = Principal(id="gateway", scopes=frozenset({"admin:read"}))

log = structlog.get_logger()


class Witnesses:
    """The worker that keeps witnesses up to date, where the gateway's lease is held.

    Raises AddressRefused for a witness at an address that nothing is sent to.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        for url in settings.witnesses:
            parse(url, settings.webhooks_also)

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
                for url in settings.witnesses:
                    try:
                        await self.send(url, evidence, db, settings.clock)
                    except DATABASE_AWAY as error:
                        log.warning("a witness waits", witness=url, error=str(error))
                await asyncio.sleep(settings.witness_every)

    async def send(self, url: str, evidence: Evidence, db: Database, clock: Clock) -> bool:
        """Send a witness all that is new to it, part by part; say whether it took it."""
        mark = f"witness.{hashlib.sha256(url.encode()).hexdigest()}"
        line = Line(url, self._settings.webhooks_also, clock)
        try:
            after = heads_after(await db.read(read_mark, mark))
            while (heads := await evidence.heads(ASKING, after, AT_ONCE)).items:
                attempt = await line.post(message(heads), [])
                if not attempt.arrived:
                    log.warning("a witness took nothing", witness=url, status=attempt.status, error=attempt.error)
                    return False
                after = heads_after(decode_cursor(heads.next_cursor))
                await db.write(write_mark, mark, orjson.dumps(after).decode())
        finally:
            line.close()
        return True


def message(heads: HeadsOut) -> bytes:
    """Return what a witness is sent: the heads, each signed by its service, and the keys of the services."""
    said = {"kind": "shareload.evidence_heads.v1", **heads.model_dump(include={"items", "public_keys"})}
    return orjson.dumps(said)
