"""GET /v1/events: Server-Sent Events that resume exactly, and the same as bounded NDJSON pages."""

import asyncio
import time
from urllib.parse import parse_qs

import orjson
from starlette.types import Receive, Scope, Send

from services.gateway.domain import event_log
from services.gateway.domain.credentials import Credential
from services.gateway.domain.event_log import SNAPSHOTS, Cursor, Extent
from services.gateway.keyring import Keyring
from services.gateway.stream.frames import Frame, Types, View, types_of, view_of
from services.gateway.stream.hub import STRETCH, Client, Hub
from shared.auth import Principal
from shared.db import Database, Session
from shared.problems import FieldError, Forbidden, Invalid, Problem

NDJSON = "application/x-ndjson"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
LONGEST_TYPES = 1000
START = "start"
"""A cursor word: from the oldest event that the log holds."""
SCANNED = 10_000
"""Events that one NDJSON page looks at, at most."""


class LimitedKey(Forbidden):
    """A key that is limited to departments cannot read the events of all."""


class CursorGone(Problem):
    """The log no longer reaches back to this cursor; read the snapshots, then go on from the cursor given here."""

    status = 410


def place(extent: Extent, cursor: Cursor | None) -> Cursor | None:
    """Return where a reader goes on, or None when it may have missed events."""
    if cursor is None or cursor.epoch != extent.epoch:
        return None
    return cursor if extent.before_oldest <= cursor.position <= extent.newest else None


async def serve_events(
    hub: Hub, db: Database, keyring: Keyring, scope: Scope, receive: Receive, send: Send, principal: Principal
) -> None:
    """Answer with Server-Sent Events; raises Forbidden, LimitedKey or Invalid."""
    if not principal.has("events:read"):
        raise Forbidden("This needs the scope events:read.")
    refuse_limited(principal)
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    types, after = asked.get("types", [""])[0], asked.get("after", [None])[0]
    last = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"), None)
    if len(types) > LONGEST_TYPES:
        raise Invalid("Too many types.", errors=[FieldError(pointer="?types", detail="is too long")])
    text = last or after
    extent = await db.read(event_log.extent)
    now = Cursor(hub.epoch, hub.position)
    oldest = Cursor(extent.epoch, extent.before_oldest)
    start = now if text is None else oldest if text == START else place(extent, Cursor.read(text))
    client = Client(start or now, view_of(principal), types_of(types))
    credential: Credential | None = scope.get("credential")
    stream = EventStream(hub, db, keyring, client, credential.secret_hash if credential else None)
    await stream.run(receive, send, None if start else "cursor")


def refuse_limited(principal: Principal) -> None:
    """Raise LimitedKey for a key that may see some departments only."""
    if principal.departments is not None:
        raise LimitedKey


class EventStream:
    """The answer that never ends: raw ASGI and few objects, since a thousand of them are open at once."""

    __slots__ = ("_client", "_db", "_hub", "_keyring", "_secret_hash")

    def __init__(self, hub: Hub, db: Database, keyring: Keyring, client: Client, secret_hash: str | None) -> None:
        self._hub = hub
        self._db = db
        self._keyring = keyring
        self._client = client
        self._secret_hash = secret_hash

    async def run(self, receive: Receive, send: Send, reason: str | None) -> None:
        """Send what the client has not seen, then what comes, until it hangs up or its credentials end."""
        client = self._client
        client.task = asyncio.current_task()
        listening = asyncio.create_task(hung_up(receive))
        listening.add_done_callback(client.leave)
        self._hub.add(client)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._push(send, b"retry: 1000\n\n" if reason is None else resync(reason, client))
            await self._follow(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._hub.remove(client)
            listening.cancel()

    def _valid(self) -> bool:
        return self._secret_hash is None or self._keyring.current(self._secret_hash) is not None

    async def _follow(self, send: Send) -> None:
        client, hub = self._client, self._hub
        # Once all until now is sent, a first heartbeat says so, and from where to go on before anything happened.
        beats = hub.beats - 1
        while not client.gone:
            if client.epoch != hub.epoch:
                client.epoch, client.position = hub.epoch, hub.position
                await self._push(send, resync("epoch", client))
            body, position = hub.next(client) if hub.holds(client.position) else await self._read_on()
            moved, client.position = position > client.position, position
            if body:
                await self._push(send, body)
            elif hub.beats != beats:
                beats = hub.beats
                if not self._valid():
                    return
                await self._push(send, f": heartbeat\nid: {Cursor(client.epoch, client.position)}\n\n".encode())
            elif not moved and not client.gone:
                client.waiting = asyncio.get_running_loop().create_future()
                await client.waiting

    async def _read_on(self) -> tuple[bytes, int]:
        client = self._client
        rows = await self._db.read(event_log.after, client.position, STRETCH)
        if not rows:
            return b"", self._hub.position
        frames = [Frame(client.epoch, row) for row in rows]
        return b"".join(frame.sse(client.view) for frame in frames if client.types.want(frame.type)), rows[-1].position

    async def _push(self, send: Send, body: bytes) -> None:
        self._client.sending_since = time.monotonic()
        await send({"type": "http.response.body", "body": body, "more_body": True})
        self._client.sending_since = None


async def hung_up(receive: Receive) -> None:
    """Return once the other side has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def resync(reason: str, client: Client) -> bytes:
    """Return the event that tells a reader to load the snapshots and go on from here."""
    cursor = str(Cursor(client.epoch, client.position))
    data = orjson.dumps({"reason": reason, "cursor": cursor, "snapshots": SNAPSHOTS}).decode()
    return f"id: {cursor}\nevent: resync\ndata: {data}\n\n".encode()


def read_page(session: Session, text: str | None, limit: int, view: View, types: Types) -> tuple[bytes, str]:
    """Return up to `limit` events after a cursor as NDJSON, and the cursor after them; raises CursorGone."""
    extent = event_log.extent(session)
    cursor = (
        Cursor(extent.epoch, extent.before_oldest) if text in {None, START} else place(extent, Cursor.read(text or ""))
    )
    if cursor is None:
        now = str(Cursor(extent.epoch, extent.newest))
        raise CursorGone(extra={"cursor": now, "snapshots": SNAPSHOTS})
    lines: list[bytes] = []
    position = cursor.position
    while len(lines) < limit and position < min(extent.newest, cursor.position + SCANNED):
        for row in event_log.after(session, position, STRETCH):
            position = row.position
            if types.want(row.type):
                lines.append(Frame(extent.epoch, row).line(view))
                if len(lines) == limit:
                    break
    return b"".join(line + b"\n" for line in lines), str(Cursor(extent.epoch, position))
