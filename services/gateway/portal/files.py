"""Style sheets, modules and pictures: served under an address that changes with their content, and kept by browsers."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent
STATIC = HERE / "static"
FOREVER = "public, max-age=31536000, immutable"
VERSION = "v="


@cache
def address_of(name: str) -> str:
    """Return the address of a file of ours, or of `vendor/...`, with a version that changes when the file does."""
    file = HERE / name if name.startswith("vendor/") else STATIC / name
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.exists() else "0"
    return f"/static/{name}?{VERSION}{version}"


class Kept(StaticFiles):
    """Files of which a browser keeps what was asked with its version; without one it asks whether it changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        response = await super().get_response(path, scope)
        versioned = VERSION.encode() in scope["query_string"]
        response.headers["Cache-Control"] = FOREVER if versioned else "no-cache"
        return response
