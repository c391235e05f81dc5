"""Style sheets, modules and pictures: served under an address that changes with their content, and kept by browsers."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent
STATIC = HERE / "static"
VENDOR = HERE / "vendor"
UNDER = "/static/"
FOREVER = "public, max-age=31536000, immutable"
VERSION = "v="
PACKED = frozenset({".css", ".js", ".svg"})
"""Files that are much smaller packed."""


@cache
def address_of(name: str) -> str:
    """Return the address of a file of ours, or of `vendor/...`, with a version that changes when the file does."""
    file = HERE / name if name.startswith("vendor/") else STATIC / name
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.exists() else "0"
    return f"{UNDER}{name}?{VERSION}{version}"


class Packed(NamedTuple):
    """A file as browsers get it: its headers, those for who has it already, and its bytes as gzip."""

    etag: str
    headers: list[tuple[bytes, bytes]]
    unchanged: list[tuple[bytes, bytes]]
    body: bytes


def find_packed(target: str) -> Packed | None:
    """Return a style sheet, module or picture for who reads gzip, or None where it is not such a file.

    A page brings a dozen of them, and what stands between a request and a file costs far more than the file.
    """
    path, _, query = target.partition("?")
    file = files().get(path)
    if file is None:
        return None
    try:
        changed = file.stat().st_mtime_ns
    except OSError:  # it was there when they were listed: the long way says what became of it
        return None
    return packed_file(file, changed, query.startswith(VERSION))


@cache
def files() -> dict[str, Path]:
    """Return all files that are much smaller packed, by the address that they are asked for under."""
    listed = {f"{UNDER}vendor/{file.relative_to(VENDOR).as_posix()}": file for file in VENDOR.rglob("*")}
    listed |= {f"{UNDER}{file.relative_to(STATIC).as_posix()}": file for file in STATIC.rglob("*")}
    return {address: file for address, file in listed.items() if file.suffix in PACKED and file.is_file()}


@cache
def packed_file(file: Path, changed: int, versioned: bool) -> Packed:
    """Return a file in one state of it, as `Kept` serves it."""
    served = small(FileResponse(file, stat_result=file.stat()))
    served.headers["Vary"] = "Accept-Encoding"
    served.headers["Cache-Control"] = FOREVER if versioned else "no-cache"
    unchanged = [header for header in served.raw_headers if header[0] in {b"etag", b"vary", b"cache-control"}]
    return Packed(served.headers["ETag"], served.raw_headers, unchanged, pack(file, changed))


class Kept(StaticFiles):
    """Files of which a browser keeps what was asked with its version; without one it asks whether it changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        response = await super().get_response(path, scope)
        headers = Headers(scope=scope)
        if isinstance(response, FileResponse) and Path(path).suffix in PACKED and "range" not in headers:
            response = small(response) if takes_packed(headers) else response
            response.headers["Vary"] = "Accept-Encoding"
        versioned = VERSION.encode() in scope["query_string"]
        response.headers["Cache-Control"] = FOREVER if versioned else "no-cache"
        return response


def takes_packed(headers: Headers) -> bool:
    """Tell whether a client reads gzip."""
    asked = [part.replace(" ", "") for part in headers.get("accept-encoding", "").lower().split(",")]
    return any(part.partition(";")[0] == "gzip" and not part.endswith(";q=0") for part in asked)


def small(file: FileResponse) -> Response:
    """Return a file packed; its ETag is weak, as the bytes are others, and is recognised when it comes back."""
    headers = {"ETag": f"W/{file.headers['etag']}", "Last-Modified": file.headers["last-modified"]}
    path = Path(file.path)
    packed = pack(path, path.stat().st_mtime_ns)
    return Response(packed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})


@cache
def pack(path: Path, _changed: int) -> bytes:
    """Return a file packed as small as it gets, once for each state of it."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)
