"""Sends approved replies on Bluesky, each exactly once.

A reply's address follows from its id. An attempt whose answer never came is repeated with the condition that nothing
stands at the address yet, so whatever happens in between, there is one post.
"""

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.monitoring.connectors.bluesky_frames import POSTS
from services.monitoring.connectors.bluesky_servers import Answer, Names, Refused, Server
from services.monitoring.connectors.protocol import SourceTrouble
from services.monitoring.domain.conversations.sending import Outgoing

DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}']")
EXPIRED = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
LOCKED_OUT = 60.0
"""Seconds after which a password that was refused is tried again."""


class Impossible(Exception):  # noqa: N818  the sentence is shown to whoever looks after the reply
    """A reply cannot be sent, however often it is tried."""


def rkey_of(reply_id: str) -> str:
    """Return the last part of a reply's address: a TID, as posts have, made of the reply's UUIDv7.

    A TID is 53 bits of microseconds and 10 bits that tell clocks apart; ours takes the milliseconds of the UUID and
    20 of its random bits.
    """
    value = UUID(reply_id).int
    microseconds = (value >> 80) * 1000 + (value & 0x3FF) % 1000
    number = microseconds << 10 | value >> 10 & 0x3FF
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """Return what makes the links in a text work; Bluesky counts in bytes."""
    return [
        {
            "index": {
                "byteStart": len(text[: match.start()].encode()),
                "byteEnd": len(text[: match.end()].encode()),
            },
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": match.group()}],
        }
        for match in LINK.finditer(text)
    ]


class Sender:
    """One account that replies are sent from; keeps its session, since signing in is counted."""

    def __init__(self, server: Server, names: Names, account: str, password: str) -> None:
        self._server = server
        self._names = names
        self._account = account
        self._password = password
        self._session: Answer | None = None
        self._lock = asyncio.Lock()
        self._locked_out: float | None = None
        self._no_entry = ""

    async def did(self) -> str:
        """Return the account's id, signing in if need be; raises SourceTrouble."""
        return str((await self._signed_in())["did"])

    async def address(self, reply: Outgoing) -> str:
        """Return the address that a reply has, or will have."""
        return f"at://{await self.did()}/{POSTS}/{rkey_of(reply.id)}"

    async def send(self, reply: Outgoing) -> str:
        """Send a reply unless it stands there already, and return its address.

        Raises Impossible when that can never succeed, SourceTrouble when it may later.
        """
        address = await self.address(reply)
        record = {
            "$type": POSTS,
            "text": reply.text,
            "createdAt": as_told(reply.approved_at),
            "reply": await self._place(reply.answers),
            "facets": facets(reply.text),
            **({"langs": [reply.language]} if reply.language else {}),
        }
        body = {
            "repo": await self.did(),
            "collection": POSTS,
            "rkey": rkey_of(reply.id),
            "record": record,
            "swapRecord": None,
        }
        try:
            await self._tell("com.atproto.repo.putRecord", body)
        except Refused as refused:
            if refused.error != "InvalidSwap":
                raise Impossible(f"Bluesky refuses it: {(refused.message or refused.error).rstrip('.')}.") from refused
            await self._be_there(record, body)
        return address

    async def _be_there(self, record: Answer, body: Answer) -> None:
        """Make sure that what stands at a reply's address is this reply: two of one millisecond may share one."""
        place = {name: body[name] for name in ("repo", "collection", "rkey")}
        try:
            there = (await self._server.ask("com.atproto.repo.getRecord", **place))["value"]
        except Refused as refused:
            raise SourceTrouble("What stands at the reply's address cannot be read.") from refused
        if (there.get("text"), there.get("reply")) != (record["text"], record["reply"]):
            raise Impossible("Another reply stands at this one's address. Write it again.")

    async def _place(self, answers: str) -> dict[str, Any]:
        """Return where in a thread a reply stands: under the customer's message, in the thread that it is in."""
        did, _, rkey = answers.removeprefix("at://").partition(f"/{POSTS}/")
        server = await self._names.server_of(did)
        if server is None:
            raise Impossible("The customer's account is no longer there.")
        try:
            found = await server.ask("com.atproto.repo.getRecord", repo=did, collection=POSTS, rkey=rkey)
        except Refused as refused:
            raise Impossible("The customer's message is no longer there.") from refused
        parent = {"uri": found["uri"], "cid": found["cid"]}
        root = (found["value"].get("reply") or {}).get("root")
        return {"root": root if is_reference(root) else parent, "parent": parent}

    async def _tell(self, method: str, body: dict[str, Any]) -> Answer:
        """Call a method in the account's name, with a new session where the old one is over."""
        session = await self._signed_in()
        try:
            return await self._server.tell(method, body, str(session["accessJwt"]))
        except Refused as refused:
            if refused.error not in EXPIRED:
                raise
        session = await self._signed_in(instead_of=session)
        return await self._server.tell(method, body, str(session["accessJwt"]))

    async def _signed_in(self, instead_of: Answer | None = None) -> Answer:
        """Return the session; in place of one that is over, a new one. Raises SourceTrouble."""
        async with self._lock:
            if self._session is not None and self._session is not instead_of:
                return self._session
            if self._locked_out is not None and time.monotonic() < self._locked_out:
                raise SourceTrouble(self._no_entry)
            self._session = (await self._renewed(instead_of) if instead_of else None) or await self._sign_in()
            return self._session

    async def _renewed(self, session: Answer) -> Answer | None:
        try:
            return await self._server.tell("com.atproto.server.refreshSession", None, str(session["refreshJwt"]))
        except Refused:
            return None

    async def _sign_in(self) -> Answer:
        """Sign in; a password that was refused is not tried again for a while, since attempts are counted."""
        body = {"identifier": self._account.removeprefix("@"), "password": self._password}
        try:
            return await self._server.tell("com.atproto.server.createSession", body, None)
        except Refused as refused:
            self._locked_out = time.monotonic() + LOCKED_OUT
            self._no_entry = f"{self._account} cannot sign in: {refused.message or refused.error}."
            raise SourceTrouble(self._no_entry) from refused


def is_reference(value: object) -> bool:
    """Tell whether something names a post and its content."""
    return isinstance(value, dict) and isinstance(value.get("uri"), str) and isinstance(value.get("cid"), str)


def as_told(at: datetime) -> str:
    """Return a time as the network writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
