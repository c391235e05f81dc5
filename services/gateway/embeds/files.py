"""`/components/...`: the web components, and the scripts and styles of a frame, for pages of any origin.

All files have the hash of them all in their path and never change there; `/components/shareload.js` leads to the ones
of now.
"""

import hashlib
from pathlib import Path

import orjson
from starlette.types import Scope, Send

from services.gateway.embeds import phrases
from shared.problems import NotFound

FOLDER = Path(__file__).parent / "components"
PREFIX = "/components/"
ENTRY = "shareload.js"
KINDS = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
FOREVER = b"public, max-age=31536000, immutable"
ASKED_AGAIN = b"public, no-cache"

Headers = list[tuple[bytes, bytes]]


class Files:
    """The files, read once."""

    def __init__(self) -> None:
        contents = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}
        contents["phrases.js"] = as_module(phrases.spoken())
        contents["styles.js"] = as_module((contents["policy.css"] + contents["parts.css"]).decode())
        self._version = hashlib.sha256(b"\0".join(contents[name] for name in sorted(contents))).hexdigest()[:16]
        self._contents = contents
        self._entry = f'export * from "./{self._version}/{ENTRY}";\n'.encode()

    def path_of(self, name: str) -> str:
        """Return where a file stands that never changes there."""
        return f"{PREFIX}{self._version}/{name}"

    async def serve(self, scope: Scope, send: Send) -> None:
        """Answer with a file; raises NotFound."""
        version, _, name = scope["path"].removeprefix(PREFIX).rpartition("/")
        body = self._entry if (version, name) == ("", ENTRY) else self._contents.get(name)
        if body is None or "/" in version or (version == "" and name != ENTRY):
            raise NotFound("There is no such file; pages load /components/shareload.js.")
        # A page that was made before an update asks for the files of then; it gets those of now, but not for good.
        lasting = version == self._version
        headers: Headers = [
            (b"content-type", KINDS[name[name.rindex(".") :]]),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", FOREVER if lasting else ASKED_AGAIN),
            (b"etag", f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def as_module(value: object) -> bytes:
    """Return a value as a JavaScript module."""
    return b"export default " + orjson.dumps(value) + b";\n"
