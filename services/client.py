"""The public REST API as our own commands use it: problems as exceptions, pages as iterators.

It stands on the standard library alone: a command starts at once, and the demonstration's process stays small.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

PATIENCE = 60.0
"""How long an answer may take to begin or to go on, in seconds; `wait` and a heartbeat of events are well below."""


class RefusedError(Exception):
    """The platform did not do what was asked; the message is the problem's title and detail."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        faults = "".join(f"\n  {fault['pointer']}: {fault['detail']}" for fault in problem.get("errors") or [])
        super().__init__(f"{status} {problem.get('title', '')} {problem.get('detail') or ''}{faults}".strip())


class UnreachableError(Exception):
    """The platform gave no whole answer: it is away, or the way to it is."""


class NowhereError(Exception):
    """There is no platform to talk to: no address or key was given, and none is found in the data folder."""


@dataclass(frozen=True)
class Place:
    """Where the platform is, and the key that opens it."""

    url: str
    api_key: str

    @classmethod
    def find(cls, url: str | None, api_key: str | None, data_dir: Path) -> "Place":
        """Take what is given, and the rest from the run.json of a platform that runs on `data_dir`.

        Raises NowhereError when something is still missing.
        """
        run_file = data_dir / "run.json"
        found = json.loads(run_file.read_text()) if (url is None or api_key is None) and run_file.exists() else {}
        url, api_key = url or found.get("url"), api_key or found.get("api_key")
        if url is None or api_key is None:
            raise NowhereError(
                f"No platform runs on {data_dir} (there is no {run_file}). "
                "Start it with `make run`, or set SHARELOAD_URL and SHARELOAD_API_KEY."
            )
        return cls(url.rstrip("/"), api_key)


class Api:
    """The gateway of a platform.

    All methods raise RefusedError for an answer that is not 2xx, and UnreachableError where none comes.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._opener = opener(secure=place.url.startswith("https:"))

    def __enter__(self) -> Self:
        """Begin to talk to the platform."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what the connections stood on."""
        self._opener.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Read a resource."""
        return self._json("GET", path, query=query)

    def post(self, path: str, body: object, *, key: str | None = None, wait: int | None = None, **query: str) -> Any:
        """Write; with the Idempotency-Key `key` only once, and with `wait` answered when all that follows has happened."""
        headers = {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if wait is not None:
            headers["Prefer"] = f"wait={wait}"
        return self._json("POST", path, body, headers, query)

    def put(self, path: str, body: object) -> Any:
        """Replace a resource."""
        return self._json("PUT", path, body)

    def delete(self, path: str) -> None:
        """Remove a resource, or end it."""
        self._json("DELETE", path)

    def upload(self, path: str, content: bytes, kind: str, **query: str) -> bytes:
        """Send a file's content and return the answer's, which may be more than one JSON value."""
        headers = {"Content-Type": kind, "Prefer": "wait=10"}
        return self._whole(self._request("POST", path, content, headers, query))

    def download(self, path: str) -> bytes:
        """Read a file."""
        return self._whole(self._request("GET", path, None, {}, {}))

    def all(self, path: str, **query: str | int) -> Iterator[Any]:
        """Read a list to its end, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def lines(self, path: str, kind: str, **query: str) -> Iterator[str]:
        """Read an answer of the media type `kind` line by line, as it comes."""
        request = self._request("GET", path, None, {"Accept": kind}, query)
        with whole_or_unreachable(), self._ask(request) as response:
            for line in response:
                yield line.decode().rstrip("\r\n")

    def _json(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        """Send JSON, if there is a body, and return the JSON of the answer."""
        content = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        answer = self._whole(self._request(method, path, content, kind | dict(headers or {}), query or {}))
        return json.loads(answer) if answer else None

    def _request(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], query: Mapping[str, str | int]
    ) -> Request:
        """Return a request with the key."""
        url = f"{self.place.url}{path}" + (f"?{urlencode(query)}" if query else "")
        # Schemes other than HTTP have no handler in our opener.
        return Request(  # noqa: S310
            url, content, {"Authorization": f"Bearer {self.place.api_key}", **headers}, method=method
        )

    def _whole(self, request: Request) -> bytes:
        """Send a request and return the content of the answer."""
        with whole_or_unreachable(), self._ask(request) as response:
            return response.read()

    def _ask(self, request: Request) -> HTTPResponse:
        """Send a request and return the answer, whose content is still to be read."""
        try:
            answer: HTTPResponse = self._opener.open(request, timeout=PATIENCE)
        except HTTPError as refused:
            with refused:
                raise RefusedError(refused.status or 0, problem_of(refused)) from None
        return answer


@contextmanager
def whole_or_unreachable() -> Iterator[None]:
    """Raise UnreachableError for whatever goes wrong on the way."""
    try:
        yield
    except URLError as error:
        raise UnreachableError(str(error.reason)) from error
    except (OSError, HTTPException) as error:
        raise UnreachableError(str(error) or type(error).__name__) from error


def opener(*, secure: bool) -> OpenerDirector:
    """Return what opens HTTP addresses, through the environment's proxies as curl does.

    It follows no redirect, as the key is for this one platform.
    """
    made = OpenerDirector()
    for handler in (ProxyHandler, HTTPHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor, UnknownHandler):
        made.add_handler(handler())
    if secure:
        # It reads the system's certificates, which is much for a conversation that needs none.
        made.add_handler(HTTPSHandler())
    return made


def problem_of(refused: HTTPError) -> dict[str, Any]:
    """Return the problem of an answer, or its first line as the title of one."""
    content = refused.read()
    if refused.headers.get("Content-Type", "").startswith("application/problem+json"):
        problem: dict[str, Any] = json.loads(content)
        return problem
    return {"title": "".join(content.decode(errors="replace").splitlines()[:1])}
