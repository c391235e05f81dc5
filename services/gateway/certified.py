"""How many people are certified, answered from memory before any routing; what is not asked plainly is the owner's.

The owner is also who refuses: what is wrong with a request is said in one place.
"""

from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from services.gateway.read_model.certificates import SLUG, Certificates
from services.gateway.read_model.packed import Unclear
from shared.auth import Principal

STATUSES = "/v1/certificate-statuses"
LONGEST_BODY = 128 * 1024
MOST = 500
JSON = b"application/json"


class Statuses:
    """`POST /v1/certificate-statuses`, as of now."""

    __slots__ = ("_messages", "_receive", "_scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._messages: list[Message] = []

    async def receive(self) -> Message:
        """Say again what was read of the request, then what comes."""
        return self._messages.pop(0) if self._messages else await self._receive()

    async def answer(self, certificates: Certificates, send: Send, principal: Principal) -> bool:
        """Answer; say whether that was possible."""
        asked = plainly_asked(await self._read())
        if asked is None:
            return False
        try:
            body = certificates.statuses(*asked, principal)
        except Unclear:
            return False
        self._scope["forwarded_route"] = STATUSES
        await send_json(send, body, certificates.age())
        return True

    async def _read(self) -> bytes | None:
        """Return the body, or None when it is longer than any that is answered here, or broken off."""
        size = 0
        more = True
        while more and size <= LONGEST_BODY:
            message = await self._receive()
            self._messages.append(message)
            if message["type"] == "http.disconnect":
                return None
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        if more:
            return None
        return b"".join(message.get("body", b"") for message in self._messages)


def asked_of(scope: Scope, receive: Receive) -> Statuses | None:
    """Return what is asked, if it is something that may be answered from memory."""
    if scope["method"] == "POST" and scope["path"] == STATUSES and not scope["query_string"] and is_plain(scope):
        return Statuses(scope, receive)
    return None


def is_plain(scope: Scope) -> bool:
    """Say whether a POST sends JSON and asks for nothing that only the owner can give, as a kept answer."""
    plain = False
    for name, value in scope["headers"]:
        if name == b"content-type":
            plain = value.lower() == JSON
        elif name in {b"idempotency-key", b"prefer", b"content-encoding"}:
            return False
    return plain


def plainly_asked(body: bytes | None) -> tuple[list[str], str | None] | None:
    """Return the employee numbers and the certification that a body asks for, or None where the owner must look at it."""
    try:
        asked: Any = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or not asked.keys() <= {"employee_numbers", "certification", "as_of"}:
        return None
    numbers, certification = asked.get("employee_numbers"), asked.get("certification")
    if asked.get("as_of") is not None or not isinstance(numbers, list) or not 0 < len(numbers) <= MOST:
        return None
    if set(map(type, numbers)) != {str}:
        return None
    if certification is not None and not (isinstance(certification, str) and SLUG.fullmatch(certification)):
        return None
    return numbers, certification


async def send_json(send: Send, body: bytes, age: list[tuple[bytes, bytes]]) -> None:
    """Answer 200 with JSON."""
    headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), *age]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
