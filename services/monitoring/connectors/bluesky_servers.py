"""Servers of the Bluesky network, asked by the name of a method (XRPC), and who is who there.

People on the network are ids that stay (DIDs); their handles are names that can change, and that somebody else can
take later. A handle counts only where both ends agree: it leads to the id, and the id's document names it.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from services.monitoring.connectors.client import asked_to_wait, told
from services.monitoring.connectors.protocol import SourceTrouble

LARGEST = 2 * 1024 * 1024
KNOWN = 20_000
"""Ids whose names are remembered."""
OWN_WITHIN = 3.0
"""Seconds that somebody's own server has to say who they are."""
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?")
Answer = dict[str, Any]


class Refused(Exception):  # noqa: N818  an answer of theirs, which may be just what was expected
    """A server said no, in its own word for it."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(f"{error}: {message}")
        self.status = status
        self.error = error
        self.message = message


class Server:
    """One server; `url` is where it answers."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self.url = url.rstrip("/")

    async def ask(self, method: str, **parameters: str) -> Answer:
        """Ask for something that anyone may know."""
        return await self._call("GET", f"{self.url}/xrpc/{method}", params=parameters)

    async def tell(self, method: str, body: Mapping[str, object] | None, token: str | None) -> Answer:
        """Have something done; redirects are not followed, since another server would get the token."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        content = b"" if body is None else orjson.dumps(body)
        if body is not None:
            headers["content-type"] = "application/json"
        return await self._call("POST", f"{self.url}/xrpc/{method}", headers=headers, content=content)

    async def document(self, path: str) -> Answer:
        """Return a JSON document at a path."""
        return await self._call("GET", f"{self.url}/{path}")

    async def _call(self, verb: str, url: str, **more: Any) -> Answer:
        """Raise Refused for what the server refuses, SourceTrouble for what may go well another time."""
        try:
            async with self._client.stream(verb, url, follow_redirects=False, **more) as answer:
                content = await limited(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceTrouble(told(error)) from error
        if (
            answer.status_code == httpx.codes.TOO_MANY_REQUESTS
            or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        ):
            raise SourceTrouble(f"The server answered {answer.status_code}.", retry_after=asked_to_wait(answer))
        said = parsed(content)
        if not answer.is_success:
            raise Refused(answer.status_code, str(said.get("error", answer.status_code)), str(said.get("message", "")))
        return said


async def limited(answer: httpx.Response) -> bytes:
    """Read an answer to its end; raises SourceTrouble when it is too long."""
    content = bytearray()
    async for part in answer.aiter_bytes(65_536):
        content += part
        if len(content) > LARGEST:
            raise SourceTrouble("The answer of the server is too long.")
    return bytes(content)


def parsed(content: bytes) -> Answer:
    """Return an answer's fields, none of what is not an object in JSON."""
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody: their handle as far as both ends agree on it, and the server that their posts live on."""

    did: str
    handle: str | None
    server: str | None

    @property
    def name(self) -> str:
        """What they are called here."""
        return f"@{self.handle}" if self.handle else self.did


class Names:
    """Finds ids by handles and the other way round; what was found is remembered until it changes."""

    def __init__(self, client: httpx.AsyncClient, server: str, directory: str) -> None:
        self._client = client
        self._server = Server(client, server)
        self._directory = Server(client, directory)
        self._known: OrderedDict[str, Identity] = OrderedDict()

    async def did_of(self, handle: str) -> str | None:
        """Return whose handle this is; None if it is nobody's."""
        name = handle.removeprefix("@").casefold()
        if name.startswith("did:"):
            return handle.removeprefix("@")
        try:
            found = (await self._server.ask("com.atproto.identity.resolveHandle", handle=name)).get("did")
        except Refused:
            return None
        return found if isinstance(found, str) else None

    async def identity(self, did: str) -> Identity:
        """Return who an id is; of one that has no document, the id is all there is."""
        if did in self._known:
            self._known.move_to_end(did)
            return self._known[did]
        document = await self._document(did)
        claimed = next((name.removeprefix("at://") for name in document.get("alsoKnownAs", [])), None)
        handle = claimed if claimed and await self.did_of(claimed) == did else None
        found = self._known[did] = Identity(did, handle, server_in(document))
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return found

    def forget(self, did: str) -> None:
        """Look again the next time: the handle may have changed."""
        self._known.pop(did, None)

    async def server_of(self, did: str) -> Server | None:
        """Return the server that somebody's posts live on."""
        url = (await self.identity(did)).server
        return Server(self._client, url) if url else None

    async def _document(self, did: str) -> Answer:
        if did.startswith("did:web:"):
            return await self._own_document(did.removeprefix("did:web:"))
        try:
            return await self._directory.document(quote(did, safe=":"))
        except Refused:
            return {}

    async def _own_document(self, host: str) -> Answer:
        """Return what somebody's own server says of them: one that is slow or broken is nobody else's trouble."""
        if not HOST.fullmatch(host):
            return {}
        try:
            async with asyncio.timeout(OWN_WITHIN):
                return await Server(self._client, f"https://{host}").document(".well-known/did.json")
        except (Refused, SourceTrouble, TimeoutError):
            return {}


def server_in(document: Answer) -> str | None:
    """Return the server that an id's document names."""
    for service in document.get("service", []):
        if str(service.get("id", "")).endswith("#atproto_pds"):
            return str(service.get("serviceEndpoint"))
    return None
